import assert from "node:assert/strict";
import { join } from "node:path";
import { habitsOf } from "../harness/checks/imposed_waits.ts";
import { type ComposeFile, makeRecipe } from "./fixture_recipe.ts";
import { type Ended, removeKept, runRecipe } from "./harness_cli.ts";
import { assertNothingLeft } from "./inventory.ts";
import { onTheStack, stage } from "./on_the_stack.ts";

/** Every stage a sound recipe without tests of its own goes through, and how it ends there. */
const SOUND = {
  fetch: "passed",
  lint: "passed",
  images: "passed",
  install: "passed",
  backup: "passed",
  restore: "passed",
  tests: "skipped",
  upgrade: "passed",
  teardown: "passed",
};

/** What an enrolment may ask for, of an app that can do all of it. */
const asksForMuch = `repo: fixtures/quick
page: { path: /hello/index.html, ready: h1, gone: .spinner }
ready:
  - { service: app, tcp: 80, stable: 2 }
  - { path: /hello/index.html }
files:
  - { volume: content, path: hello/index.html, content: "<title>Hello</title><h1>Hello from {domain}</h1>" }
after_deploy: [note]
grace: { app: 120 }
backup: { expect: [content/hello/index.html, content/noted.txt] }
timeouts: { run: 2000 }
`;

onTheStack(
  "a sound recipe passes every stage, in one lane and in two, whatever its enrolment asks for, with a report that opens from disk",
  async ({ stack, folder, runs }) => {
    const path = await makeRecipe(join(folder, "quick"), {
      publishedFiles: { "abra.sh": "note() {\n  echo noted > /usr/share/nginx/html/noted.txt\n}\n" },
    });
    const recipes = join(folder, "recipes");
    await Deno.mkdir(join(recipes, "quick"), { recursive: true });
    await Deno.writeTextFile(join(recipes, "quick", "recipe.yml"), asksForMuch);
    await Deno.writeTextFile(join(path, "NOTES.md"), "An uncommitted file.\n");
    const inLanes = (lanes: string, env: Record<string, string> = {}) =>
      runRecipe(stack, { runs: join(runs, lanes), args: [path], env: { CCCI_LANES: lanes, ...env } });
    const [one, two] = await Promise.all([inLanes("1"), inLanes("2", { CCCI_RECIPES: recipes })]);
    for (const ended of [one, two]) {
      assert.equal(ended.code, 0, ended.stderr);
      assert.equal(ended.result?.result, "passed");
      assert.equal(ended.result.dirty, true, "the uncommitted file must be part of what was tested");
      assert.equal(ended.result.base, "0.1.0+1.22.1");
      const stages = ended.result.stages.map(({ name, result }) => [name, result]);
      assert.deepEqual(Object.fromEntries(stages), SOUND);
    }
    assert.equal(one.result?.level, two.result?.level);
    const said = (two.result?.customised ?? []).map((text) => text.split(":")[0]);
    assert.deepEqual(said, [
      "page.path",
      "page.ready",
      "page.gone",
      "ready",
      "timeouts.run",
      "grace.app",
      "files",
      "after_deploy",
      "backup.expect",
    ]);
    await assertReport(two, join(runs, "2"));
    for (const lanes of ["1", "2"]) await assertNothingLeft(join(runs, lanes));
  },
);

