import assert from "node:assert/strict";
import { stringify } from "yaml";
import { readOutside } from "./secrets_file.ts";

Deno.test("a value is readable where any part of it stands there as it is, however deep", async () => {
  const path = await Deno.makeTempFile();
  const ours = "ENC[AES256_GCM,data:x,type:str]";
  await Deno.writeTextFile(
    path,
    stringify({
      ...{ plain: "secret", number: 1, text: ours, nothing: "", none: null },
      ...{ users: { alice: ours, bob: { key: ours, note: "" } }, list: [ours, { a: null }] },
      ...{ open: { alice: ours, bob: { key: "secret" } }, openList: [ours, "secret"] },
      sops: { age: [{ recipient: "ssh-ed25519 AAAAhost" }] },
    }),
  );
  try {
    const { readable, empty } = await readOutside(path);
    assert.deepEqual(readable, ["plain", "number", "open", "openList"]);
    assert.deepEqual(empty, ["nothing", "none"]);
  } finally {
    await Deno.remove(path);
  }
});
