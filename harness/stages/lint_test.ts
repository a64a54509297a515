import { systemClock } from "../../common/time.ts";
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { execOk } from "../../common/exec.ts";
import { customisationsOf } from "../../enrolment/customised.ts";
import type { EnvSetting } from "../../enrolment/values_schema.ts";
import { defaultEnrolment, parseEnrolment } from "../../enrolment/enrolment.ts";
import type { Resolve } from "../confinement/images.ts";
import { fetchRecipe } from "../recipe/repo.ts";
import type { WorkerMessage } from "../run/messages.ts";
import { Redactor } from "../run/redact.ts";
import { readSettings } from "../run/settings.ts";
import { type StageContext, StageFailure } from "../run/stage.ts";
import type { Checked } from "../confinement/engine/mod.ts";
import { part } from "../confinement/engine/service_spec.ts";
import { asMap, composeServices } from "../recipe/compose_services.ts";
import { fromBase, upgradesOf } from "../checks/from_base.ts";
import type { RunContext } from "../checks/context.ts";
import { checkForDeploy, lintStage } from "./lint.ts";
import type { LintRun } from "./read_version.ts";

type Files = Record<string, string>;

const sound: Files = {
  ".env.sample": "TYPE=wiki\nDOMAIN=wiki.example.com\n",
  "abra.sh": "export CONF_VERSION=v1\n",
  "conf": "one",
  "compose.yml": [
    'version: "3.8"',
    "services:",
    "  app:",
    "    image: nginx:1.22.1",
    "    volumes: [data:/data]",
    "    configs: [conf]",
    "volumes:",
    "  data:",
    "configs:",
    "  conf:",
    "    name: ${STACK_NAME}_conf_${CONF_VERSION}",
    "    file: conf",
    "",
  ].join("\n"),
};

/** A recipe that differs from the sound one in one line of its compose file. */
function instead(line: string, other: string): Files {
  return { "compose.yml": (sound["compose.yml"] ?? "").replace(line, other) };
}

interface Options {
  /** Files of the head that differ from the sound recipe's. */
  head?: Files;
  /** The same of a published version. */
  published?: Files;
  /** Whether the published version holds a submodule as well. */
  submodule?: boolean;
  /** What abra's lint prints, and its exit code. */
  abra?: { prints: string; code?: number };
  baseDomain?: string;
  exceptions?: string[];
  /** Text of a `recipe.yml` without its `repo`. */
  recipeYml?: string;
  /** Settings as providers have filled them in, over those of `recipeYml`. */
  filled?: Record<string, EnvSetting>;
  /** The same, once lint is over and the recipe is looked at for its deploy. */
  filledLater?: Record<string, EnvSetting>;
  /** A file of the sound recipe that the head lacks. */
  missing?: string;
  /** Where registries are, in place of the DNS. */
  resolve?: Resolve;
  /** Files of further published versions. */
  further?: Record<string, Files>;
  /** Files in the enrolment's folder; without any the recipe is not enrolled. */
  enrolled?: Files;
}

const noRows =
  "┃ REF ┃ RULE ┃ SEVERITY ┃ SATISFIED ┃ SKIPPED ┃ HOW TO FIX ┃\n┃ R009 ┃ a ┃ error ┃ ✅ ┃ - ┃ - ┃";

async function write(folder: string, files: Files): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await Deno.mkdir(dirname(join(folder, name)), { recursive: true });
    await Deno.writeTextFile(join(folder, name), text);
  }
}

