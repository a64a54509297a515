import { assignedName } from "../../common/env_file.ts";
import { CcciError } from "../../common/errors.ts";

/**
 * Sets variables in an app's `.env`: the first assignment of each is replaced where it stands, later ones (the
 * append idiom of COMPOSE_FILE) are dropped, commented ones are left alone, new ones are added at the end.
 * @throws {CcciError} `env.value` for a value that an env file cannot hold
 */
export function setEnv(text: string, values: Readonly<Record<string, string>>): string {
  const pending = new Map(Object.entries(values));
  const seen = new Set<string>();
  const lines: string[] = [];
  for (const line of text.split("\n")) {
    const name = assignedName(line);
    const value = name === null ? undefined : values[name];
    if (name === null || value === undefined) {
      lines.push(line);
      continue;
    }
    pending.delete(name);
    if (!seen.has(name)) lines.push(`${name}=${quote(name, value)}`);
    seen.add(name);
  }
  while (lines.at(-1) === "") lines.pop();
  for (const [name, value] of pending) lines.push(`${name}=${quote(name, value)}`);
  return `${lines.join("\n")}\n`;
}

/** Variables that are assigned (not commented out) in an env file, in order. */
export function assignedNames(text: string): string[] {
  return [...new Set(text.split("\n").map(assignedName).filter((name) => name !== null))];
}

/**
 * Lines of a newer `.env.sample` for variables that an app's settings do not know yet: what an operator would copy
 * over when a release asks for it. Taken verbatim, so that abra's `# length=…` modifiers come along.
 */
export function missingLines(settings: string, sample: string): string[] {
  const known = new Set(assignedNames(settings));
  return sample.split("\n").filter((line) => {
    const name = assignedName(line);
    return name !== null && !known.has(name);
  });
}

/** Line (from 1) on which a text assigns a variable, with `export` or without. */
export function assignmentLine(text: string, name: string): number | undefined {
  const at = text.split("\n").findIndex((line) => new RegExp(`^\\s*(export\\s+)?${name}\\s*[=:]`).test(line));
  return at === -1 ? undefined : at + 1;
}

/** Whether `.env.sample` shows a variable, be it commented out: then the recipe means it to be left out at times. */
export function isInSample(sample: string, name: string): boolean {
  return new RegExp(`^[\\s#]*${name}\\s*=`, "m").test(sample);
}

function quote(name: string, value: string): string {
  if (/[\n\r\0]/.test(value)) throw new CcciError("env.value", `Value of "${name}" must be a single line`);
  if (!/[\s#"'`$\\]/.test(value)) return value;
  if (!value.includes("'")) return `'${value}'`;
  if (!/["$`\\]/.test(value)) return `"${value}"`;
  throw new CcciError("env.value", `Value of "${name}" mixes quotes in a way no env file can hold`);
}
