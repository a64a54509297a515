import { basename, join } from "node:path";
import { type Compose, labelsOf, objectName, servicesOf, volumesOf, workingDir } from "../recipe/compose.ts";
import { type ComposePath, entriesOf, isRecord, itemsOf } from "../recipe/compose_values.ts";
import { composeServices } from "../recipe/compose_services.ts";
import { type DockerModel, type DockerReading, readByDocker } from "../recipe/docker_reading.ts";
import { plainCopy } from "../recipe/plain_copy.ts";
import { type Finding, quote } from "../lint/finding.ts";
import { placeOf } from "../lint/recipe.ts";
import { difference } from "./difference.ts";

export interface ReadingOptions {
  /** Folder of the recipe. */
  checkout: string;
  stack: string;
  /** Full path of a docker client that can show how it reads compose files. */
  client: string;
  /** Folder for what is thrown away again; the system's without. */
  tmp?: string;
  signal?: AbortSignal;
}

/** The model that both readers have found, or why there is none. */
export type AgreedReading = { model: DockerModel; findings: [] } | { model: null; findings: Finding[] };

/**
 * Whether Docker reads the compose files as this program does: it is Docker's reading that gets deployed, and ours that
 * the rules look at. Docker reads the files themselves, and what our reader made of them written down plainly; then what
 * our programs take the files to say is held against Docker's long form. Any difference refuses the recipe, whoever is
 * right: a file that is read in two ways hides something from one of the readers.
 *
 * Only for files that have passed the rules as we read them, since Docker opens whatever they name.
 */
export async function agreeOnReading(compose: Compose, options: ReadingOptions): Promise<AgreedReading> {
  const root = await Deno.realPath(options.checkout);
  const folder = workingDir(compose, root);
  const tmp = options.tmp === undefined ? {} : { dir: options.tmp };
  const mirror = await Deno.realPath(await Deno.makeTempDir({ ...tmp, prefix: "ccci-reading-" }));
  try {
    const copies = await writeCopies(compose, { folder, mirror });
    const reading = { client: options.client, env: compose.env, ...signalOf(options) };
    const [original, copy] = await Promise.all([
      readByDocker(compose.files.map(({ path }) => join(root, path)), reading),
      readByDocker(copies, reading),
    ]);
    if (!original.ok) return { model: null, findings: [refused(original, compose)] };
    const findings = copy.ok
      ? differences(compose, {
        original: relative(original.model, folder),
        copy: relative(copy.model, mirror),
      })
      : [finding(compose, { path: [], message: `Docker reads it otherwise than we do: ${copy.message}` })];
    if (findings.length > 0) return { model: null, findings };
    const own = ownDifferences(compose, { model: original.model, stack: options.stack });
    return own.length > 0 ? { model: null, findings: own } : { model: original.model, findings: [] };
  } finally {
    await Deno.remove(mirror, { recursive: true });
  }
}

/** Lays the plain copies into a folder that has everything the working folder has, so that names lead to the same. */
async function writeCopies(
  compose: Compose,
  { folder, mirror }: { folder: string; mirror: string },
): Promise<string[]> {
  for await (const { name } of Deno.readDir(folder)) {
    await Deno.symlink(join(folder, name), join(mirror, name));
  }
  const prefix = basename(mirror);
  return await Promise.all(compose.files.map(async (file, index) => {
    const path = join(mirror, `${prefix}-${index}.yml`);
    await Deno.writeTextFile(path, plainCopy(file));
    return path;
  }));
}

function signalOf({ signal }: ReadingOptions): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}

/** Docker writes names of files in full; both readings get them as from the same folder. */
function relative(value: unknown, folder: string): unknown {
  if (typeof value === "string") {
    return value === folder ? "." : value.startsWith(`${folder}/`) ? `.${value.slice(folder.length)}` : value;
  }
  if (Array.isArray(value)) return value.map((item) => relative(item, folder));
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, relative(item, folder)]));
}

function differences(compose: Compose, readings: { original: unknown; copy: unknown }): Finding[] {
  const path = difference(readings.original, readings.copy);
  return path === null
    ? []
    : [finding(compose, { path, message: `Docker reads ${quote(path.join("."))} otherwise than we do` })];
}

/** Docker's own reason is about a path such as `services.app.deploy.labels.x`, if about any. */
function refused({ message }: DockerReading & { ok: false }, compose: Compose): Finding {
  const named = /\b((?:services|networks|volumes|configs|secrets)(?:\.[\w-]+)+)/.exec(message)?.[1];
  const path = named?.split(".") ?? [];
  const place = placeOf(compose, path);
  return {
    rule: "parse.docker",
    severity: "error",
    ...place,
    message: `Docker does not accept it: ${message}`,
    subject: path.join("."),
  };
}

function finding(compose: Compose, { path, message }: { path: ComposePath; message: string }): Finding {
  return {
    rule: "confine.reading",
    severity: "error",
    ...placeOf(compose, path),
    message,
    subject: path.join("."),
    hint:
      "Write it in the plainest form there is: quoted text, one key or value a line, names of several letters",
  };
}

/** What our programs take short forms and several files to come to, against what Docker makes of them. */
function ownDifferences(
  compose: Compose,
  { model, stack }: { model: DockerModel; stack: string },
): Finding[] {
  const path = difference(ownReading(compose, stack), dockersReading(model, stack));
  if (path === null) return [];
  return [finding(compose, { path, message: `Docker reads ${quote(path.join("."))} otherwise than we do` })];
}

function ownReading(compose: Compose, stack: string) {
  const merged = composeServices(compose);
  const volumes = volumesOf(compose, stack);
  const services = servicesOf(compose).map((service) => [service, {
    image: merged[service]?.image,
    deploy: { labels: labelsOf(compose, service) },
    labels: labelsOf(compose, service, { of: "container" }),
    volumes: sorted(
      volumes.filter((one) => one.service === service).map(({ key, target }) => `${key}:${target}`),
    ),
  }]);
  const objects = (["networks", "volumes", "configs", "secrets"] as const).map((section) => {
    const named = new Map<string, string | undefined>();
    for (const file of compose.files) {
      for (const [key, definition] of entriesOf(file.doc[section])) {
        named.set(key, objectName(definition, key));
      }
    }
    return [section, Object.fromEntries(named)];
  });
  return { services: Object.fromEntries(services), ...Object.fromEntries(objects) };
}

function dockersReading(model: DockerModel, stack: string): ReturnType<typeof ownReading> {
  const file = { path: "", doc: model, raw: model, lineOf: () => 1 };
  const compose: Compose = { ok: true, files: [file], env: {}, variablesUnset: [], variablesMissing: [] };
  const reading = ownReading(compose, stack);
  for (const [service, definition] of entriesOf(model.services)) {
    if (!isRecord(definition)) continue;
    const mounts = itemsOf(definition.volumes).map(([, mount]) => mount).filter(isRecord)
      .filter(({ type, source }) => type === "volume" && source !== undefined)
      .map(({ source, target }) => `${source}:${target}`);
    Object.assign(reading.services[service] ?? {}, { volumes: sorted(mounts) });
  }
  return reading;
}

function sorted(texts: string[]): string[] {
  return [...texts].sort();
}
