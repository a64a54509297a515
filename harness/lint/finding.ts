import { plainLine } from "../../common/plain_text.ts";
import type { ComposePath } from "../recipe/compose_values.ts";

/** Something that a check found in a recipe. */
export interface Finding {
  /** Stable id such as `confine.bind`. */
  rule: string;
  /** An error fails the run, a warning keeps it from the highest level, a note is listed only. */
  severity: "error" | "warning" | "note";
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
  if (rule === "confine.reading") return false; // what is read in two ways cannot be judged at all
  if (exceptions.includes(rule)) return true;
  return subject !== undefined &&
    exceptions.some((one) => one === `${rule}=${subject}` || spans(one, finding));
}

/** Exceptions whose subjects hold names of the run, filled in: `confine.router=traefik.tcp.routers.${STACK_NAME}-x.rule`. */
export function fillIn(
  exceptions: readonly string[],
  { stack, domain }: { stack: string; domain: string },
): string[] {
  return exceptions.map((one) => one.replaceAll("${STACK_NAME}", stack).replaceAll("${DOMAIN}", domain));
}

/** Whether an exception for a range of ports (`confine.port=8448-8450`) holds the port at hand. */
function spans(exception: string, { rule, subject }: Finding): boolean {
  const range = /^confine\.port=([0-9]+)-([0-9]+)$/.exec(exception);
  if (range === null || rule !== "confine.port" || !/^[0-9]+$/.test(subject ?? "")) return false;
  return Number(range[1]) <= Number(subject) && Number(subject) <= Number(range[2]);
}

/** Text from a recipe in a message: quoted, on one line, bounded. */
export function quote(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value) ?? String(value);
  const line = plainLine(text);
  return `"${line.length > 120 ? `${line.slice(0, 120)}…` : line}"`;
}

/** `compose.yml, line 12` */
export function place({ file, line }: Pick<Finding, "file" | "line">): string {
  return line === undefined ? file : `${file}, line ${line}`;
}
