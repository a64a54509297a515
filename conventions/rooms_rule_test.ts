import assert from "node:assert/strict";
import { faultsOfMap, findCircle, readHouseMap } from "./house_map.ts";
import { ownNames } from "./named_files.ts";
import { type House, roomsPlugin } from "./rooms_rule.ts";

const map = `# Architecture

| room | holds | to change … start at … | may import |
| --- | --- | --- | --- |
| \`common/\` | tools | \`a.ts\` | - |
| \`protocol/\` | messages | \`a.ts\` | - |
| \`harness.ts\` | entry | itself | command |
| \`harness/command/\` | requests | \`cli.ts\` | lint |
| \`harness/kit/\` | the kit | \`mod.ts\` | - |
| \`harness/lint/\` | rules | \`lint.ts\` | - |
| \`harness/testing/\` | for tests | \`a.ts\` | - |
| \`bench/\` | speed | \`a.ts\` | harness/testing |
| \`local/\` | entry | \`main.ts\` | stack |
| \`local/stack/\` | the stack | \`stack.ts\` | - |

| another | table |
| --- | --- |
`;

const house: House = {
  root: "/house",
  rooms: readHouseMap(map),
  names: ownNames(`{"imports": {"cc-ci": "./harness/kit/mod.ts", "zod": "npm:zod@4"}}`),
};

/** What the rule says to a file, as its messages. */
function told(file: string, source: string): string[] {
  return Deno.lint.runPlugin(roomsPlugin(house), `/house/${file}`, source)
    .map(({ message }) => message);
}

const refusal = [`"harness/lint" may not import "harness/command"`];

Deno.test("rooms: every way to name a file of a room that may not be imported is refused", () => {
  const sources = {
    "import": `import { run } from "../command/cli.ts";`,
    "import for effect": `import "../command/cli.ts";`,
    "type-only import": `import type { Run } from "../command/cli.ts";`,
    "type-only name": `import { type Run } from "../command/cli.ts";`,
    "re-export": `export { run } from "../command/cli.ts";`,
    "re-export of everything": `export * from "../command/cli.ts";`,
    "re-export of types": `export type { Run } from "../command/cli.ts";`,
    "dynamic import": `await import("../command/cli.ts");`,
    "dynamic import, template": "await import(`../command/cli.ts`);",
    "dynamic import inside of a function":
      `const load = async () => (await import("../command/cli.ts")).run();`,
    "import in a type": `type Run = import("../command/cli.ts").Run;`,
    "import.meta.resolve": `console.info(import.meta.resolve("../command/cli.ts"));`,
    "import as a name for require": `import run = require("../command/cli.ts");`,
    "require": `const { run } = require("../command/cli.ts");`,
    "import.meta.resolve, quoted": `console.info(import.meta["resolve"]("../command/cli.ts"));`,
    "URL of a source file": `new Worker(new URL("../command/cli.ts", import.meta.url));`,
    "URL by globalThis": `new Worker(new globalThis.URL("../command/cli.ts", import.meta.url));`,
    "URL by globalThis, quoted": `new Worker(new globalThis["URL"]("../command/cli.ts", import.meta.url));`,
  };
  for (const [what, source] of Object.entries(sources)) {
    assert.deepEqual(told("harness/lint/lint.ts", source), refusal, what);
  }
  assert.deepEqual(told("harness/lint/below/lint.tsx", `import "../../command/cli.ts";`), refusal);
});

Deno.test("rooms: a name of the import map counts as the file that it stands for", () => {
  assert.deepEqual(told("harness/lint/lint.ts", `import { test } from "cc-ci";`), [
    `"harness/lint" may not import "harness/kit"`,
  ]);
  assert.deepEqual(told("harness/lint/lint.ts", `import { z } from "zod"; import "node:fs";`), []);
});

Deno.test("rooms: what the map allows passes, and so does what is shared, and one's own room", () => {
  assert.deepEqual(
    told("harness/command/cli.ts", `import "../lint/lint.ts"; import "../../common/a.ts";`),
    [],
  );
  assert.deepEqual(
    told("harness/lint/lint.ts", `import "./below/other.ts"; import "../../protocol/a.ts";`),
    [],
  );
  assert.deepEqual(told("harness.ts", `await import("./harness/command/cli.ts");`), []);
  assert.deepEqual(told("local/main.ts", `await import("./stack/stack.ts");`), []);
});

Deno.test("rooms: the shared rooms import nobody, each other included", () => {
  assert.deepEqual(told("common/a.ts", `import "../protocol/a.ts";`), [`"common" may not import "protocol"`]);
  assert.deepEqual(told("protocol/a.ts", `import "../harness/lint/lint.ts";`), [
    `"protocol" may not import "harness/lint"`,
  ]);
});

Deno.test("rooms: the place of a program's entry file may be asked for, to start it, and nothing be imported from it", () => {
  assert.deepEqual(told("harness/lint/lint.ts", `import.meta.resolve("../../harness.ts");`), []);
  assert.deepEqual(told("harness/lint/lint.ts", `import "../../harness.ts";`), [
    `"harness/lint" may not import "harness.ts"`,
  ]);
});

Deno.test("rooms: an import whose path is computed is refused, as nobody can follow it", () => {
  assert.deepEqual(told("harness/lint/lint.ts", "await import(`../${name}/cli.ts`);"), [
    "An import whose path is computed cannot be held to the directory map",
  ]);
});

