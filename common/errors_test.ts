import assert from "node:assert/strict";
import { CcciError, describeError } from "./errors.ts";

Deno.test("an error is told with its causes, each thing once", () => {
  const cause = new Error("it is too small", { cause: new Error("it is too small: 3 MB") });
  assert.equal(
    describeError(new Error("Could not write", { cause })),
    "Could not write: it is too small: it is too small: 3 MB",
  );
  assert.equal(
    describeError(new CcciError("x", "Could not write it", { cause: "write it" })),
    "Could not write it",
  );
  assert.equal(describeError("gone"), "gone");
});

Deno.test("what the system refused is told without its number and the name of the call", async () => {
  const missing = await Deno.readTextFile("/nowhere/it's gone").catch((error) => error);
  assert.equal(describeError(missing), `No such file or directory: "/nowhere/it's gone"`);
  const copied = await Deno.copyFile("/nowhere/a", "/nowhere/b").catch((error) => error);
  assert.equal(describeError(copied), 'No such file or directory: "/nowhere/a" to "/nowhere/b"');
  const refused = await Deno.connect({ transport: "unix", path: "/nowhere" }).catch((error) => error);
  assert.equal(describeError(refused), "No such file or directory");
  const nested = new Error("Could not read the settings", { cause: missing });
  assert.match(describeError(nested), /^Could not read the settings: No such file or directory: "\/nowhere/);
});
