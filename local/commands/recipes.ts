import { bareSettings, harness } from "./harness.ts";

/** `./cc-ci recipes`: the harness' own, which needs no stack. @returns the harness' exit code */
export function recipes(argv: string[]): Promise<number> {
  return harness(["recipes", ...argv], bareSettings());
}
