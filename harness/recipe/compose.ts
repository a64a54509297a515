import { dirname, isAbsolute, join } from "node:path";
import { MAX_BYTES, parseComposeYaml } from "./compose_yaml.ts";
import { readStart } from "../../common/files.ts";
import { resolveInside } from "./inside_checkout.ts";
import { interpolate, InterpolationError } from "./interpolate.ts";
import { type ComposePath, entriesOf, isRecord, itemsOf, listOrMap } from "./compose_values.ts";

/** One compose file as Docker will see it: parsed, then interpolated. */
export interface ComposeFile {
  /** Relative to the checkout. */
  path: string;
  doc: Record<string, unknown>;
  /** The same as written: parsed, with its variables still in it. */
  raw: Record<string, unknown>;
  /** Line (from 1) of the nearest part of `path` that exists. */
  lineOf(path: ComposePath): number;
}

/** A variable the compose files name and that nobody sets. */
export interface UnsetVariable {
  name: string;
  file: string;
  line: number;
}

export interface Compose {
  ok: true;
  /** In the order of COMPOSE_FILE; later ones override earlier ones. */
  files: ComposeFile[];
  /** What they were filled in with. */
  env: Readonly<Record<string, string>>;
  /** Those without a default: Docker makes them empty. */
  variablesUnset: UnsetVariable[];
  /** All, also those with a default: did the deploying process carry them, Docker would take its values. */
  variablesMissing: UnsetVariable[];
}

export interface ComposeFailure {
  ok: false;
  /** `confine.compose-file` for a file outside the checkout, `parse.*` otherwise. */
  rule:
    | "confine.compose-file"
    | "parse.missing"
    | "parse.syntax"
    | "parse.shape"
    | "parse.variables";
  file: string;
  line?: number;
  /** What is wrong, one sentence without file name. */
  message: string;
}

export type ComposeResult = Compose | ComposeFailure;

/** A volume as mounted by a service. */
export interface ComposeVolume {
  service: string;
  /** Key under the top-level `volumes`. */
  key: string;
  /** Its name in Docker. */
  name: string;
  /** Absolute path in the container. */
  target: string;
}

const SECTIONS = ["services", "networks", "volumes", "configs", "secrets"];
const MAX_DEPTH = 40;
const MAX_VALUES = 50_000;
/** Characters of all values together, once variables are filled in. */
const MAX_TEXT = 2_000_000;
const MAX_FILES = 30;

/**
 * Reads the compose files of a recipe the way `docker stack deploy` will, without asking Docker.
 * @param checkout folder of the recipe
 * @param env the app's environment exactly as the deploy gets it (COMPOSE_FILE, DOMAIN, STACK_NAME and the exports
 * of `abra.sh` included); the process's own is never looked at
 */
export async function loadCompose(
  checkout: string,
  env: Readonly<Record<string, string>>,
): Promise<ComposeResult> {
  const files: ComposeFile[] = [];
  const variablesUnset: UnsetVariable[] = [];
  const variablesMissing: UnsetVariable[] = [];
  const names = (Object.hasOwn(env, "COMPOSE_FILE") ? env.COMPOSE_FILE ?? "" : "").split(":")
    .filter((name) => name !== "");
  if (names.length > MAX_FILES) {
    return {
      ok: false,
      rule: "confine.compose-file",
      file: ".env.sample",
      message: `COMPOSE_FILE names more than ${MAX_FILES} files`,
    };
  }
  for (const name of names.length === 0 ? ["compose.yml"] : names) {
    const read = await readInside(checkout, name);
    if (!read.ok) return read;
    const loaded = loadOne(name, { bytes: read.bytes, env });
    if (!loaded.ok) return loaded;
    files.push(loaded.file);
    variablesUnset.push(...loaded.unset);
    variablesMissing.push(...loaded.missing);
  }
  return { ok: true, files, env, variablesUnset, variablesMissing };
}

async function readInside(
  checkout: string,
  name: string,
): Promise<{ ok: true; bytes: Uint8Array } | ComposeFailure> {
  const outside = (message: string): ComposeFailure => ({
    ok: false,
    rule: "confine.compose-file",
    file: name,
    message,
  });
  const missing: ComposeFailure = {
    ok: false,
    rule: "parse.missing",
    file: name,
    message: "Does not exist in the recipe",
  };
  if (isAbsolute(name) || name === "-") {
    return outside("COMPOSE_FILE may only name files of the recipe, by relative path");
  }
  try {
    const root = await Deno.realPath(checkout);
    const found = resolveInside(root, name);
    if (found === "outside") return outside("Lies outside the recipe");
    if (found === "missing") return missing;
    if (!(await Deno.stat(found.path)).isFile) return outside("Is not a regular file");
    return { ok: true, bytes: readStart(found.path, MAX_BYTES + 1) };
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound) && !(error instanceof Deno.errors.NotADirectory)) {
      throw error;
    }
    return missing;
  }
}

