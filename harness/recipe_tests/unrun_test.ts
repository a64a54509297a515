import assert from "node:assert/strict";
import { fulfils, lateImports, unrunTests } from "./unrun.ts";

function sourcesOf(files: Record<string, string>) {
  return { names: Object.keys(files), text: (name: string) => files[name] ?? "" };
}

const defining = 'import { test } from "cc-ci";\ntest("x", () => {});\n';

Deno.test("files that look like tests and are not run are found, helpers of tests are not", () => {
  const files = {
    "install_test.ts": `import "./shared.ts";\n${defining}`,
    "shared.ts": `export * from "./deeper/more.ts";\n${defining}`,
    "deeper/more.ts": defining,
    "account.ts": 'import { page } from "cc-ci";\nexport const logIn = () => page("/");',
    "instal_test.ts": defining,
    "front.test.ts": defining,
    "login-spec.mjs": "",
    "test_login.ts": "",
    "deeper/upgrade_test.ts": defining,
    "foo.ts": defining,
    "deno.ts": 'Deno.test("x", () => {});',
    "latest.ts": "export const contest = 1;",
    "notes.ts": '// import { test } from "cc-ci"; test(...)\nexport const n = 1;',
    "data_test.json": "{}",
  };
  assert.deepEqual(unrunTests(["install_test.ts"], sourcesOf(files)), [
    "deeper/upgrade_test.ts",
    "deno.ts",
    "foo.ts",
    "front.test.ts",
    "instal_test.ts",
    "login-spec.mjs",
    "test_login.ts",
  ]);
});

Deno.test("a file holds no test only where that is certain", () => {
  const sources = sourcesOf({
    "a_test.ts": 'import "./b.ts";',
    "b.ts": 'import "./a_test.ts";',
    "c_test.ts": 'import "./d.ts";',
    "d.ts": defining,
    "e_test.ts": 'const glob = "/**";\nimport { test as it } from "cc-ci";\nit("x", () => {});\n// */',
    "f_test.ts": 'import "../elsewhere.ts";',
  });
  assert.deepEqual(
    ["a", "c", "e", "f"].map((name) => fulfils("test", { name: `${name}_test.ts`, ...sources })),
    [
      false,
      true,
      true,
      true,
    ],
  );
});

Deno.test("what only stands in comments, or is imported and not called, is no test", () => {
  const imported = 'import { fetch, test } from "cc-ci";\n';
  const empty = {
    "a_test.ts": `${imported}// test("x", () => {});\n`,
    "b_test.ts": `${imported}/*\n  test("x", () => {});\n*/\nawait fetch("/");`,
    "c_test.ts": imported,
    "d_test.ts": "// a test for later\n",
  };
  const full = {
    "e_test.ts": `${imported}// test\ntest("x", () => {}); // x`,
    "f_test.ts": 'import * as kit from "cc-ci";\nkit.test("x", () => {});',
    "g_test.ts": `${imported}const all = "/*";\ntest("x", () => {});\nconst end = "*/";`,
    "h_test.ts": 'import {\n  test as it,\n} from "cc-ci";\nit("x", () => {});',
    "i_test.ts": `${imported}const url = "https://x/"; test("x", () => {});`,
  };
  const sources = sourcesOf({ ...empty, ...full });
  for (const name of Object.keys(empty)) assert.ok(!fulfils("test", { name, ...sources }), name);
  for (const name of Object.keys(full)) assert.ok(fulfils("test", { name, ...sources }), name);
});

Deno.test("files that look like steps before the tests and are not run are found, readers of connections are not", () => {
  const files = {
    "setup.ts":
      'import { setup } from "cc-ci";\nimport { logIn } from "./reader.ts";\nsetup(() => void logIn);',
    "reader.ts":
      'import { tcp } from "cc-ci";\nexport const logIn = async () => (await tcp("app", 1)).read();',
    "greet.ts":
      'import { tcp } from "cc-ci";\nexport const greet = async () => (await tcp("app", 1)).read();',
    "Set_up.ts": "",
    "sow.ts": 'import { page, seed } from "cc-ci";\nseed(() => void page);',
    "reads.js": "",
  };
  assert.deepEqual(unrunTests(["setup.ts"], { ...sourcesOf(files), steps: true }), [
    "Set_up.ts",
    "reads.js",
    "sow.ts",
  ]);
  assert.deepEqual(unrunTests(["setup.ts"], sourcesOf(files)), []);
});

Deno.test("a late import is one in code, not one that a string, a template or a comment holds", () => {
  const lateIn = (text: string) =>
    lateImports(["a_test.ts"], sourcesOf({ "a_test.ts": text })).map(({ line, named }) => `${line} ${named}`);
  const none = [
    `assert(body.includes('import("/assets/app.js")'));`,
    `assert(body.includes("import('./main.js')"));`,
    `const said = "it's \\" import('./main.js')";`,
    'const page = `<script type="module">\n  import("./main.js");\n</script>`;',
    `const said = "a // b"; // import("npm:x")`,
    `/* import("npm:x")\n import("npm:x") */`,
    `await api.import("/backup.json"); await api?.import("/backup.json");`,
  ];
  for (const text of none) assert.deepEqual(lateIn(text), [], text);
  const some = [
    `test("it's here", async () => void await import("npm:x"));`,
    `const url = "https://x/"; await import('npm:x');`,
    "const said = `a`; await import(`npm:x`);",
    `const is = /https?:\\/\\//.test(url) && await import("npm:x");`,
  ];
  for (const text of some) assert.deepEqual(lateIn(text), ["1 npm:x"], text);
  assert.deepEqual(lateIn('const is = /"/.test(said);\nawait import( "npm:x" );'), ["2 npm:x"]);
  assert.deepEqual(lateIn('const page = `\n"`;\nawait import("npm:x");'), ["3 npm:x"]);
});
