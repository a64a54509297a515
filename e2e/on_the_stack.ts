import { join } from "node:path";
import type { Stack } from "../local/stack/stack.ts";
import { type Ended, stackForRuns } from "./harness_cli.ts";
import { assertNothingLeft, assertSameInventory, inventory } from "./inventory.ts";
import { onRealServices } from "./scene.ts";

export interface Bench {
  stack: Stack;
  /** Scratch folder of this test. */
  folder: string;
  /** Folder for this test's runs: nobody else waits for its slot. */
  runs: string;
  before: string[];
}

/** A test with a stack and a scratch folder, and the demand that Docker holds nothing of its runs afterwards. */
export function onTheStack(name: string, work: (bench: Bench) => Promise<void>): void {
  onRealServices(name, async () => {
    const stack = await stackForRuns();
    const folder = await Deno.makeTempDir({ prefix: "cc-ci-e2e-" });
    const runs = join(folder, "runs");
    try {
      const before = await inventory();
      await work({ stack, folder, runs, before });
      await assertNothingLeft(runs);
      await assertSameInventory(before);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

/** Report of a stage. */
export function stage(ended: Ended, name: string) {
  return ended.result?.stages.find((one) => one.name === name);
}
