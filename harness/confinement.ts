import { CcciError } from "../common/errors.ts";
import type { Compose } from "./compose.ts";

/** Something that a check found in a recipe. */
export interface Finding {
  /** Stable id such as `confine.bind`. */
  rule: string;
  severity: "error" | "warning";
  /** Relative to the checkout. */
  file: string;
  line?: number;
  /** One sentence without a final period. */
  message: string;
  hint?: string;
  /** The offending value by itself (path, port, name); an exception may name it: `confine.bind=/etc/localtime`. */
  subject?: string;
}

export interface ConfinementOptions {
  /** Folder of the recipe. */
  checkout: string;
  stack: string;
  /** Domains of this run that the app may answer at. */
  domains: readonly string[];
  /** Rule ids, or `rule=subject`, that `recipe.yml` permits. */
  exceptions?: readonly string[];
}

/** What a pull request may not ask of the host. Call it for the compose files of base and head. */
export function checkConfinement(compose: Compose, options: ConfinementOptions): Finding[] {
  throw new CcciError("todo", `${compose.ok} ${options.stack}`);
}
