import { entriesOf, isRecord } from "../recipe/compose_values.ts";
import { assignmentLine, isInSample } from "../recipe/env_file.ts";
import { type Finding, quote } from "./finding.ts";
import { type Recipe, variablesWithoutDefault } from "./recipe.ts";

/** Variables that nobody sets. Docker puts nothing in their place and does not say so, even in names of secrets. */
export function checkVariables(recipe: Recipe): Finding[] {
  const named = checkNames(recipe);
  const explained = new Set(named.map(({ subject }) => subject));
  const loose: Finding[] = [];
  for (const { name, file, line } of recipe.compose.variablesUnset) {
    // Shown as a comment in .env.sample it is an option: EXTRA_DOMAINS is one in nearly every recipe.
    if (explained.has(name) || isInSample(recipe.sample, name)) continue;
    explained.add(name);
    loose.push({
      rule: "lint.variable-unset",
      severity: "warning",
      file,
      line,
      message: `Nothing sets ${quote(name)}, Docker makes it empty`,
      hint: "Put it into .env.sample (as a comment if it is an option), or write a default: ${…:-…}",
      subject: name,
    });
  }
  return [...named, ...loose];
}

/** Versions in names of secrets come from `.env.sample`, those of configs from `abra.sh`. */
function checkNames({ compose, sample, abraSh }: Recipe): Finding[] {
  const unset = new Set(compose.variablesUnset.map(({ name }) => name));
  const findings: Finding[] = [];
  for (const file of compose.files) {
    for (const section of ["secrets", "configs"] as const) {
      for (const [key, definition] of entriesOf(file.raw[section])) {
        for (const name of variablesWithoutDefault(isRecord(definition) ? definition.name : undefined)) {
          if (name === "STACK_NAME" || assignmentLine(abraSh, name) !== undefined) continue;
          if (!unset.has(name) && (section === "configs" || isInSample(sample, name))) continue;
          findings.push({
            severity: "error",
            file: file.path,
            line: file.lineOf([section, key, "name"]),
            subject: name,
            ...(section === "configs" ? unexported(key, name) : unversioned(key, { name, sample })),
          });
        }
      }
    }
  }
  return findings;
}

function unexported(key: string, name: string) {
  return {
    rule: "lint.config-export",
    message: `Config ${quote(key)} takes its version from ${quote(name)}, which abra.sh does not export`,
    hint: `Add "export ${name}=v1" to abra.sh`,
  };
}

function unversioned(key: string, { name, sample }: { name: string; sample: string }) {
  const commented = isInSample(sample, name);
  const how = commented ? "is commented out in .env.sample" : ".env.sample lacks";
  return {
    rule: "lint.secret-sample",
    message: `Secret ${quote(key)} takes its version from ${quote(name)}, which ${how}`,
    hint: commented
      ? `Take the comment away, since its compose file is in use (or set ${name} in our recipe.yml)`
      : `Add ${name}=v1 to .env.sample: abra generates no secret without`,
  };
}
