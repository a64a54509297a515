import type { RunContext } from "../run_context.ts";
import { type StageContext, StageSkipped } from "../stage.ts";

/** What the recipe's authors know. */
export function testsStage(_run: RunContext, _ctx: StageContext): Promise<void> {
  return Promise.reject(new StageSkipped("the recipe brings no tests"));
}