function loadOne(
  name: string,
  { bytes, env }: { bytes: Uint8Array; env: Readonly<Record<string, string>> },
): { ok: true; file: ComposeFile; unset: UnsetVariable[]; missing: UnsetVariable[] } | ComposeFailure {
  const parsed = parseComposeYaml(bytes);
  if (!parsed.ok) return { ...parsed, rule: "parse.syntax", file: name };
  const unset: UnsetVariable[] = [];
  const missing: UnsetVariable[] = [];
  let count = 0;
  let written = 0;
  const fill = (value: unknown, path: ComposePath): unknown => {
    if (path.length > MAX_DEPTH || ++count > MAX_VALUES) {
      throw new ShapeError("Is nested too deeply or too large", path.slice(0, 2));
    }
    if (typeof value === "string") {
      try {
        const filled = interpolate(value, env);
        written += filled.text.length;
        if (written > MAX_TEXT) throw new ShapeError("Is too large once its variables are filled in", path);
        const at = (variable: string) => ({ name: variable, file: name, line: parsed.lineOf(path) });
        unset.push(...filled.unset.map(at));
        missing.push(...filled.missing.map(at));
        return filled.text;
      } catch (error) {
        if (error instanceof InterpolationError) throw new ShapeError(error.message, path, true);
        throw error;
      }
    }
    if (Array.isArray(value)) return value.map((item, index) => fill(item, [...path, index]));
    // fromEntries makes even "__proto__" a plain property, so that nothing hides from the checks.
    if (isRecord(value)) {
      return Object.fromEntries(
        Object.entries(value).map(([key, item]) => [key, fill(item, [...path, key])]),
      );
    }
    return value;
  };
  try {
    const raw = parsed.value;
    const doc = fill(raw, []);
    if (!isRecord(raw) || !isRecord(doc)) throw new ShapeError("Holds no mapping of services", []);
    checkShape(doc);
    return { ok: true, file: { path: name, doc, raw, lineOf: parsed.lineOf }, unset, missing };
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    return {
      ok: false,
      rule: error.interpolation ? "parse.variables" : "parse.shape",
      file: name,
      line: parsed.lineOf(error.path),
      message: error.message,
    };
  }
}

class ShapeError extends Error {
  constructor(message: string, readonly path: ComposePath, readonly interpolation = false) {
    super(message);
  }
}

/** The part of Docker's schema that the rules of confinement and lint rely on. */
function checkShape(doc: Record<string, unknown>): void {
  for (const section of SECTIONS) {
    const value = doc[section];
    if (value === undefined) continue;
    if (!isRecord(value)) throw new ShapeError(`"${section}" must be a mapping`, [section]);
    for (const [key, item] of Object.entries(value)) {
      if (isRecord(item) || (item === null && section !== "services")) continue;
      throw new ShapeError(`"${section}.${key}" must be a mapping`, [section, key]);
    }
  }
}

/** Folder that Docker resolves relative file names in: that of the first compose file. */
export function workingDir(compose: Compose, checkout: string): string {
  return join(checkout, dirname(compose.files[0]?.path ?? "compose.yml"));
}

/** Names of the services, over all files, sorted. */
export function servicesOf(compose: Compose): string[] {
  return [...new Set(compose.files.flatMap((file) => entriesOf(file.doc.services).map(([name]) => name)))]
    .sort();
}

/** Labels of a service over all files: those of `deploy` (which Swarm keeps) by default. */
export function labelsOf(
  compose: Compose,
  service: string,
  options: { of?: "deploy" | "container" } = {},
): Record<string, string> {
  const labels = new Map<string, string>();
  for (const file of compose.files) {
    const found = entriesOf(file.doc.services).find(([name]) => name === service)?.[1];
    if (!isRecord(found)) continue;
    const holder = options.of === "container" ? found : isRecord(found.deploy) ? found.deploy : {};
    for (const { key, value } of listOrMap(holder.labels)) labels.set(key, value ?? "");
  }
  return Object.fromEntries(labels);
}

/** Named volumes that services mount, over all files; of two mounts at one target the later file's counts. */
export function volumesOf(compose: Compose, stack: string): ComposeVolume[] {
  const names = new Map<string, string>();
  for (const file of compose.files) {
    for (const [key, volume] of entriesOf(file.doc.volumes)) {
      names.set(key, objectName(volume, key) ?? `${stack}_${key}`); // Docker takes the later definition whole
    }
  }
  const mounts = new Map<string, ComposeVolume>();
  for (const file of compose.files) {
    for (const [service, definition] of entriesOf(file.doc.services)) {
      for (const [, mount] of itemsOf(isRecord(definition) ? definition.volumes : undefined)) {
        const { source, target } = sourceAndTarget(mount);
        const name = source === undefined ? undefined : names.get(source);
        if (source === undefined || target === undefined || name === undefined) continue;
        mounts.set(`${service}\n${target}`, { service, key: source, name, target });
      }
    }
  }
  return [...mounts.values()];
}

/** Name that a top-level volume, network, config or secret states; external ones have their key's without. */
export function objectName(definition: unknown, key: string): string | undefined {
  if (!isRecord(definition)) return undefined;
  if (isRecord(definition.external) && typeof definition.external.name === "string") {
    return definition.external.name;
  }
  if (typeof definition.name === "string" && definition.name !== "") return definition.name;
  return isExternal(definition) ? key : undefined;
}

/** Whether a top-level definition is of something that exists already. */
export function isExternal(definition: unknown): boolean {
  if (!isRecord(definition)) return false;
  const { external } = definition;
  return isRecord(external) || external === true ||
    (typeof external === "string" && !/^(n|no|false|off)$/i.test(external));
}

function sourceAndTarget(mount: unknown): { source: string | undefined; target: string | undefined } {
  if (typeof mount === "string") {
    const [source, target] = mount.split(":");
    return { source: target === undefined ? undefined : source, target: target ?? source };
  }
  if (!isRecord(mount)) return { source: undefined, target: undefined };
  return {
    source: typeof mount.source === "string" ? mount.source : undefined,
    target: typeof mount.target === "string" ? mount.target : undefined,
  };
}
