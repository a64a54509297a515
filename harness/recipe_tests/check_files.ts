import check from "./check.ts" with { type: "text" };
import ground from "./ground.ts" with { type: "text" };
import mistakes from "./mistakes.ts" with { type: "text" };
import sandbox from "./sandbox.ts" with { type: "text" };
import unrun from "./unrun.ts" with { type: "text" };

/**
 * The files that look for mistakes in tests, by name: one that finds more makes what an older one has seen worthless.
 * Their texts are part of the program.
 */
export const checkFiles: Readonly<Record<string, string>> = {
  "check.ts": check,
  "ground.ts": ground,
  "mistakes.ts": mistakes,
  "sandbox.ts": sandbox,
  "unrun.ts": unrun,
};