Deno.test("rooms: a path that begins at the root of a machine is refused, whatever it names", () => {
  for (const path of ["/house/harness/command/cli.ts", "file:///house/harness/lint/other.ts"]) {
    const message = [`"${path}" names a file by its place on one machine`];
    const sources = [
      `import "${path}";`,
      `await import("${path}");`,
      `require("${path}");`,
      `import.meta.resolve("${path}");`,
      `new URL("${path}", import.meta.url);`,
    ];
    for (const source of sources) assert.deepEqual(told("harness/lint/lint.ts", source), message, source);
  }
  assert.equal(told("harness/lint/lint.ts", `new URL("file:///house/harness/command/cli.ts");`).length, 1);
});

Deno.test("rooms: a file in no room is refused, also in a new folder beside the rooms of a program", () => {
  for (const file of ["attic/a.ts", "new.ts", "harness/a.ts", "harness/attic/a.ts", "local/attic/a.ts"]) {
    assert.deepEqual(told(file, "export {};"), [`Cannot tell which room "${file}" lies in`], file);
  }
  assert.deepEqual(
    told("harness/attic/a_test.ts", "export {};").length,
    1,
    "a test lies in a room like any file",
  );
  assert.deepEqual(told("harness/lint/lint.ts", `import "../attic/a.ts";`), [
    `"harness/lint/lint.ts" names "harness/attic/a.ts", which lies in no room`,
  ]);
});

Deno.test("rooms: tests and what only tests use may import what they need, and nobody else imports a test", () => {
  const source = `import "../command/cli.ts";`;
  for (const file of ["harness/lint/lint_test.ts", "harness/testing/a.ts", "harness/lint/testing/a.ts"]) {
    assert.deepEqual(told(file, source), [], file);
  }
  assert.deepEqual(told("harness/command/cli.ts", `import "../lint/lint_test.ts";`), [
    `"harness/command/cli.ts" is no test and may not import the test "harness/lint/lint_test.ts"`,
  ]);
  assert.deepEqual(told("harness/lint/lint.ts", `import "./testing/a.ts";`).length, 1);
  assert.deepEqual(told("bench/a.ts", `import "../harness/testing/a.ts";`), []);
  assert.deepEqual(told("bench/a.ts", `import "../harness/testing/a_test.ts";`), [
    `"bench/a.ts" is no test and may not import the test "harness/testing/a_test.ts"`,
  ]);
  assert.deepEqual(told("harness/lint/lint.ts", `import "../testing/a.ts";`), [
    `"harness/lint" may not import "harness/testing"`,
  ]);
});

Deno.test("rooms: the hint says what is allowed and where that stands", () => {
  const [refused] = Deno.lint.runPlugin(
    roomsPlugin(house),
    "/house/harness/command/cli.ts",
    `import "cc-ci";`,
  );
  assert.match(
    refused?.hint ?? "",
    /docs\/architecture\.md it may import harness\/lint, common, protocol\. Move/,
  );
});

/** Faults of the example map after one of its texts is replaced. */
function faultsWith(text: string, replacement: string): string[] {
  assert.ok(map.includes(text));
  return faultsOfMap(readHouseMap(map.replace(text, replacement)));
}

Deno.test("map: a circle of rooms is a fault, and the circle is named", () => {
  assert.deepEqual(faultsOfMap(house.rooms), []);
  assert.deepEqual(faultsWith("| `lint.ts` | - |", "| `lint.ts` | command |"), [
    "Rooms may import each other in a circle: harness/command → harness/lint → harness/command",
  ]);
  assert.deepEqual(findCircle(new Map([["a", ["b"]], ["b", ["c", "d"]], ["d", ["b"]]])), ["b", "d", "b"]);
  assert.deepEqual(findCircle(new Map([["a", ["a"]]])), ["a", "a"]);
  assert.equal(findCircle(new Map([["a", ["b", "c"]], ["b", ["c"]]])), undefined);
});

Deno.test("map: a room without a row, a room with two, and a shared room in a row are faults", () => {
  assert.deepEqual(faultsWith("| `cli.ts` | lint |", "| `cli.ts` | lint, attic |"), [
    `"harness/command" may import "attic", which has no row`,
  ]);
  assert.deepEqual(faultsWith("`harness/kit/`", "`harness/lint/`"), [`"harness/lint" has two rows`]);
  assert.deepEqual(faultsWith("| `cli.ts` | lint |", "| `cli.ts` | lint, common |"), [
    `"harness/command" lists "common", which everybody may import`,
  ]);
});

Deno.test("map: only what tests and measures may be allowed what is for tests", () => {
  assert.deepEqual(faultsWith("| `cli.ts` | lint |", "| `cli.ts` | lint, testing |"), [
    `"harness/command" may import "harness/testing", which is for tests`,
  ]);
});

Deno.test("map: no program may be allowed another's folder or entry file", () => {
  const row = "| `bridge/x/` | x | `x.ts` | harness/lint |\n| `common/`";
  assert.deepEqual(faultsWith("| `common/`", row), [
    `"bridge/x" may import "harness/lint": no program imports another's folder`,
  ]);
  assert.deepEqual(faultsWith("| `common/`", row.replace("harness/lint", "harness.ts")), [
    `"bridge/x" may import "harness.ts": no program imports another's folder`,
  ]);
});

Deno.test("map: a table that cannot be read says which row it is", () => {
  assert.throws(() => readHouseMap("# Architecture\n"), /Cannot find the directory map/);
  assert.throws(
    () => readHouseMap(map.replace("| tools ", "")),
    /Cannot read the row "\| `common\/` \| `a.ts` \| - \|"/,
  );
});