async function assertReport({ result }: Ended, runs: string): Promise<void> {
  const run = join(runs, result?.run ?? "");
  const shots = result?.stages.flatMap((one) => one.screenshots) ?? [];
  assert.ok(shots.length >= 1, "a screenshot");
  for (const shot of shots) {
    const png = await Deno.readFile(join(run, "screenshots", shot));
    assert.deepEqual([...png.slice(1, 4)].map((byte) => String.fromCharCode(byte)).join(""), "PNG");
  }
  const report = await Deno.readTextFile(join(run, "report.html"));
  assert.ok(!/(src|href)="https?:/.test(report), "the report must not need the network");
}

onTheStack(
  "an upgrade of labels only passes once the proxy shows them, and one of a service that runs once when that has ended, from a version that recipe.yml repairs",
  async ({ stack, folder, runs }) => {
    const recipes = join(folder, "recipes");
    await Deno.mkdir(join(recipes, "once"), { recursive: true });
    await Deno.writeTextFile(
      join(recipes, "once", "recipe.yml"),
      'repo: fixtures/once\nbase: { repair: [{ service: once, image: "nginx:1.22.1", versions: "<0.2.0" }] }\n',
    );
    const upgraded = async (name: string, change: (compose: ComposeFile, version: string) => void) => {
      const path = await makeRecipe(join(folder, name), {
        published: (compose) => change(compose, "1"),
        compose: (compose) => change(compose, "2"),
      });
      const ended = await runRecipe(stack, {
        runs: join(runs, name),
        args: [path, "--only", "upgrade"],
        env: { CCCI_RECIPES: recipes },
      });
      assert.equal(stage(ended, "upgrade")?.result, "passed", ended.stderr);
      assert.deepEqual(stage(ended, "upgrade")?.blemishes, []);
      return await Deno.readTextFile(join(runs, name, ended.result?.run ?? "", "events.ndjson"));
    };
    const [labels] = await Promise.all([
      upgraded("labels", ({ services: { app } }, version) => {
        delete app?.stop_grace_period;
        const headers = "traefik.http.middlewares.${STACK_NAME}-seen.headers.customresponseheaders";
        (app?.deploy as { labels: string[] }).labels.push(
          "traefik.http.routers.${STACK_NAME}.middlewares=${STACK_NAME}-seen",
          `${headers}.X-Version=${version}`,
        );
      }),
      upgraded("once", ({ services }, version) => {
        services.once = {
          image: version === "1" ? "cc-ci.invalid/gone:1" : "nginx:1.22.1",
          command: ["sh", "-c", "sleep 1"],
          environment: { VERSION: version },
          deploy: { restart_policy: { condition: "none" } },
        };
      }),
    ]);
    assert.match(labels, /The proxy's API shows the routers and servers that the labels ask for/);
    for (const name of ["labels", "once"]) await assertNothingLeft(join(runs, name));
  },
);

onTheStack(
  "a recipe without published versions skips the upgrade and says why",
  async ({ stack, folder, runs }) => {
    const path = await makeRecipe(join(folder, "quick"), { versions: [] });
    const ended = await runRecipe(stack, { runs, args: [path] });
    assert.equal(ended.code, 0, ended.stderr);
    assert.equal(stage(ended, "upgrade")?.result, "skipped");
    assert.match(stage(ended, "upgrade")?.reason ?? "", /published/);
  },
);

onTheStack(
  "a start interval lets an app run long before its first rare check, where the engine knows such intervals",
  async ({ stack, folder, runs }) => {
    const path = await makeRecipe(join(folder, "quick"), {
      compose: (compose) => {
        compose.version = "3.13"; // the key is unknown before
        const { healthcheck } = compose.services.app ?? {};
        Object.assign(healthcheck ?? {}, { interval: "10m", start_period: "1m", start_interval: "1s" });
      },
    });
    const env = { CCCI_STAGE_DEADLINE_S: "120" };
    const ended = await runRecipe(stack, { runs, args: [path, "--only", "install"], env });
    const version = ended.result?.versions.docker ?? "";
    assert.match(version, /^[0-9]+\./);
    const { startIntervals } = habitsOf(version);
    assert.equal(ended.code === 0, startIntervals, ended.stderr);
  },
);

onTheStack("mistakes in the call are answered in a sentence", async ({ stack, folder, runs }) => {
  const path = await makeRecipe(join(folder, "quick"));
  const calls: [args: string[], code: number, says: RegExp][] = [
    [["no-such-recipe"], 2, /no-such-recipe/],
    [[path, "--only", "dance"], 2, /dance/],
    [[path, "--ref", "no-such-branch"], 2, /no-such-branch/],
    [[path, "--base", "9.9.9+9"], 2, /9\.9\.9\+9/],
  ];
  await Promise.all(calls.map(async ([args, code, says], number) => {
    const ended = await runRecipe(stack, { runs: `${runs}-${number}`, args });
    assert.equal(ended.code, code, `${args.join(" ")}: ${ended.stderr}`);
    assert.match(ended.stderr, says);
    assert.doesNotMatch(ended.stderr, /\n\s+at .*:\d+:\d+/, "no stack trace");
  }));
});

/** A test of an enrolment that speaks to a port of the app, as no browser would. */
const overTcp = (greeting: string) =>
  `import { match } from "node:assert/strict";
import { app, eventually, tcp, test } from "cc-ci";

test("the port answers", async () => {
  const web = await tcp("app", 80);
  await web.write("GET / HTTP/1.0\\r\\nHost: " + app.domain + "\\r\\n\\r\\n");
  match(await web.read({ until: "\\r\\n" }), /${greeting}/);
});
test("a port at which nobody listens does not", async () => {
  const said = await eventually(() => tcp("app", 81).then(() => false, (error) => error.message));
  match(said, /Port 81 of "app" cannot be reached/);
});
`;

onTheStack(
  "a test of an enrolment speaks to a port of the app, and is run again against the app that was left up",
  async ({ stack, folder, runs }) => {
    const path = await makeRecipe(join(folder, "quick"), { versions: [] });
    const recipes = join(folder, "recipes");
    await Deno.mkdir(join(recipes, "quick"), { recursive: true });
    await Deno.writeTextFile(join(recipes, "quick", "recipe.yml"), "repo: fixtures/quick\n");
    const write = (greeting: string) =>
      Deno.writeTextFile(join(recipes, "quick", "install_test.ts"), overTcp(greeting));
    const run = (...args: string[]) =>
      runRecipe(stack, { runs, args: [path, ...args], env: { CCCI_RECIPES: recipes } });
    await write("^HTTP.1\\.1 200");
    const ended = await run("--only", "install", "--keep");
    assert.equal(ended.code, 0, `${ended.stderr}${JSON.stringify(stage(ended, "install"))}`);
    assert.ok(stage(ended, "install")?.proofs.includes("2 tests passed"), JSON.stringify(ended.result));
    const domain = /--tests-only --app (\S+)/.exec(ended.stderr + ended.stdout)?.[1] ?? "";
    assert.notEqual(domain, "", ended.stderr);
    try {
      await write("^SMTP");
      const failed = await run("--tests-only", "--app", domain);
      assert.equal(failed.code, 1, failed.stdout + failed.stderr);
      assert.match(failed.stdout, /✘ install: 1 of 2 tests failed: the port answers/);
      await write("(");
      const broken = await run("--tests-only");
      assert.equal(broken.code, 1, broken.stdout + broken.stderr);
      assert.match(broken.stdout, /✘ install: not run\n {2}recipes\/quick\/install_test\.ts, line 7: /);
      await write("^HTTP");
      await Deno.mkdir(join(path, "tests"));
      await Deno.writeTextFile(join(path, "tests", "own_test.ts"), overTcp("^HTTP"));
      const mended = await run("--tests-only", "--app", domain);
      assert.equal(mended.code, 0, mended.stdout + mended.stderr);
      assert.match(mended.stdout, /✔ install: 2 tests passed[^]*✔ tests: 2 tests passed/);
    } finally {
      await removeKept(stack, join(runs, ended.result?.run ?? ""));
    }
  },
);
