import { plainLine } from "../../common/plain_text.ts";
import type { ComposePath } from "../recipe/compose_values.ts";

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
  /** The offending value by itself (path, port, name), by which an exception can name it. */
  subject?: string;
}

/** Reports a finding at a place of the compose file at hand. */
export type ScopedReport = (
  rule: string,
  path: ComposePath,
  finding: Pick<Finding, "message" | "hint" | "subject"> & { severity?: Finding["severity"] },
) => void;

/** Whether our `recipe.yml` permits it: by rule id, or one case by `rule=subject` (`confine.bind=/etc/localtime`). */
export function isPermitted(finding: Finding, exceptions: readonly string[]): boolean {
  const { rule, subject } = finding;
  return exceptions.includes(rule) || (subject !== undefined && exceptions.includes(`${rule}=${subject}`));
}

/** Text from a recipe in a message: quoted, on one line, bounded. */
export function quote(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value) ?? String(value);
  const line = plainLine(text);
  return `"${line.length > 120 ? `${line.slice(0, 120)}…` : line}"`;
}
