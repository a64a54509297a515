import assert from "node:assert/strict";
import { checkContract } from "../local/commands/abra_contract.ts";
import { onRealServices } from "./scene.ts";

onRealServices("the abra in use does what the harness relies on", async () => {
  assert.equal(await checkContract([]), 0);
});
