import { resolve } from "node:path";
import { type Compose, isExternal, objectName, workingDir } from "../recipe/compose.ts";
import { entriesOf, isRecord, valueAt } from "../recipe/compose_values.ts";
import { assignmentLine } from "../recipe/env_file.ts";
import { type Finding, quote } from "./finding.ts";
import { readStart } from "../../common/files.ts";
import { resolveInside } from "../recipe/inside_checkout.ts";
import { placeOf, type Recipe, variablesWithoutDefault } from "./recipe.ts";

/** A published version by its name. */
export interface PublishedRecipe extends Recipe {
  version: string;
}

/**
 * Configs (and secrets from files) with other content than in the published version, under the same name. Docker
 * never changes the content of one: the upgrade fails with "only updates to Labels are allowed".
 * @param head loaded with the settings of an app of the published version, which decide what things are called
 */
export async function checkConfigVersions(head: Recipe, published: PublishedRecipe): Promise<Finding[]> {
  const before = new Map((await filesByName(published)).map((one) => [one.name, one.bytes]));
  const findings: Finding[] = [];
  for (const { section, key, name, bytes } of await filesByName(head)) {
    const old = before.get(name);
    if (old === undefined || sameBytes(old, bytes)) continue;
    const { variable, place } = versionOf(head, [section, key]);
    findings.push({
      rule: "lint.config-version",
      severity: "error",
      ...place,
      message: `${section === "configs" ? "Config" : "Secret"} ${quote(key)} has changed since ` +
        `${published.version} and still has the same version`,
      hint: variable === undefined
        ? "Docker changes no config in place: put a version from abra.sh into its name"
        : `Raise ${variable}: Docker changes no config in place, so upgrades fail`,
      subject: key,
    });
  }
  return findings;
}

/** Docker takes no config or secret that is larger. */
const MAX_BYTES = 1024 * 1024;

interface NamedFile {
  section: "configs" | "secrets";
  key: string;
  /** In Docker. */
  name: string;
  bytes: Uint8Array;
}

async function filesByName({ compose, root, stack }: Recipe): Promise<NamedFile[]> {
  const found: NamedFile[] = [];
  const folder = workingDir(compose, root);
  for (const section of ["configs", "secrets"] as const) {
    const keys = new Set(compose.files.flatMap((file) => entriesOf(file.doc[section]).map(([key]) => key)));
    for (const key of keys) {
      const definition = merged(compose, [section, key]);
      if (typeof definition.file !== "string" || isExternal(definition)) continue;
      const path = resolveInside(root, resolve(folder, definition.file));
      if (typeof path === "string" || !(await Deno.stat(path.path)).isFile) continue; // confinement says so
      const name = objectName(definition, key) ?? `${stack}_${key}`;
      found.push({ section, key, name, bytes: readStart(path.path, MAX_BYTES) });
    }
  }
  return found;
}

function merged(compose: Compose, path: [string, string]): Record<string, unknown> {
  const parts = compose.files.map((file) => valueAt(file.doc, path)).filter(isRecord);
  return Object.assign({}, ...parts);
}

/** Where its version is written: the line of `abra.sh` if it comes from there, else that of its name. */
function versionOf(recipe: Recipe, path: [string, string]) {
  const raw = recipe.compose.files.map((file) => valueAt(file.raw, [...path, "name"]));
  for (const variable of variablesIn(raw.findLast((name) => name !== undefined))) {
    for (const [file, text] of [["abra.sh", recipe.abraSh], [".env.sample", recipe.sample]] as const) {
      const line = assignmentLine(text, variable);
      if (line !== undefined) return { variable, place: { file, line } };
    }
  }
  return { variable: undefined, place: placeOf(recipe.compose, path) };
}

function variablesIn(name: unknown): string[] {
  if (typeof name !== "string") return [];
  const withDefault = [...name.matchAll(/\$\{([A-Za-z_]\w*):?-/g)].map(([, variable]) => variable ?? "");
  return [...variablesWithoutDefault(name), ...withDefault].filter((variable) => variable !== "STACK_NAME");
}

function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}
