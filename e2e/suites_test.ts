import assert from "node:assert/strict";
import { join } from "node:path";
import { UsageError } from "../common/errors.ts";
import { waitFor } from "../common/time.ts";
import { joinTests } from "./joined_tests.ts";
import { Tally } from "./main.ts";
import { checkFormat, countCases, testCall } from "./run_suite.ts";
import { chooseSuites, planOf, suites, unitFiles, unitFolders } from "./suites.ts";

Deno.test("suites are chosen by name, and a name that is none is answered with all that are", () => {
  assert.deepEqual(chooseSuites({ only: "unit, lint," }).map(({ name }) => name), ["lint", "unit"]);
  assert.ok(chooseSuites({}).length > 5);
  assert.throws(
    () => chooseSuites({ only: "unit,nosuch" }),
    (error: UsageError) => /"nosuch"/.test(error.message) && /format, lint, .*restart/.test(error.hint ?? ""),
  );
  assert.throws(() => chooseSuites({ only: "," }), /names no suite/);
});

Deno.test("a filter is refused for a suite that has no tests", () => {
  assert.throws(() => chooseSuites({ only: "unit,lint", filter: "x" }), /"lint" has none/);
  assert.equal(chooseSuites({ only: "unit", filter: "x" }).length, 1);
  assert.ok(chooseSuites({ filter: "x" }).length > 5);
});

Deno.test("suites that need the same thing have their turns one after the other, whichever are chosen", () => {
  const names = (only?: string) =>
    planOf(chooseSuites(only === undefined ? {} : { only }))
      .map((batch) => batch.map((lane) => lane.map(({ name }) => name).join("+")).join(" "));
  assert.deepEqual(names("lint,types,loop,pages,harness"), ["lint+types", "pages", "harness loop"]);
  assert.equal(names().flatMap((batch) => batch.split(/[ +]/)).length, suites.length);
  const docker = new Set(["demo", "installed", "harness", "loop", "contract", "recipes", "restart"]);
  for (const batch of planOf(suites)) {
    const beside = batch.flat().map(({ name }) => name);
    if (beside.includes("unit") || beside.includes("pages")) {
      assert.deepEqual(beside.filter((name) => docker.has(name)), []);
    }
    const lanes = batch.filter((lane) => lane.some(({ name }) => docker.has(name)));
    if (["demo", "installed", "restart"].some((alone) => beside.includes(alone))) {
      assert.equal(lanes.length, 1);
    }
  }
});

Deno.test("types are checked once: by the suite types, or by the tests where that one was not chosen", () => {
  const all = { filter: ["--filter", "x"] };
  assert.ok(testCall({ ...all, typesChecked: true }, {}).includes("--no-check"));
  assert.deepEqual(testCall({ ...all, typesChecked: false }, { jobs: 2 }), [
    ...["test", "-A", "--no-prompt", "--parallel", "--filter", "x"],
  ]);
});

Deno.test("unit runs every test file beside the source once, in few programs", async () => {
  const into = await Deno.makeTempDir();
  try {
    const root = new URL("..", import.meta.url).pathname;
    const folders = ["enrolment", "bridge", "local"];
    const files = await joinTests(folders, { root, into });
    const parts = await Promise.all(
      files.map(async (file) =>
        file.startsWith(into)
          ? [...(await Deno.readTextFile(file)).matchAll(/file:\/\/(.+)"/g)].map(([, path]) => path)
          : [file]
      ),
    );
    const all = await Promise.all(folders.map((folder) => testFiles(join(root, folder))));
    assert.deepEqual(parts.flat().sort(), all.flat().sort());
    assert.ok(files.length < all.flat().length / 2, `${files.length} programs`);
    for (const name of ["matrix", "matrix_more"]) {
      assert.ok(files.includes(join(root, `bridge/testing/${name}_test.ts`)), "alone");
    }
  } finally {
    await Deno.remove(into, { recursive: true });
  }
});

async function testFiles(folder: string): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(folder));
  const found = await Promise.all(
    entries.map(({ name, isDirectory }) =>
      isDirectory && name !== "tests"
        ? testFiles(join(folder, name))
        : /_test\.tsx?$/.test(name)
        ? [join(folder, name)]
        : []
    ),
  );
  return found.flat();
}

Deno.test("the tests end with their counts, and say that a stack stays up and how to stop it", () => {
  const tally = new Tally();
  const [suite] = chooseSuites({ only: "unit" });
  assert.ok(suite);
  const counts = { passed: 3, failed: 1, failures: ["it works"], ignored: ["it needs Docker"] };
  tally.add(suite, { counts, ms: 2_000 });
  tally.addCheck(null);
  tally.addCheck("Docker holds more");
  assert.equal(
    tally.text(true),
    "\n– unit: it needs Docker\n✗ unit: it works\n✗ Docker holds more\n\n" +
      "✗ unit          3 passed   1 failed        2.0 s\n\n" +
      "The stack stays up for the next tests; `./cc-ci down` takes it down.\n\n4 passed, 2 failed\n",
  );
  assert.doesNotMatch(tally.text(false), /stack/, "none is up");
  assert.match(tally.text(false), /\n4 passed, 2 failed\n$/);
});

Deno.test("the suite format names a file that is not formatted, and what mends it", async () => {
  const tmp = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(join(tmp, "deno.json"), "{}\n");
    await Deno.writeTextFile(join(tmp, "askew.ts"), "const a   = 1\n");
    let shown = "";
    const show = (chunk: Uint8Array) => void (shown += new TextDecoder().decode(chunk));
    const { signal } = new AbortController();
    const context = { tmp, filter: [], typesChecked: false, env: {}, show, signal };
    const { failed, failures } = await checkFormat(context, tmp);
    assert.equal(failed, 1);
    assert.match(failures.join(), /\.\/cc-ci fmt/);
    assert.match(shown, /askew\.ts/);
  } finally {
    await Deno.remove(tmp, { recursive: true });
  }
});

