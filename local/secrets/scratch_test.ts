import assert from "node:assert/strict";
import { join } from "node:path";
import { withScratch } from "./scratch.ts";

async function names(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).toSorted();
}

Deno.test("what a killed editor left readable goes with the next call, and what one has open stays", async () => {
  const memory = await Deno.makeTempDir({ prefix: "ccci-test-" });
  try {
    await Deno.mkdir(join(memory, "cc-ci-secrets-killed"));
    await Deno.writeTextFile(join(memory, "cc-ci-secrets-killed", "secrets.yaml"), "bridge_token: readable");
    await Deno.mkdir(join(memory, "somebody-else"));
    await withScratch(async (first) => {
      assert.equal((await names(memory)).length, 2);
      await withScratch(async () => assert.ok((await Deno.stat(first)).isDirectory), memory);
    }, memory);
    assert.deepEqual(await names(memory), ["somebody-else"]);
  } finally {
    await Deno.remove(memory, { recursive: true });
  }
});

Deno.test("a terminal that goes away leaves nothing readable", async () => {
  const memory = await Deno.makeTempDir({ prefix: "ccci-test-" });
  const script = `import { withScratch } from ${JSON.stringify(import.meta.resolve("./scratch.ts"))};
    await withScratch(async (folder) => {
      await Deno.writeTextFile(folder + "/secrets.yaml", "readable");
      // As sops and the editor do, which end with the terminal.
      const child = new Deno.Command("sh", { args: ["-c", "kill -HUP $PPID; kill -HUP $$"] }).spawn();
      await child.status;
    }, ${JSON.stringify(memory)});`;
  try {
    const { code } = await new Deno.Command(Deno.execPath(), {
      args: ["eval", script],
      stderr: "inherit",
    }).output();
    assert.equal(code, 0);
    assert.deepEqual(await names(memory), []);
  } finally {
    await Deno.remove(memory, { recursive: true });
  }
});
