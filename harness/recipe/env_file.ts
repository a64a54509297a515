import { assignedName, LONGEST_LINE, parseEnvFile } from "../../common/env_file.ts";
import { quoted, unwritable } from "../../common/env_value.ts";
import { CcciError } from "../../common/errors.ts";

/**
 * An app's settings with some of them set, in the one form that every reader takes alike: one line a variable, no
 * comments, nothing left to expand. abra's modifiers (`# length=64`) stay behind the values they are about.
 * @param text settings as `app new` copied them from a recipe's sample
 * @throws {CcciError} `env.value` for a value that an env file cannot hold, or with which a line would not be read
 */
export function setEnv(text: string, values: Readonly<Record<string, string>>): string {
  const lines = new Map<string, string>();
  for (const { name, value, modifiers } of parseEnvFile(text, values)) {
    const comment = behind(modifiers);
    // Some readers take a comment directly behind the "=" for the value.
    const written = value === "" && comment !== "" ? "''" : quote(name, value);
    lines.set(name, `${name}=${written}${comment}`);
  }
  for (const [name, value] of Object.entries(values)) {
    if (!lines.has(name)) lines.set(name, `${name}=${quote(name, value)}`);
  }
  for (const [name, { length }] of lines) {
    if (length <= LONGEST_LINE) continue;
    const problem = `takes a line of ${length} characters, and none of more than ${LONGEST_LINE} is read`;
    throw new CcciError("env.value", `Value of "${name}" ${problem}`);
  }
  return [...lines.values()].map((line) => `${line}\n`).join("");
}

function behind(modifiers: Readonly<Record<string, string>>): string {
  const written = Object.entries(modifiers).filter(([, value]) => /^[\w.,-]+$/.test(value))
    .map(([key, value]) => ` ${key}=${value}`);
  return written.length === 0 ? "" : ` #${written.join("")}`;
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
  const shown = new RegExp(`^[\\s#]*${name}\\s*=`);
  return sample.split("\n").some((line) => shown.test(line));
}

function quote(name: string, value: string): string {
  const problem = unwritable(value);
  if (problem !== null) throw new CcciError("env.value", `Value of "${name}" ${problem}`);
  return quoted(value) ?? "";
}
