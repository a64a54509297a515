import assert from "node:assert/strict";
import { join } from "node:path";
import { checkFiles } from "./check_files.ts";
import { FaultlessTests, type How } from "./faultless.ts";

Deno.test("tests are known by all of their bytes and by which of them are run, and by nothing that a test can write", async () => {
  const folder = await Deno.makeTempDir({ prefix: "ccci-test-" });
  try {
    const known = new FaultlessTests(join(folder, "known"));
    const tests = join(folder, "tests");
    const key = async (files: Record<string, string>, run = ["a_test.ts"], how: How = { confined: true }) => {
      await Deno.mkdir(join(tests, "data"), { recursive: true });
      for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(join(tests, name), text);
      const of = { files: run.map((name) => join(tests, name)), deno: "/deno", ...how };
      const made = await known.keyOf(tests, of);
      await Deno.remove(tests, { recursive: true });
      return made;
    };
    const first = await key({ "a_test.ts": "a", "data/b.json": "1" });
    assert.match(first, /^[0-9a-f]{64}$/);
    assert.equal(await known.has(first), false);
    await known.add(first);
    assert.equal(await known.has(await key({ "a_test.ts": "a", "data/b.json": "1" })), true);
    const others = [
      await key({ "a_test.ts": "b", "data/b.json": "1" }),
      await key({ "a_test.ts": "a", "data/b.json": "2" }),
      await key({ "a_test.ts": "a", "data/c.json": "1" }),
      await key({ "a_test.ts": "a", "data/b.json": "1", "c.ts": "" }),
      await key({ "a_test.ts": "a", "data/b.json": "1" }, ["a_test.ts", "b_test.ts"]),
      await key({ "a_test.ts": "a", "data/b.json": "1" }, ["a_test.ts"], { confined: false }),
      await key({ "a_test.ts": "a", "data/b.json": "1" }, ["a_test.ts"], {
        confined: true,
        purposeOf: () => "seed",
      }),
      // A name and a text that run into each other as the first ones do.
      await key({ "a_test.tsa": "", "data/b.json": "1" }),
    ];
    assert.deepEqual(await Promise.all(others.map((one) => known.has(one))), others.map(() => false));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("what an older look has found is not known to one that looks otherwise", async () => {
  const known = new FaultlessTests("/nowhere");
  const folder = await Deno.makeTempDir({ prefix: "ccci-test-" });
  try {
    const of = { files: [], deno: "/deno", confined: true };
    const now = await known.keyOf(folder, of);
    for (const [name, text] of Object.entries(checkFiles)) {
      const older = { ...checkFiles, [name]: `${text}\n` };
      assert.notEqual(await known.keyOf(folder, { ...of, look: older }), now, name);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a look consists of the file that looks and of all beside it that it imports, the kit aside", () => {
  const found = new Set<string>();
  const follow = (name: string) => {
    if (found.has(name) || name === "kit_files.ts") return;
    found.add(name);
    const text = Deno.readTextFileSync(new URL(name, import.meta.url));
    for (const [, one = ""] of text.matchAll(/from "\.\/([\w.]+)";/g)) follow(one);
  };
  follow("check.ts");
  assert.deepEqual([...found].sort(), Object.keys(checkFiles));
});

Deno.test("what is remembered stays bounded", async () => {
  const folder = await Deno.makeTempDir({ prefix: "ccci-test-" });
  try {
    const known = new FaultlessTests(folder);
    for (let n = 0; n < 501; n++) await known.add(String(n));
    assert.deepEqual(Array.from(Deno.readDirSync(folder), ({ name }) => name), ["500"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
