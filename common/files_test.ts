import assert from "node:assert/strict";
import { join } from "node:path";
import { writeAtomically } from "./files.ts";

Deno.test("a file that is written in one go has the permissions that were asked for, whatever was there", async () => {
  const folder = await Deno.makeTempDir();
  const usual = Deno.umask(0o077);
  try {
    const path = join(folder, "file");
    const mode = async () => ((await Deno.stat(path)).mode ?? 0) & 0o777;
    await Deno.writeTextFile(`${path}.new`, "of a call that was killed", { mode: 0o644 });
    await writeAtomically(path, "one", { mode: 0o755 });
    assert.deepEqual([await Deno.readTextFile(path), await mode()], ["one", 0o755]);
    await writeAtomically(path, new TextEncoder().encode("two"), { mode: 0o600 });
    assert.deepEqual([await Deno.readTextFile(path), await mode()], ["two", 0o600]);
    await writeAtomically(path, "three");
    assert.equal(await Deno.readTextFile(path), "three");
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), ["file"]);
  } finally {
    Deno.umask(usual);
    await Deno.remove(folder, { recursive: true });
  }
});