for (const signal of ["SIGTERM", "SIGINT", "SIGHUP", "SIGKILL"] as const) {
  Deno.test(`what ./cc-ci test started ends when ${signal} ends it`, async () => {
    const started = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "-q", "e2e/main.ts", "--only", "lint"],
      cwd: new URL("..", import.meta.url).pathname,
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    let child: number | undefined;
    try {
      await waitFor(async () => (child = await linterOf(started.pid)) !== undefined, {
        what: "the linter to start",
        timeoutMs: 60_000,
      });
      const linter = child ?? 0;
      Deno.kill(linter, "SIGSTOP"); // so that it does not end by itself
      started.kill(signal);
      await waitFor(() => hasEnded(linter), { what: "the linter to end", timeoutMs: 30_000 });
      child = undefined;
      assert.equal((await started.status).success, false);
    } finally {
      if (child !== undefined) Deno.kill(child, "SIGKILL");
    }
  });
}

/** The process that lints for another one, once it has become Deno. */
async function linterOf(parent: number): Promise<number | undefined> {
  for await (const { name } of Deno.readDir(`/proc/${parent}/task`)) {
    const list = await Deno.readTextFile(`/proc/${parent}/task/${name}/children`).catch(() => "");
    for (const pid of list.split(" ").filter((one) => one !== "")) {
      const [program, ...args] = (await Deno.readTextFile(`/proc/${pid}/cmdline`).catch(() => "")).split(
        "\0",
      );
      if (program === Deno.execPath() && args[0] === "lint") return Number(pid);
    }
  }
  return undefined;
}

async function hasEnded(pid: number): Promise<boolean> {
  const state = await Deno.readTextFile(`/proc/${pid}/stat`).catch(() => "");
  return state === "" || /\) Z /.test(state);
}

const passed = '<testcase name="a"></testcase>';
const failed = '<testcase name="b"><failure message="no">no</failure></testcase>';
const ignored = '<testcase name="c (ignored: not here)"><skipped/></testcase>';
const cases: [what: string, report: string, success: boolean, expect: string][] = [
  ["all passed", passed, true, "1 passed, 0 failed, 0 ignored"],
  ["one failed", passed + failed, false, "1 passed, 1 failed, 0 ignored"],
  ["nothing ran", "", true, "0 passed, 1 failed, 0 ignored"],
  ["all were ignored", ignored, true, "0 passed, 0 failed, 1 ignored"],
  ["it broke off", passed, false, "1 passed, 1 failed, 0 ignored"],
];

for (const [what, report, success, expect] of cases) {
  Deno.test(`a suite of which ${what}`, () => {
    const counts = countCases(report, { success, code: success ? 0 : 1 });
    assert.equal(
      `${counts.passed} passed, ${counts.failed} failed, ${counts.ignored.length} ignored`,
      expect,
    );
    assert.equal(counts.failures.length, counts.failed);
  });
}

Deno.test("what a failed test said stands below its name, without the places in the code", () => {
  const said = "AssertionError: one\n\n1 !== 2\n\n    at file:///x_test.ts:1:1";
  const report = `<testcase name="b"><failure message="no"><![CDATA[${said}]]></failure></testcase>`;
  const { failures } = countCases(report, { success: false, code: 1 });
  assert.deepEqual(failures, ["b\n    AssertionError: one\n    1 !== 2"]);
});

Deno.test("of what a failed test said the beginning stands there", () => {
  const said = Array.from({ length: 40 }, (_, number) => `${number} ${"x".repeat(1_000)}`).join("\n");
  const report = `<testcase name="b"><failure message="no">${said}</failure></testcase>`;
  const [failure = ""] = countCases(report, { success: false, code: 1 }).failures;
  const [name, ...lines] = failure.split("\n");
  assert.equal(name, "b");
  assert.deepEqual(lines.map((line) => line.trim().split(" ")[0]), [..."0123456789", "10", "11"]);
  assert.ok(lines.every((line) => line.length <= 404));
});

Deno.test("every file of tests beside the source is run by the suite unit, apart from those of recipes, which need an app", async () => {
  const root = new URL("..", import.meta.url).pathname;
  const folders: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(root)) {
    if (
      isDirectory && !["e2e", "recipes"].includes(name) && !name.startsWith(".") &&
      await holdsTests(join(root, name))
    ) {
      folders.push(name);
    }
  }
  assert.deepEqual(folders.sort(), unitFolders.toSorted());
  for (const file of unitFiles) assert.ok((await Deno.stat(join(root, file))).isFile, file);
});

async function holdsTests(folder: string): Promise<boolean> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory ? await holdsTests(join(folder, name)) : /_test\.tsx?$/.test(name)) return true;
  }
  return false;
}

Deno.test("every file of tests here is run by a suite", async () => {
  const text = await Deno.readTextFile(new URL("suites.ts", import.meta.url));
  const files = [...Deno.readDirSync(new URL(".", import.meta.url))].map(({ name }) => name)
    .filter((name) => name.endsWith("_test.ts")).map((name) => name.replace("_test.ts", ""));
  assert.ok(files.length > 15);
  const run = (name: string) =>
    text.includes(`${name}_test.ts`) || text.includes(`"${name.replace("dashboard_", "")}"`);
  assert.deepEqual(files.filter((name) => !run(name)), []);
});
