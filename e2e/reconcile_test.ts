import assert from "node:assert/strict";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { runCommandOk } from "../common/command.ts";
import { exec, execOk } from "../common/exec.ts";
import { waitFor } from "../common/time.ts";
import { issue } from "../host/testing/certificates.ts";
import { startCommand } from "../programs/start.ts";
import { isRoot } from "../local/host/host.ts";
import { pathsFromEnvironment } from "../local/host/paths.ts";
import { silentProgress } from "../local/host/progress.ts";
import { ensureTraefikProgram } from "../local/traefik/traefik_image.ts";
import { findAbra } from "../local/stack/stack.ts";
import { copyTree } from "./testing/copy_tree.ts";
import { onRealServices } from "./scene.ts";
import { SwarmEngine } from "./testing/swarm_engine.ts";

const obstacle = isRoot() ? null : "it starts a Docker Engine, which needs root";
const STACK = "traefik_ci_example_org";
const PING = "https://traefik.ci.example.org/ping";

/** A machine with nothing but an engine, a certificate, and the published recipe. */
async function newHost(folder: string, engine: SwarmEngine) {
  const at = (name: string) => join(folder, name);
  const paths = pathsFromEnvironment();
  await issue(at("certificates"));
  await Deno.mkdir(at("secrets"));
  await publish(at("recipes/traefik.git"));
  await makeImage(engine, { folder, paths });
  const settings = {
    domain: "ci.example.org",
    forge: { url: "https://git.example.org", org: "recipes" },
    certificates: at("certificates"),
    secrets: at("secrets"),
    recipes: pathToFileURL(at("recipes")).href,
    docker: engine.swarm.socket,
    abra: (await findAbra(paths)).abra,
    abraDir: at("abra"),
    made: at("made"),
    home: folder,
  };
  await Deno.writeTextFile(at("host.json"), JSON.stringify(settings));

  /** Calls the program. @param killAt ends it when it says so */
  async function call(part: string, { killAt }: { killAt?: string } = {}) {
    const stop = new AbortController();
    let said = "";
    const command = [...startCommand("host"), part, "--settings", at("host.json"), "--json"];
    const { code } = await exec(engine.inside(command), {
      signal: stop.signal,
      onOutput(chunk) {
        said += new TextDecoder().decode(chunk);
        if (killAt !== undefined && said.includes(killAt)) stop.abort();
      },
    });
    if (killAt !== undefined) return { code, steps: [], outcome: "killed" };
    const { outcome, parts } = JSON.parse(said.trim().split("\n").at(-1) ?? "");
    assert.ok(Array.isArray(parts), said);
    const steps: string[] = parts.flatMap((one: { steps: string[] }) =>
      one.steps.map((step) => step.split(" ")[0] ?? "")
    );
    return { code, steps, outcome, said };
  }
  /** Resolves once the proxy answers with the certificate that the host has now; it looks at Swarm every 15 s. */
  async function answers(): Promise<void> {
    const ca = at("certificates/fullchain.pem");
    const ask = engine.inside([
      ...["curl", "--silent", "--show-error", "--cacert", ca],
      ...["--resolve", "traefik.ci.example.org:443:127.0.0.1", PING],
    ]);
    await waitFor(async () => (await exec(ask)).stdout === "OK", {
      what: `the proxy to answer at ${PING}`,
      timeoutMs: 60_000,
    });
  }
  return { call, answers, at };
}

async function publish(path: string): Promise<void> {
  await copyTree(join(import.meta.dirname ?? ".", "testing", "traefik_recipe"), path);
  const git = ["git", "-C", path, "-c", "user.name=a", "-c", "user.email=a@example.org"];
  await execOk(["git", "init", "--quiet", path]);
  await execOk([...git, "add", "."]);
  await execOk([...git, "commit", "--quiet", "--message", "Publish a release"]);
  await execOk([...git, "tag", "--annotate", "--message", "Publish a release", "1.0.0+v3.7.13"]);
}

/** The image that the recipe names, made of the stack's program: no registry can be reached from the engine. */
async function makeImage(
  engine: SwarmEngine,
  { folder, paths }: { folder: string; paths: ReturnType<typeof pathsFromEnvironment> },
): Promise<void> {
  const root = join(folder, "image");
  await Deno.mkdir(join(root, "tmp"), { recursive: true });
  const program = await ensureTraefikProgram({
    paths,
    progress: silentProgress,
    signal: new AbortController().signal,
  });
  await Deno.copyFile(program, join(root, "traefik"));
  await Deno.chmod(join(root, "traefik"), 0o755);
  const tar = join(folder, "image.tar");
  await runCommandOk(["tar", "-C", root, "-cf", tar, "."], { timeoutMs: 120_000 });
  await engine.docker(
    "import",
    "--change",
    'ENTRYPOINT ["/traefik"]',
    "--change",
    "ENV PATH=/",
    tar,
    "traefik:v3.7.13",
  );
}

onRealServices(
  "a host is brought up, left alone, put right, killed half-way, and given a renewed certificate",
  async () => {
    const folder = await Deno.makeTempDir({ prefix: "cc-ci-reconcile-" });
    try {
      await using engine = await SwarmEngine.start(folder);
      const host = await newHost(folder, engine);
      const nothing = { code: 0, steps: [] as string[], outcome: "converged" };
      const did = async (part: string) => {
        const { code, steps, outcome } = await host.call(part);
        return { code, steps, outcome };
      };

      const early = await did("proxy");
      assert.deepEqual(
        [early.code, early.outcome],
        [3, "not yet"],
        "the Swarm comes first",
      );
      assert.deepEqual(await did("swarm"), { ...nothing, steps: ["Make", "Make", "Make", "Make"] });
      assert.deepEqual(await did("swarm"), nothing);
      assert.equal((await did("proxy")).code, 0, "the next call does the rest");
      await host.answers();
      assert.deepEqual(await did("all"), nothing, "a second call finds nothing to do");

      await engine.docker(
        "service",
        "update",
        "--quiet",
        "--detach",
        "--env-add",
        "LOG_LEVEL=DEBUG",
        `${STACK}_app`,
      );
      assert.deepEqual(await did("proxy"), { ...nothing, steps: ["Deploy", "Wait"] });
      await engine.docker("service", "rm", `${STACK}_app`);
      assert.deepEqual(await did("proxy"), { ...nothing, steps: ["Deploy", "Wait"] });
      await host.answers();

      await issue(host.at("certificates"));
      await host.call("proxy", { killAt: "Deploy" });
      const { code, steps } = await did("proxy");
      assert.equal(code, 0);
      assert.deepEqual(steps.slice(-2), ["Remove", "Remove"], "of what was replaced nothing stays");
      await host.answers();
      assert.equal((await engine.docker("secret", "ls", "--quiet")).split("\n").length, 2);
      assert.deepEqual(await did("all"), nothing);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
  obstacle,
);
