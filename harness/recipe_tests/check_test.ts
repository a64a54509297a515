import assert from "node:assert/strict";
import { join } from "node:path";
import { exec } from "../../common/exec.ts";
import type { Purpose } from "./unrun.ts";
import { kitFiles } from "./kit_files.ts";
import { checkTests, type TestCheck, type TestMistake } from "./check.ts";

/** Deno's cache for all checks here. */
const denoDir = await Deno.makeTempDir({ prefix: "ccci-test-" });
globalThis.addEventListener("unload", () => Deno.removeSync(denoDir, { recursive: true }));

/** Checks the files of a folder that are called `…_test.ts`. */
async function check(
  files: Record<string, string>,
  options: { confined?: boolean; timeoutMs?: number; purposeOf?: (name: string) => Purpose } = {},
): Promise<TestCheck> {
  const folder = await Deno.makeTempDir({ prefix: "ccci-test-" });
  try {
    await Deno.writeTextFile(join(folder, "secret.ts"), "export const key: number = 'of the host';");
    await Deno.mkdir(join(folder, "tests"));
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(join(folder, "tests", name), text);
    }
    const names = Object.keys(files).filter((name) => name.endsWith("_test.ts"));
    return await checkTests({
      files: names.map((name) => join(folder, "tests", name)),
      tmp: join(folder, "tmp"),
      deno: Deno.execPath(),
      denoDir,
      timeoutMs: options.timeoutMs ?? 180_000,
    }, { confined: options.confined ?? false, purposeOf: options.purposeOf ?? (() => "test") });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const kit = (names: string) => `import { ${names} } from "cc-ci";\n`;

/** What keeps Deno from even reading a file, and the mistake that is told: rule, line and sentence. */
const unreadable: Record<
  string,
  [files: Record<string, string>, expected: Omit<TestMistake, "file" | "column">]
> = {
  "an import from npm": [
    { "a_test.ts": `${kit("test")}import pad from "npm:left-pad@1.3.0";\ntest("x", () => void pad);` },
    {
      rule: "tests.import",
      line: 2,
      message:
        `"npm:left-pad@1.3.0" cannot be imported: a test imports the kit ("cc-ci"), Node's own modules ("node:…") and files beside it`,
    },
  ],
  "an import from jsr": [
    { "a_test.ts": `${kit("test")}\nimport { equal } from "jsr:@std/assert";\ntest("x", () => void equal);` },
    {
      rule: "tests.import",
      line: 3,
      message:
        `"jsr:@std/assert" cannot be imported: a test imports the kit ("cc-ci"), Node's own modules ("node:…") and files beside it`,
    },
  ],
  "an import from the network": [
    { "a_test.ts": `import * as a from "https://deno.land/x/a.ts";\nvoid a;` },
    {
      rule: "tests.import",
      line: 1,
      message:
        `"https://deno.land/x/a.ts" cannot be imported: a test imports the kit ("cc-ci"), Node's own modules ("node:…") and files beside it`,
    },
  ],
  "types from the network": [
    { "a_test.ts": `/// <reference types="https://example.org/a.d.ts" />\nexport {};` },
    {
      rule: "tests.import",
      line: 1,
      message:
        `"https://example.org/a.d.ts" cannot be imported: a test imports the kit ("cc-ci"), Node's own modules ("node:…") and files beside it`,
    },
  ],
  "a call that does not end": [
    { "a_test.ts": `${kit("test")}test("x", () => {\n` },
    { rule: "tests.syntax", line: 2, message: "This is not TypeScript: Expected ',', got '<eof>'" },
  ],
};
for (const [name, [files, expected]] of Object.entries(unreadable)) {
  Deno.test(`${name} is named with file and line`, async () => {
    const { mistakes, complete } = await check(files);
    assert.deepEqual(mistakes.map(({ column: _, ...mistake }) => mistake), [{
      ...expected,
      file: "a_test.ts",
    }]);
    assert.ok(complete && mistakes.every(({ column = 0 }) => column > 0));
  });
}

Deno.test("a mistake in a helper is named at the helper", async () => {
  const { mistakes } = await check({
    "a_test.ts": `import { b } from "./b.ts";\nvoid b;`,
    "b.ts": "export const a = 1;\nexport const b = (;",
  });
  assert.deepEqual(mistakes.map(({ file, line, rule }) => [file, line, rule]), [["b.ts", 2, "tests.syntax"]]);
});

Deno.test("what the type checker finds is said in sentences, each with its place", async () => {
  const { mistakes, complete } = await check({
    "kit_test.ts": `${kit("test, fetchh, nothing")}test("x", () => void [fetchh, nothing]);`,
    "page_test.ts": `${
      kit("page, test")
    }test("x", async () => {\n  await (await page("/")).fil("a", "b");\n});`,
    "app_test.ts": `${kit("test")}test("x", () => void app.domain);`,
    "type_test.ts": `${kit("test")}const n: number = "x";\ntest("x", () => void n);`,
    "helper_test.ts": `${
      kit("test")
    }import { a } from "./no.ts";\nimport { b } from "./there";\ntest("x", () => void [a, b]);`,
    "there.ts": "export const b = 1;",
    "bare_test.ts": `${
      kit("test")
    }import pad from "left-pad";\nimport fs from "fs";\ntest("x", () => void [pad, fs]);`,
    "fine_test.ts": `${kit("test")}import { b } from "./there.ts";\ntest("x", () => void b);`,
  });
  assert.equal(complete, true);
  const allowed = `a test imports the kit ("cc-ci"), Node's own modules ("node:…") and files beside it`;
  const told = mistakes.map(({ file, line, rule, message }) => `${file}:${line} ${rule} ${message}`);
  assert.deepEqual(told.filter((text) => !text.includes('"nothing"')).toSorted(), [
    'app_test.ts:2 tests.types "app" is not imported: import { app } from "cc-ci"',
    `bare_test.ts:2 tests.import "left-pad" cannot be imported: ${allowed}`,
    `bare_test.ts:3 tests.import "fs" cannot be imported: Node's module is called "node:fs"`,
    'helper_test.ts:2 tests.import There is no file "./no.ts"',
    'helper_test.ts:3 tests.import There is no file "./there": the import has to say "./there.ts"',
    'kit_test.ts:1 tests.types The kit has no "fetchh": did you mean "fetch"?',
    'page_test.ts:3 tests.types There is no "fil" on a page: did you mean "fill"?',
    "type_test.ts:2 tests.types Type 'string' is not assignable to type 'number'",
  ]);
  assert.match(
    told.find((text) => text.includes('"nothing"')) ?? "",
    /^kit_test\.ts:1 .*; it has .*\bfetch\b.*\bpage\b/,
  );
});

Deno.test("a file without any test is a mistake, one whose helper defines them is none", async () => {
  const { mistakes } = await check({
    "blank_test.ts": "\n",
    "idle_test.ts": "export const a = 1;",
    "short_test.ts": `import "./all.ts";`,
    "all.ts": `${kit("test")}test("x", () => {});`,
    "own_test.ts": `Deno.test("x", () => {});`,
  });
  assert.deepEqual(mistakes, [
    { rule: "tests.none", file: "blank_test.ts", message: "The file is empty" },
    { rule: "tests.none", file: "idle_test.ts", message: "The file holds no test" },
  ]);
});

Deno.test("what a test imports only while it runs is looked at as well", async () => {
  const { mistakes } = await check({
    "late_test.ts": `${kit("test")}// import("npm:unused")
/* import("npm:unused")
*/
test("x", async () => void await import("npm:left-pad"));
test("y", async () => void [await import("./no.ts"), await import('./there')]);
test("z", async () => void await import("./helper.ts"));`,
    "helper.ts": `export const a = await import("https://example.org/a.ts").catch(() => null);`,
    "there.ts": "export {};",
    "data.json": "{}",
    "fine_test.ts": `${kit("test")}const name = "./x.ts";
test("x", async () => void [await import("node:fs"), await import("cc-ci"), await import("./there.ts")]);
test("y", async () => void [await import("./data.json", { with: { type: "json" } }), await import(name)]);`,
    "alone.ts": `export const a = () => import("npm:left-pad");`,
  });
  const allowed =
    `cannot be imported: a test imports the kit ("cc-ci"), Node's own modules ("node:…") and files beside it`;
  assert.deepEqual(mistakes.map(({ file, line, rule, message }) => `${file}:${line} ${rule} ${message}`), [
    `late_test.ts:5 tests.import "npm:left-pad" ${allowed}`,
    'late_test.ts:6 tests.import There is no file "./no.ts"',
    'late_test.ts:6 tests.import There is no file "./there": the import has to say "./there.ts"',
    `helper.ts:1 tests.import "https://example.org/a.ts" ${allowed}`,
  ]);
});

Deno.test("a file that is to set an app up and does not is a mistake", async () => {
  const { mistakes } = await check({
    "blank_test.ts": "",
    "idle_test.ts": `${kit("test")}test("x", () => {});`,
    "fine_test.ts": `${kit("setup")}setup(() => {});`,
  }, { purposeOf: () => "setup" });
  assert.deepEqual(mistakes.map(({ file, message }) => [file, message]), [
    ["blank_test.ts", "The file is empty"],
    ["idle_test.ts", 'The file does not call "setup" of the kit'],
  ]);
});

Deno.test("a check that has no time to end says nothing", async () => {
  assert.deepEqual(await check({ "a_test.ts": `${kit("test")}test("x", () => {});` }, { timeoutMs: 1 }), {
    mistakes: [],
    complete: false,
  });
});

const spaces = Deno.uid() === 0 ? [] : ["--user", "--map-root-user"];
const confinable = (await exec(["unshare", ...spaces, "--net", "true"])).success;

Deno.test({
  name: "confined: nothing outside the folder is read, and a check without end is ended",
  ignore: !confinable,
  async fn() {
    const read = await check({
      "host_test.ts": `import * as a from "../secret.ts";\nimport * as b from "/etc/passwd";\nvoid [a, b];`,
      "fine_test.ts": `${kit("test")}test("x", () => {});`,
    }, { confined: true });
    assert.deepEqual(read.mistakes.map(({ file, line, message }) => [file, line, message]), [
      ["host_test.ts", 1, 'There is no file "../secret.ts"'],
      ["host_test.ts", 2, 'There is no file "/etc/passwd"'],
    ]);
    const late = await check({ "a_test.ts": `${kit("test")}test("x", () => {});` }, {
      confined: true,
      timeoutMs: 1,
    });
    assert.equal(late.complete, false);
  },
});

Deno.test("the texts of the kit are those of its files, all of them", async () => {
  const folder = new URL("../kit/", import.meta.url);
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) =>
    !/_test\.ts$/.test(name)
  );
  assert.deepEqual(Object.keys(kitFiles), names.toSorted());
  for (const name of names) assert.equal(kitFiles[name], await Deno.readTextFile(new URL(name, folder)));
});