/** Lints a recipe and tells what came of it. */
async function lint({ head, published, abra = { prints: noRows }, ...options }: Options) {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  const path = join(folder, "wiki");
  const git = (...args: string[]) =>
    execOk(["git", "-C", path, "-c", "user.name=a", "-c", "user.email=a@b", ...args], {
      env: { GIT_CONFIG_GLOBAL: "/dev/null" },
    });
  const commit = async (files: Files) => {
    await write(path, files);
    await git("add", "--all");
    await git("commit", "--quiet", "--allow-empty", "--message", "A step");
  };
  try {
    await Deno.mkdir(path);
    await git("init", "--quiet", "--initial-branch=main");
    if (published !== undefined) {
      await commit({ ...sound, ...published });
      if (options.submodule) {
        await git("update-index", "--add", "--cacheinfo", `160000,${"1".repeat(40)},part`);
        await git("commit", "--quiet", "--message", "A part of another repository");
      }
      await git("tag", "--annotate", "1.0.0+1", "--message", "Release");
    }
    for (const [version, files] of Object.entries(options.further ?? {})) {
      await commit({ ...sound, ...files });
      await git("tag", "--annotate", version, "--message", "Release");
    }
    const files = Object.entries({ ...sound, ...head }).filter(([name]) => name !== options.missing);
    await commit(Object.fromEntries(files));
    const program = join(folder, "abra");
    await Deno.writeTextFile(join(folder, "said"), abra.prints);
    await Deno.writeTextFile(program, `#!/bin/sh\ncat ${folder}/said\nexit ${abra.code ?? 0}\n`, {
      mode: 0o755,
    });
    const base = options.baseDomain ?? "ci.test";
    const settings = readSettings((name) =>
      ({ CCCI_BASE_DOMAIN: base, CCCI_RUNS: join(folder, "runs"), CCCI_ABRA: program })[name]
    );
    const source = { kind: "path", path, revision: null } as const;
    const signal = new AbortController().signal;
    const subject = { kind: "worktree", path } as const;
    const repo = await fetchRecipe(source, { recipe: "wiki", subject, settings, log: () => {}, signal });
    const app = (lane: "install" | "upgrade", letter = lane === "install" ? "a" : "b") => ({
      lane,
      domain: `wiki-00000${letter}.${base}`,
      stack: `wiki-00000${letter}_${base.replaceAll(".", "_")}`,
      abraDir: join(folder, lane),
    });
    const enrolment = {
      ...defaultEnrolment("wiki"),
      ...parseEnrolment(`repo: a/wiki\n${options.recipeYml ?? ""}`, "recipe.yml"),
      exceptions: options.exceptions ?? [],
      ...(options.filled && { env: options.filled }),
      folder: options.enrolled === undefined ? null : join(folder, "recipes", "wiki"),
    };
    const sent: WorkerMessage[] = [];
    await write(join(folder, "recipes", "wiki"), options.enrolled ?? {});
    const seen = {
      findings: [] as string[],
      notes: [] as string[],
      blemishes: [] as string[],
      log: [] as string[],
    };
    const others = repo.published.filter((one) => one.commit !== repo.head);
    const run: LintRun = {
      plan: {
        settings,
        apps: [app("install"), app("upgrade")],
        request: { mode: "local", recipe: "wiki", run: "test1", source, only: null, base: null, keep: false },
        stages: ["fetch", "lint", "images", "install", "tests", "teardown"],
      },
      folder: { tmp: join(folder, "tmp") },
      redactor: new Redactor(),
      enrolment,
      customised: await customisationsOf(enrolment),
      send: (message) => void sent.push(message),
      repo,
      base: others[0] ?? null,
      compose: { head: null, base: null },
      checked: { install: null, base: null, upgrade: null },
      overrides: { install: null, base: null, upgrade: null },
      undeployable: null,
      calledOnProxy: new Set(),
      baseObstacle: null,
      further: [],
      pictures: "",
      recipeTests: null,
      enrolledTestsChecked: false,
      ...(options.resolve && { resolve: options.resolve }),
    };
    run.further = others.slice(1).map((version) => fromBase(run, version) as RunContext);
    const ctx: StageContext = {
      stage: "lint",
      clock: systemClock,
      signal,
      remaining: () => 60_000,
      log: (line) => void seen.log.push(line),
      proof: () => {},
      note: (text) => void seen.notes.push(text),
      blemish: (text) => void seen.blemishes.push(text),
      finding: ({ severity, rule, file, line }) =>
        void seen.findings.push(`${severity} ${rule} ${file}${line === undefined ? "" : `:${line}`}`),
      resources: () => {},
      decided: () => {},
      screenshot: () => {},
    };
    const work = async () => {
      await lintStage(run, ctx);
      if (options.filledLater === undefined) return;
      run.enrolment = { ...enrolment, env: options.filledLater };
      await checkForDeploy(run, ctx);
    };
    const failure = await work().then(() => null, (error) => {
      if (error instanceof StageFailure) return error;
      throw error;
    });
    return {
      ...seen,
      run,
      sent,
      /** Notes of the whole run. */
      told: sent.flatMap((message) => message.type === "note" ? [message.text] : []),
      cause: failure?.message ?? null,
      detail: failure?.detail ?? "",
      fault: failure?.fault ?? null,
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a sound recipe passes, over a published version too", async () => {
  const { run, cause, findings, notes } = await lint({ published: {} });
  assert.equal(cause, null);
  assert.deepEqual([findings, notes], [[], []]);
  assert.deepEqual([run.undeployable, run.baseObstacle], [null, null]);
  assert.ok(run.compose.head !== null && run.compose.base !== null);
});

Deno.test("what of recipe.yml applies is told, and what nothing uses is called stale", async () => {
  const recipeYml = `
memory: 3000
secrets: { conf: { value: x } }
env:
  A: { value: a, only: base }
  PRICE: "5\${domain}"
  B: { value: b, if_file: compose.b.yml }
  COMPOSE_FILE: "compose.yml:compose.b.yml"
expected_gaps: [{ what: voice, reason: no UDP }]
skip:
  - { stage: backup, reason: large }
  - { stage: tests, reason: slow }
  - { stage: upgrade, reason: never }
`;
  const stale = [
    "secrets.conf: no version uses such a secret",
    "env.B: no version that it is for has compose.b.yml",
    "env.COMPOSE_FILE: no version that it is for has compose.b.yml",
    'env.PRICE: ${domain} stays as it is, as a placeholder has no "$" before it',
    "skip backup: the recipe has no backup labels anyway",
    "skip tests: the recipe brings no tests anyway",
  ].map((text) => `Stale in recipe.yml: ${text}`);
  const both = await lint({ recipeYml, published: {} });
  assert.deepEqual(both.notes, stale);
  const applied = [
    "env.A: a (published version only)",
    "env.PRICE: 5${domain}",
    "env.COMPOSE_FILE: compose.yml:compose.b.yml",
    "skip: stage: backup, reason: large; stage: tests, reason: slow; stage: upgrade, reason: never",
    "memory: 3000",
  ];
  const gaps = [{ what: "voice", reason: "no UDP" }];
  assert.deepEqual(both.sent, [{ type: "customised", customised: applied, gaps }]);
  const alone = await lint({ recipeYml });
  assert.deepEqual(alone.notes, [
    ...stale,
    "Stale in recipe.yml: skip upgrade: there is no version to upgrade from anyway",
  ]);
  assert.deepEqual(alone.sent, [{ type: "customised", customised: applied.toSpliced(0, 1), gaps }]);
});

Deno.test("recipe.yml lays longer starts over every version, and other images over the published one alone", async () => {
  const recipeYml = `
grace: { app: 600, db: 60, ap: 60 }
base: { repair: [{ service: app, image: "nginx:1.22.0", versions: "<2.0.0" }] }
`;
  const check = "    healthcheck: { test: [CMD, x], interval: 5s, start_period: 1m }\n    volumes";
  const { run, cause, notes, sent, detail } = await lint({
    recipeYml,
    head: instead("    volumes", check),
    published: instead("nginx:1.22.1", "gone.example.org/nginx:1.22.1"),
  });
  assert.equal(cause, null, detail);
  const services = (checked: Checked | null) => part(part(checked?.model.services).app);
  const { install, base, upgrade } = run.checked;
  for (const checked of [install, upgrade]) {
    assert.equal(services(checked).image, "nginx:1.22.1");
    const { test, interval, start_period: period } = part(services(checked).healthcheck);
    assert.deepEqual([test, interval, period], [["CMD", "x"], "5s", "10m0s"]);
  }
  assert.equal(services(base).image, "nginx:1.22.0");
  assert.deepEqual(services(base).healthcheck, { start_period: "10m0s" });
  assert.equal(base?.compose.env.COMPOSE_FILE, "compose.yml:cc-ci.override.yml");
  assert.deepEqual(run.overrides.base?.repaired, [{
    service: "app",
    image: "gone.example.org/nginx:1.22.1",
  }]);
  assert.deepEqual(run.overrides.upgrade?.repaired, []);
  assert.deepEqual(notes, [
    'Service "app" has 10 min 00 s to start, by grace in recipe.yml; the recipe gives it 1 min 00 s',
    'Service "app" has 10 min 00 s to start, by grace in recipe.yml; the recipe gives it 0.0 s',
    'Service "app" of the published version runs "nginx:1.22.0" instead of "gone.example.org/nginx:1.22.1"',
    "Stale in recipe.yml: grace.db: no version has such a service that would have less time by itself",
    'Stale in recipe.yml: grace.ap: no version has such a service that would have less time by itself, probably meant as "app"',
  ]);
  assert.deepEqual(sent.flatMap((one) => one.type === "customised" ? one.customised : []), [
    "grace.app: 600",
    "base.repair: service: app, image: nginx:1.22.0, versions: <2.0.0",
  ]);
});

Deno.test("what is laid over a recipe is no file of the recipe's, and goes where nothing applies", async () => {
  const { run, notes, cause } = await lint({
    recipeYml: 'base: { repair: [{ service: app, image: "x:1", versions: "<1.0.0" }] }',
    published: {},
  });
  assert.equal(cause, null);
  assert.deepEqual(run.overrides, { install: null, base: null, upgrade: null });
  assert.deepEqual(notes, [
    "Stale in recipe.yml: base.repair.0: it is for other versions or services than the published version's",
  ]);
});

Deno.test("an image of base.repair that no run may take is a mistake of recipe.yml, and the file is named that holds it", async () => {
  const { cause, fault, run } = await lint({
    recipeYml: 'base: { repair: [{ service: app, image: "127.0.0.1:5000/nginx:1", versions: "*" }] }',
    published: {},
  });
  assert.match(
    cause ?? "",
    /^recipes\/wiki\/recipe\.yml: "base\.repair" is refused for 1\.0\.0\+1: .*"127\.0\.0\.1:5000"/,
  );
  assert.deepEqual([fault, run.undeployable, run.baseObstacle], ["enrolment", "enrolment", "enrolment"]);
});

Deno.test("each entry of base.repair is judged by itself", async () => {
  const { notes } = await lint({
    recipeYml: `
base:
  repair:
    - { service: app, image: "nginx:1.22.0", versions: "<2.0.0" }
    - { service: ap, image: "nginx:1.22.0", versions: "<2.0.0" }
`,
    published: {},
  });
  assert.deepEqual(notes.filter((text) => text.startsWith("Stale")), [
    'Stale in recipe.yml: base.repair.1: it is for other versions or services than the published version\'s, probably meant as "app"',
  ]);
});

Deno.test("a backup that has to hold something is not left out by itself, so leaving it out is not stale", async () => {
  const recipeYml = "backup: { expect: [data/x] }\nskip: [{ stage: backup, reason: large }]\n";
  assert.deepEqual((await lint({ recipeYml })).notes, []);
});

Deno.test("a warning is a finding and a blemish, and fails nothing", async () => {
  const { cause, findings, blemishes } = await lint({ head: instead("nginx:1.22.1", "nginx") });
  assert.equal(cause, null);
  assert.deepEqual(findings, ["warning lint.image-tag compose.yml:4"]);
  assert.match(blemishes.join(), /^compose\.yml, line 4: The image "nginx".* \[lint\.image-tag\]$/);
});

Deno.test("our recipe.yml may permit what lint finds", async () => {
  const { findings } = await lint({
    head: instead("nginx:1.22.1", "nginx"),
    exceptions: ["lint.image-tag=app"],
  });
  assert.deepEqual(findings, []);
});

Deno.test("an error of lint fails the stage, and lets the recipe be deployed all the same", async () => {
  const { cause, detail, findings, run } = await lint({ head: instead("  app:", "  web:") });
  assert.deepEqual(findings, ["error lint.app-service compose.yml:2"]);
  assert.match(cause ?? "", /^compose\.yml, line 2: No service is called "app"/);
  assert.match(detail, /\[lint\.app-service\]; abra reads/);
  assert.equal(run.undeployable, null);
});

Deno.test("a breach of confinement, or a file that does not parse, keeps the recipe from being deployed", async () => {
  const breach = await lint({ head: instead("data:/data", "/etc:/data"), published: {} });
  assert.deepEqual(breach.findings, ["error confine.bind compose.yml:5"]);
  assert.equal(breach.run.undeployable, "confinement");
  const broken = await lint({ head: { "compose.yml": "services:\n  app: [\n" }, published: {} });
  assert.match(broken.findings.join(), /^error parse\.syntax compose\.yml:\d$/);
  assert.equal(broken.run.undeployable, "lint");
});

Deno.test("what is wrong with the published version is not held against the head; it cannot be upgraded from", async () => {
  const cases: [published: Files, obstacle: RegExp | null][] = [
    [instead("data:/data", "/etc:/data"), /^the published version 1\.0\.0\+1, which breaks confine\.bind/],
    [{ "compose.yml": "services: [" }, /^the published version 1\.0\.0\+1, which does not parse/],
    [instead("nginx:1.22.1", "nginx"), null],
    [instead("  app:", "  web:"), null],
  ];
  for (const [published, obstacle] of cases) {
    const { run, cause, findings, notes } = await lint({ published });
    assert.equal(cause, null);
    assert.deepEqual(findings, []);
    assert.equal(run.undeployable, null);
    if (obstacle === null) {
      assert.equal(run.baseObstacle, null);
      continue;
    }
    assert.match(run.baseObstacle ?? "", obstacle);
    assert.equal(run.compose.base, null);
    assert.match(notes.join(), /^1\.0\.0\+1: compose\.yml/);
  }
});

Deno.test("a start that recipe.yml makes longer may not cost the service a port: that is the enrolment's mistake", async () => {
  const ports =
    "    ports: ['64738:64738', '64738:64738/udp']\n    healthcheck: { test: [CMD, x] }\n    volumes";
  const options = { head: instead("    volumes", ports), exceptions: ["confine.port"] };
  assert.deepEqual((await lint(options)).findings, []);
  const { run, findings, fault, cause } = await lint({ ...options, recipeYml: "grace: { app: 600 }\n" });
  assert.deepEqual(findings, ["error enrolment.merged-ports recipes/wiki/recipe.yml"]);
  assert.deepEqual([fault, run.undeployable], ["enrolment", "enrolment"]);
  assert.match(
    cause ?? "",
    /^recipes\/wiki\/recipe\.yml: compose\.yml, line 5: Docker drops port 64738\/tcp of service "app"/,
  );
});

Deno.test("each version from which the run upgrades is looked at by itself", async () => {
  const { run, cause, notes } = await lint({
    published: {},
    further: {
      "2.0.0+1": instead("data:/data", "/etc:/data"),
      "3.0.0+1": instead("nginx:1.22.1", "nginx:1.23.0"),
    },
  });
  assert.equal(cause, null);
  const seen = upgradesOf(run).map(({ base, baseObstacle, compose, checked }) => [
    base?.version,
    baseObstacle?.split(":")[0] ?? null,
    compose.base === null ? null : asMap(composeServices(compose.base).app).image,
    checked.upgrade !== null,
  ]);
  assert.deepEqual(seen, [
    ["1.0.0+1", null, "nginx:1.22.1", true],
    ["2.0.0+1", "the published version 2.0.0+1, which breaks confine.bind", null, false],
    ["3.0.0+1", null, "nginx:1.23.0", true],
  ]);
  assert.match(notes.join(), /^2\.0\.0\+1: compose\.yml/);
  for (const { compose } of run.further) assert.equal(compose.head, run.compose.head);
});

Deno.test("a published version that is not checked out is not held against the head", async () => {
  const { run, cause, findings, notes } = await lint({ published: {}, submodule: true });
  assert.deepEqual([cause, findings, run.undeployable], [null, [], null]);
  assert.match(
    run.baseObstacle ?? "",
    /^the published version 1\.0\.0\+1, which is not checked out: .*submodule/,
  );
  assert.match(notes.join(), /^1\.0\.0\+1: The recipe holds a submodule, "part"/);
  assert.equal(run.checked.base, null);
});

Deno.test("the head is looked at with the settings of an app of the published version too", async () => {
  const { run, cause, findings } = await lint({
    published: { ".env.sample": `${sound[".env.sample"]}PLACE=/srv\n` },
    head: {
      ".env.sample": `${sound[".env.sample"]}PLACE=data\n`,
      ...instead("[data:/data]", '["${PLACE}:/data"]'),
    },
  });
  assert.deepEqual(findings, ["error confine.bind compose.yml:5"]);
  assert.match(cause ?? "", /"\/srv".*\(with the settings of 1\.0\.0\+1\)/);
  assert.deepEqual([run.undeployable, run.baseObstacle], [null, "confinement"]);
});

Deno.test("a config that changed while its version did not is found, at the line of the version", async () => {
  const { cause, findings } = await lint({ published: {}, head: { conf: "two" } });
  assert.deepEqual(findings, ["error lint.config-version abra.sh:1"]);
  assert.match(cause ?? "", /Config "conf" has changed since 1\.0\.0\+1/);
});

Deno.test("a recipe that fits only below a shorter base domain is not to blame", async () => {
  const head = instead("_conf_", `_${"x".repeat(38)}_`);
  const short = await lint({ head });
  assert.equal(short.run.undeployable, null);
  const long = await lint({ head, baseDomain: "recipes.example.org" });
  assert.equal(long.cause, null);
  const text = "base domain: this recipe supports domains up to 22 characters, ours have 31";
  assert.equal(long.run.undeployable, text);
  assert.ok(long.notes.includes(text));
  const never = await lint({ head: instead("_conf_", `_${"x".repeat(58)}_`) });
  assert.equal(never.run.undeployable, "lint");
  assert.deepEqual(never.findings, ["error lint.name-length compose.yml:10"]);
});

Deno.test("what abra's own lint finds counts by its severity; what it could not do is only noted", async () => {
  const row = "┃ R010 ┃ traefik routing enabled ┃ error ┃ ❌ ┃ - ┃ add a label ┃";
  const red = await lint({ abra: { prints: `${noRows}\n${row}` } });
  assert.deepEqual(red.findings, ["error abra.R010 compose.yml"]);
  assert.match(red.cause ?? "", /abra's rule "traefik routing enabled" is not satisfied/);
  const invalid = await lint({ abra: { prints: "FATA unable to validate recipe: no version", code: 1 } });
  assert.deepEqual(invalid.findings, ["error abra.lint compose.yml"]);
  for (const abra of [{ prints: "FATA no route to host", code: 1 }, { prints: "hello" }]) {
    const { cause, findings, notes } = await lint({ abra });
    assert.equal(cause, null);
    assert.deepEqual(findings, []);
    assert.match(notes.join(), /abra/);
  }
});

Deno.test("an exception may name what belongs to the run by its stack and domain", async () => {
  const head = instead(
    "    image: nginx:1.22.1",
    "    image: nginx:1.22.1\n    labels: ['x.${STACK_NAME}=1', 'y.${DOMAIN}=1']",
  );
  const refused = await lint({ head });
  assert.equal(refused.run.undeployable, "confinement");
  const { run } = await lint({
    head,
    exceptions: ["confine.label=x.${STACK_NAME}", "confine.label=y.${DOMAIN}"],
  });
  assert.equal(run.undeployable, null);
});

Deno.test("what abra asks of every recipe is listed and costs nothing", async () => {
  const rows = ["R001", "R002", "R007"].map((rule) => `┃ ${rule} ┃ a ┃ warn ┃ ❌ ┃ - ┃ add it ┃`);
  const { cause, findings, blemishes } = await lint({ abra: { prints: `${noRows}\n${rows.join("\n")}` } });
  assert.equal(cause, null);
  assert.deepEqual(findings, [
    "note abra.R001 compose.yml",
    "note abra.R002 compose.yml",
    "note abra.R007 README.md",
  ]);
  assert.deepEqual(blemishes, []);
});

Deno.test("a recipe without .env.sample is told so, without a folder of the run, and is not deployed", async () => {
  const prints = "FATA unable to validate recipe: /somewhere/.env.sample does not exist?";
  const { cause, findings, run } = await lint({ missing: ".env.sample", abra: { prints, code: 1 } });
  assert.ok(findings.includes("error lint.env-sample .env.sample"), findings.join());
  assert.ok(!findings.some((one) => one.includes("abra.lint")), findings.join());
  assert.doesNotMatch(cause ?? "", /\/tmp|somewhere/);
  assert.equal(run.undeployable, "lint");
});

Deno.test("compose files that nobody switches on are read over compose.yml; what is wrong with them only warns", async () => {
  const overlay = (lines: string) => `version: "3.8"\nservices:\n  app:\n${lines}\n`;
  const { cause, findings, run } = await lint({
    head: {
      ".env.sample": `${sound[".env.sample"]}#PLACE=data\n# COMPOSE_FILE="$COMPOSE_FILE:compose.good.yml"\n`,
      "compose.broken.yml": "services: [\n",
      "compose.good.yml": overlay('    volumes: ["${PLACE:?}:/more"]'),
      "compose.host.yml": overlay(
        "    ports: [{target: 22, published: 22, mode: host}]\n    privileged: true",
      ),
      "compose.needs.yml": overlay('    environment: ["A=${NOBODY_KNOWS:?}"]'),
      "compose.refused.yml": overlay("    environment:\n      A: [1]"),
      "compose.typed.yml": overlay("    stop_grace_period: ${GRACE:-1m}"),
      "compose.yml.orig": "services: [\n",
    },
  });
  assert.equal(cause, null);
  assert.deepEqual(findings.map((one) => one.replace(/:\d+$/, "")), [
    "warning parse.syntax compose.broken.yml",
    "warning parse.docker compose.refused.yml",
    "warning lint.typed-value compose.typed.yml",
  ]);
  assert.equal(run.undeployable, null);
});

/** Lines of service `app`, from line 5 on, that Docker takes for a mistake though they are YAML. */
const refused: [name: string, lines: string[], at: number][] = [
  ["a label that is no text", ["    labels: {note: true}"], 5],
  ["a variable of the environment that is no text", ["    environment:", "      DEBUG: true"], 6],
  ["depends_on with conditions", ["    depends_on: {db: {condition: service_started}}"], 5],
  ["a config with its content", ["configs:", "  c: {content: x}"], 6],
  ["a secret from the environment", ["secrets:", "  s: {environment: X}"], 6],
  ["a limit of processes", ["    deploy: {resources: {limits: {pids: 100}}}"], 5],
];
for (const [name, lines, at] of refused) {
  Deno.test(`what Docker does not accept is an error with its line: ${name}`, async () => {
    const compose = ['version: "3.8"', "services:", "  app:", "    image: nginx:1.22.1", ...lines, ""].join(
      "\n",
    );
    const { findings, cause } = await lint({ head: { "compose.yml": compose } });
    assert.deepEqual(findings.map((one) => one.replace(/ \S+ compose/, " compose")), [
      `error compose.yml:${at}`,
    ]);
    assert.doesNotMatch(cause ?? "", /\/tmp/);
  });
}

Deno.test("a setting that no env file can hold is a finding, and nothing is deployed", async () => {
  const { run, findings } = await lint({ head: { ".env.sample": "TYPE=wiki\nDOMAIN=x\nA=x\rB=y\n" } });
  assert.deepEqual(findings, ["error confine.environment .env.sample"]);
  assert.equal(run.undeployable, "confinement");
});

Deno.test("a setting whose line would not be read is a finding, and one that is just short enough is none", async () => {
  const of = (length: number) => ({
    head: { ".env.sample": `TYPE=wiki\nDOMAIN=x\nA=${"x".repeat(length)}\nB=y$A\n` },
  });
  assert.deepEqual((await lint(of(4_093))).findings, []);
  const { findings, cause } = await lint(of(4_094));
  assert.deepEqual(findings, ["error confine.environment .env.sample"]);
  assert.match(
    cause ?? "",
    /Value of "B" takes a line of 4097 characters, and none of more than 4096 is read/,
  );
});

const pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
const told = /^recipes\/wiki\/recipe\.yml: "env\.CA", with its placeholders filled in, must be a single line/;

Deno.test("a provider's value that no env file can hold is the enrolment's mistake, for either version", async () => {
  for (const setting of [{ value: pem }, { value: pem, only: "base" } as const]) {
    const { run, findings, cause, fault } = await lint({ filled: { CA: setting }, published: {} });
    assert.deepEqual(findings, ["error enrolment.value recipes/wiki/recipe.yml"]);
    assert.match(cause ?? "", told);
    assert.deepEqual([fault, run.undeployable], ["enrolment", "enrolment"]);
  }
});

Deno.test("it is the enrolment's too where the value is known only before the deploy", async () => {
  for (const setting of [{ value: pem }, { value: pem, only: "base" } as const]) {
    const { cause, fault } = await lint({
      filled: { CA: { ...setting, value: "{needs.oidc.key}" } },
      filledLater: { CA: setting },
      published: {},
    });
    assert.match(cause ?? "", told);
    assert.equal(fault, "enrolment");
  }
});

Deno.test("what recipe.yml names and the recipe does not have is told before anything is deployed", async () => {
  const { run, findings, cause, fault } = await lint({ recipeYml: "ready: [{ service: ap, tcp: 80 }]" });
  assert.deepEqual(findings, ["error enrolment.names recipes/wiki/recipe.yml"]);
  assert.match(
    cause ?? "",
    /^recipes\/wiki\/recipe\.yml: "ready\.0\.service" names service "ap", .* meant as "app"$/,
  );
  assert.deepEqual([fault, run.undeployable], ["enrolment", "enrolment"]);
});

Deno.test("names that only stages use which the run does not go through stop nothing", async () => {
  const recipeYml = `
data: { seed: [{ service: gone, command: x }], read: [{ service: gone, command: x }] }
backup: { expect: [gone/x] }
env: { POST_UPGRADE_CMDS: gone prepare }
`;
  const { run, findings, cause } = await lint({ recipeYml });
  assert.deepEqual([findings, cause, run.undeployable], [[], null, null]);
});

Deno.test("a service that is waited for in published versions alone, and that none has, is stale and stops nothing", async () => {
  const recipeYml = "ready: [{ service: ap, tcp: 80, only: base }, { service: app, tcp: 80, only: base }]";
  const { run, findings, cause, notes } = await lint({ recipeYml, published: {} });
  assert.deepEqual([findings, cause, run.undeployable, run.baseObstacle], [[], null, null, null]);
  assert.deepEqual(notes, [
    `Stale in recipe.yml: ready.0: ${run.base?.version} has no service "ap", probably meant as "app"`,
  ]);
});

Deno.test("a published version whose registry nobody can look up keeps the upgrade from being tried, not the run", async () => {
  const resolve = () => Promise.reject(Object.assign(new Error("try again"), { code: "EAI_AGAIN" }));
  const elsewhere = instead("nginx:1.22.1", "registry.example.org/nginx:1.22.1");
  const { run, cause } = await lint({ published: elsewhere, resolve });
  assert.deepEqual([cause, run.undeployable, run.compose.base], [null, null, null]);
  assert.ok(run.compose.head !== null);
  assert.match(run.baseObstacle ?? "", /which cannot be checked: This host could not look up "registry\./);
  await assert.rejects(lint({ head: elsewhere, resolve }), /could not look up "registry\.example\.org"/);
});

const fromNpm =
  'import { test } from "cc-ci";\nimport pad from "npm:left-pad@1.3.0";\ntest("x", () => void pad);\n';

Deno.test("a mistake in a test of the enrolment is the enrolment's, and nothing is deployed for it", async () => {
  const { cause, fault, findings, run } = await lint({ enrolled: { "install_test.ts": fromNpm } });
  assert.deepEqual(findings, ["error tests.import recipes/wiki/install_test.ts:2"]);
  assert.match(
    cause ?? "",
    /^recipes\/wiki\/install_test\.ts, line 2: "npm:left-pad@1\.3\.0" cannot be imported/,
  );
  assert.equal(fault, "enrolment");
  assert.equal(run.undeployable, "enrolment");
});

Deno.test("a mistake of the recipe is the recipe's, also beside one of the enrolment", async () => {
  const { cause, fault, findings } = await lint({
    head: instead("  app:", "  web:"),
    enrolled: { "install_test.ts": fromNpm },
  });
  assert.deepEqual(findings, [
    "error lint.app-service compose.yml:2",
    "error tests.import recipes/wiki/install_test.ts:2",
  ]);
  assert.match(cause ?? "", /^compose\.yml, line 2: /);
  assert.equal(fault, null);
});

Deno.test("a mistake in a test that the recipe brings is told, and left to stage tests", async () => {
  const { cause, findings, run, log } = await lint({ head: { "tests/front_test.ts": fromNpm } });
  assert.deepEqual([cause, findings, run.undeployable], [null, [], null]);
  assert.deepEqual(
    run.recipeTests?.findings.map(({ rule, severity, file, line }) => [rule, severity, file, line]),
    [["tests.import", "error", "tests/front_test.ts", 2]],
  );
  assert.ok(log.some((line) => /^tests\/front_test\.ts, line 2: .* \(stage tests will fail\)$/.test(line)));
});

Deno.test("files that look like tests and are not run are told with the names that count, and fail nothing", async () => {
  const defining = 'import { test } from "cc-ci";\ntest("x", () => {});\n';
  const { cause, findings, told, run } = await lint({
    head: { "tests/front.ts": defining, "test/a_test.ts": defining },
    enrolled: { "instal_test.ts": defining, "account.ts": "export const user = 1;\n" },
  });
  assert.deepEqual([cause, findings], [null, ["note tests.name recipes/wiki/instal_test.ts"]]);
  assert.deepEqual(told.map((text) => text.split(":")[0]), [
    "recipes/wiki/instal_test.ts",
    "tests/front.ts",
    "test/a_test.ts",
  ]);
  assert.match(told[0] ?? "", /a run takes install_test\.ts, upgrade_test\.ts, backup_test\.ts/);
  assert.match(told[1] ?? "", /stage tests takes what is called \*_test\.ts in tests\/ itself/);
  assert.deepEqual(run.recipeTests?.files, []);
});
