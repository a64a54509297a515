import assert from "node:assert/strict";
import { join } from "node:path";
import { fingerprintOf } from "./images.ts";

Deno.test("an image is made anew of a program that was built anew, at the same path and with the same size", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const program = join(folder, "server");
    const contents = { programs: { "/bin/server": program }, files: {}, changes: [] };
    await Deno.writeTextFile(program, "first");
    await Deno.utime(program, 1_000, 1_000);
    const first = await fingerprintOf(contents);
    assert.equal(await fingerprintOf(contents), first);
    await Deno.writeTextFile(program, "other");
    await Deno.utime(program, 2_000, 2_000);
    assert.notEqual(await fingerprintOf(contents), first);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
