import assert from "node:assert/strict";
import { join } from "node:path";
import { exec } from "../common/exec.ts";
import { exists } from "../common/files.ts";
import { waitFor } from "../common/time.ts";
import { ownEngine } from "../local/docker/own_engine.ts";
import { ensureGiteaProgram } from "../local/gitea/gitea.ts";
import { isRoot } from "../local/host/host.ts";
import { pathsFromEnvironment } from "../local/host/paths.ts";
import { silentProgress } from "../local/host/progress.ts";
import { stackForRuns } from "./harness_cli.ts";
import { difference, engineAnswers, inventory } from "./inventory.ts";
import { onRealServices } from "./scene.ts";
import { pushOfficialImages } from "./testing/official_images.ts";
import { Registry } from "./testing/registry.ts";

const root = new URL("..", import.meta.url).pathname;

interface DemoAnswer {
  result: string;
  stage: string | null;
  cause: string | null;
  level: number;
  stages: { name: string; result: string; seconds: number; cause: string | null }[];
  urls: { pr: string; run: string; badge: string };
  comment: string;
  surprises: string[];
}

/** Another machine than this one is. */
interface Elsewhere {
  /** Cache folder of its stack. */
  cache: string;
  /** What stands in the place of `/etc/docker`. */
  engineSettings: string;
}

interface Surroundings {
  elsewhere?: Elsewhere;
  /** Bundles that the stack starts in the place of the checkout's programs. */
  bundles?: Bundles;
  /** The demo is played on a stack that the host's own program has brought up. */
  likeProduction?: boolean;
}

/** Our programs as one file each, and which of them have been seen at work without any library of the checkout's. */
class Bundles implements AsyncDisposable {
  readonly seen = new Set<string>();

  private constructor(readonly folder: string) {}

  static async make(): Promise<Bundles> {
    const folder = await Deno.makeTempDir({ prefix: "cc-ci-bundles-" });
    await Deno.chmod(folder, 0o755); // tests of recipes read their enrolment there, as another user
    const made = await exec([`${root}cc-ci`, "bundle", folder], { timeoutMs: 300_000 });
    assert.ok(made.success, made.stderr);
    return new Bundles(folder);
  }

