import assert from "node:assert/strict";
import { silentProgress } from "../local/host/progress.ts";
import { ensureStack } from "../local/stack/stack.ts";
import { abraContract } from "../local/abra/contract/main.ts";
import { onRealServices } from "./scene.ts";

onRealServices("the abra in use does what the harness relies on", async () => {
  await ensureStack({ progress: silentProgress, parts: ["backup-bot"] });
  assert.equal(await abraContract({}), 0);
});