  /** Looks at all processes. */
  look(): void {
    for (const { name } of Deno.readDirSync("/proc")) {
      const argv = textOf(`/proc/${name}/cmdline`).split("\0");
      const program = argv.find((word) => word.startsWith(`${this.folder}/`) && word.endsWith(".js"));
      if (program === undefined) continue;
      const cache = /(?:^|\0)DENO_DIR=([^\0]+)/.exec(textOf(`/proc/${name}/environ`))?.[1];
      if (cache !== undefined && isEmpty(join(cache, "npm"))) { // Deno makes that folder in any case
        this.seen.add(program.slice(this.folder.length + 1));
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** Puts a folder in the place of `/etc/docker`, which nobody sees except what is started after that. */
const WITH_SETTINGS = 'mkdir -p /etc/docker && mount --bind "$1" /etc/docker && shift && exec "$@"';

/** Text of a file that may be gone. */
function textOf(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return "";
  }
}

function isEmpty(folder: string): boolean {
  try {
    return Deno.readDirSync(folder).next().done === true;
  } catch {
    return true;
  }
}

/** Runs a command of the README and returns what it ended with. */
async function ccci(args: string[], { elsewhere, bundles }: Surroundings = {}) {
  const command = [`${root}cc-ci`, ...args];
  const argv = elsewhere === undefined
    ? command
    : ["unshare", "--mount", "sh", "-c", WITH_SETTINGS, "sh", elsewhere.engineSettings, ...command];
  return await exec(argv, {
    cwd: root,
    timeoutMs: 30 * 60_000,
    env: {
      ...elsewhere === undefined ? {} : { CCCI_CACHE: elsewhere.cache },
      ...bundles === undefined ? {} : { CCCI_PROGRAMS: bundles.folder },
    },
    onOutput: (chunk, stream) => {
      if (stream === "stderr") Deno.stderr.writeSync(chunk);
      bundles?.look();
    },
  });
}

/** What Docker holds once the stack is down and nothing comes or goes any more; an engine of ours is gone altogether. */
async function restingState(): Promise<string[] | "no engine"> {
  if (!await engineAnswers()) return "no engine";
  let last: string[] = [];
  return await waitFor(async () => {
    const before = last;
    last = await inventory();
    return difference(before, last).length === 0 ? last : undefined;
  }, { what: "Docker to be at rest", timeoutMs: 180_000, everyMs: 1_000 });
}

/** What is not as it was. */
function changed(before: string[] | "no engine", after: string[] | "no engine"): string[] {
  if (before === "no engine" || after === "no engine") {
    return before === after ? [] : [`${before} before, ${after} after`];
  }
  return difference(before, after);
}

async function playDemo(
  args: string[] = [],
  around: Surroundings = {},
): Promise<{ code: number; answer: DemoAnswer; steps: string[] }> {
  assert.equal((await ccci(["down"])).code, 0);
  const before = await restingState();
  const { likeProduction = false } = around;
  if (likeProduction) assert.equal((await ccci(["up", "--like-production"])).code, 0);
  const ended = await ccci(["demo", "--once", "--json", ...args], around);
  const lines = ended.stdout.trimEnd().split("\n");
  assert.equal(lines.length, 1, "standard output must hold the JSON object and nothing else");
  // What was up before a demo stays up after it.
  if (likeProduction) assert.equal((await ccci(["down"])).code, 0);
  assert.deepEqual(changed(before, await restingState()), [], "the demo must leave nothing behind");
  const [, report = "", after = ""] = /^Report +(.*)$([^]*)/m.exec(ended.stderr) ?? [];
  assert.ok(await exists(report), `the report of the run stays: ${report}`);
  if (!likeProduction) assert.doesNotMatch(after, /https?:/, "the last words name no address that is gone");
  const steps = [...ended.stderr.matchAll(/^✓ (.*) \([^)]*\)$/gm)].map(([, step = ""]) => step);
  return { code: ended.code, answer: JSON.parse(lines[0] ?? ""), steps };
}

/** Fails unless a demo ended with a run that passed, and a comment that says so. */
function assertPassed({ code, answer }: { code: number; answer: DemoAnswer }, bundles: Bundles): void {
  assert.deepEqual([...bundles.seen].toSorted(), ["bridge.js", "dashboard.js", "harness.js"]);
  assert.deepEqual(answer.surprises, []);
  assert.equal(code, 0);
  assert.equal(answer.result, "passed");
  assert.equal(answer.level, 5);
  assert.deepEqual(answer.stages.map(({ name, result }) => [name, result]), [
    ["fetch", "passed"],
    ["lint", "passed"],
    ["images", "passed"],
    ["install", "passed"],
    ["backup", "passed"],
    ["restore", "passed"],
    ["tests", "passed"],
    ["upgrade", "passed"],
    ["teardown", "passed"],
  ]);
  const timed = answer.stages.filter(({ name }) => name !== "images"); // they were made before the run
  assert.ok(timed.every((stage) => stage.seconds > 0), "every stage takes time");
  assert.match(answer.comment, /✅.*custom-html.*passed/);
  assert.ok(answer.comment.includes(answer.urls.run), "the comment links to the run");
}

/** Why no demo can be played here with an engine and a registry of its own; null where one can. */
const needsOther = !isRoot()
  ? "it starts a Docker Engine, which needs root"
  : await engineAnswers() && ownEngine(pathsFromEnvironment()) === undefined
  ? "Docker here was not started by this project, and has mirrors of its own"
  : null;

onRealServices(
  "demo --break ends with the upgrade found out as losing data, where it can on a stack like production",
  async () => {
    const { code, answer } = await playDemo(["--break"], { likeProduction: needsOther === null });
    assert.deepEqual(answer.surprises, []);
    assert.equal(code, 0);
    assert.equal(answer.result, "failed");
    assert.equal(answer.stage, "upgrade");
    assert.match(answer.cause ?? "", /data written before the upgrade is gone/);
    assert.match(answer.comment, /❌.*upgrade.*data written before the upgrade is gone/);
    const teardown = answer.stages.find((stage) => stage.name === "teardown");
    assert.equal(teardown?.result, "passed");
  },
);

onRealServices(
  "demo --once of bundles from an empty cache takes from a registry what that has, ends with a passed run and leaves nothing",
  async () => {
    const { paths } = await stackForRuns();
    const { signal } = new AbortController();
    const gitea = await ensureGiteaProgram({ paths, progress: silentProgress, signal });
    const folder = await Deno.makeTempDir({ prefix: "cc-ci-pulled-" });
    await Deno.chmod(folder, 0o711); // as a home folder, which the browser's user may pass
    try {
      await using registry = await Registry.start({ folder });
      await pushOfficialImages(registry.host, { paths, gitea, folder });
      const elsewhere = { cache: join(folder, "cache"), engineSettings: join(folder, "etc") };
      await Deno.mkdir(elsewhere.engineSettings);
      const settings = { "registry-mirrors": [`http://${registry.host}`] };
      await Deno.writeTextFile(join(elsewhere.engineSettings, "daemon.json"), JSON.stringify(settings));
      // Official Giteas hold their pages in themselves, and what was built here does not: it finds them where it works.
      const { staticRoot } = gitea;
      const work = join(elsewhere.cache, "state", "gitea");
      await Deno.mkdir(work, { recursive: true });
      for (const name of staticRoot === undefined ? [] : ["templates", "options", "public"]) {
        await Deno.symlink(join(staticRoot ?? "", name), join(work, name));
      }
      await using bundles = await Bundles.make();
      const played = await playDemo(["--engine", "local"], { elsewhere, bundles });
      assertPassed(played, bundles);
      assert.deepEqual(
        played.steps.filter((step) => /^(Pull (?!request)|Build|Make)/.test(step)).toSorted(),
        [
          "Build image localhost/cc-ci/backup-bot:0.14.0 (about 15 s)",
          ...(Deno.env.get("CCCI_DOCKERD") ? [] : ["Pull Docker Engine"]),
          "Pull Gitea",
          "Pull Traefik's image",
          "Pull image debian:bookworm-20260824-slim",
          "Pull image nginx:1.22.1",
        ],
      );
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
  needsOther,
);

if (needsOther !== null) {
  onRealServices(
    "demo --once of bundles ends with a passed run and a comment that says so, and leaves nothing behind",
    async () => {
      await using bundles = await Bundles.make();
      assertPassed(await playDemo(["--engine", "local"], { bundles }), bundles);
    },
  );
}
