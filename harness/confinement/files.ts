import { join, relative, resolve } from "node:path";
import { type Compose, workingDir } from "../recipe/compose.ts";
import { type ComposePath, entriesOf, isRecord, itemsOf, valueAt } from "../recipe/compose_values.ts";
import { readInside, resolveInside } from "../recipe/inside_checkout.ts";
import { formatBytes } from "../../common/bytes.ts";
import { type Finding, quote } from "../lint/finding.ts";
import { templateBytes } from "./templates.ts";

const MAX_ENTRIES = 20_000;
/** Bytes of a file of variables: Docker's own reading of many takes minutes. */
const MAX_ENV_FILE = 64 * 1024;
const MIB = 1024 * 1024;
/** Bytes of all configs and secrets together, which Swarm's managers keep in memory. */
const MAX_STORED = 8 * MIB;
/** Bytes of what all tasks get of them, templates filled in: Docker keeps that in memory, which is no container's. */
const MAX_HELD = 64 * MIB;

/** Files that a deploy reads because a compose file names them: those of configs and secrets, and `env_file`. */
export function checkNamedFiles(
  compose: Compose,
  { checkout, add }: { checkout: string; add: (finding: Finding) => void },
): void {
  const root = Deno.realPathSync(checkout);
  const folder = workingDir(compose, root);
  for (const file of compose.files) {
    let stored = 0;
    for (const { name, path, what } of namedFiles(file.doc)) {
      const problem = fileProblem(resolve(folder, name), root) ??
        (path[0] === "services" ? variablesProblem(resolve(folder, name), root) : undefined);
      if (problem === undefined) {
        if (path[0] !== "services") stored += Deno.statSync(resolve(folder, name)).size;
        continue;
      }
      add({
        rule: "confine.file",
        severity: "error",
        file: file.path,
        line: file.lineOf(path),
        message: `${what} reads ${quote(name)}, which ${problem}`,
        subject: name,
        hint: path[0] === "services"
          ? "Write the variables below `environment`"
          : "Name a file that is part of the recipe, by relative path",
      });
    }
    if (stored > MAX_STORED) {
      add({
        rule: "confine.limit",
        severity: "error",
        file: file.path,
        message: `The files of configs and secrets come to more than ${MAX_STORED / MIB} MiB`,
        subject: "configs",
      });
    }
    const held = bytesHeld(file.doc, { root, folder });
    if (held > MAX_HELD) {
      add({
        rule: "confine.limit",
        severity: "error",
        file: file.path,
        message: `The configs and secrets of all tasks may come to ${formatBytes(held)}, more than ${
          MAX_HELD / MIB
        } MiB`,
        subject: "configs",
        hint: "Lay fewer and smaller files into templates, or give them to fewer tasks",
      });
    }
  }
}

/** Bytes that the configs and secrets of all tasks come to at most, by the files that they are made from. */
function bytesHeld(
  doc: Record<string, unknown>,
  { root, folder }: { root: string; folder: string },
): number {
  let sum = 0;
  const texts = new Map<string, { text: string; template: boolean }>();
  for (const section of ["configs", "secrets"] as const) {
    for (const [key, definition] of entriesOf(doc[section])) {
      if (!isRecord(definition) || typeof definition.file !== "string") continue;
      const text = readInside(root, resolve(folder, definition.file)) ?? "";
      texts.set(`${section} ${key}`, { text, template: definition.template_driver === "golang" });
    }
  }
  const largest = Math.max(0, ...[...texts.values()].map(({ text }) => text.length));
  const bytes = new Map(
    [...texts].map(([name, { text, template }]) => [
      name,
      template ? templateBytes(text, largest) : text.length,
    ]),
  );
  for (const [, definition] of entriesOf(doc.services)) {
    const replicas = Number(valueAt(definition, ["deploy", "replicas"]) ?? 1) || 1;
    for (const section of ["configs", "secrets"] as const) {
      for (const [, one] of itemsOf(valueAt(definition, [section]))) {
        sum += replicas * (bytes.get(`${section} ${isRecord(one) ? one.source : one}`) ?? 0);
      }
    }
  }
  return sum;
}

function variablesProblem(path: string, root: string): string | undefined {
  if (Deno.statSync(path).size > MAX_ENV_FILE) return `is larger than ${MAX_ENV_FILE / 1024} KiB`;
  const lines = (readInside(root, path) ?? "").split("\n").map((line) => line.trim());
  const taken = lines.find((line) => line !== "" && !line.startsWith("#") && !line.includes("="));
  return taken === undefined ? undefined : `takes ${quote(taken)} from the host that deploys`;
}

function fileProblem(path: string, root: string): string | undefined {
  const found = resolveInside(root, path);
  if (found === "outside") return "lies outside the recipe";
  if (found === "missing") return "does not exist";
  return Deno.statSync(found.path).isFile ? undefined : "is not a regular file";
}

function* namedFiles(
  doc: Record<string, unknown>,
): Generator<{ name: string; path: ComposePath; what: string }> {
  for (const [section, what] of [["configs", "Config"], ["secrets", "Secret"]] as const) {
    for (const [key, definition] of entriesOf(doc[section])) {
      if (!isRecord(definition) || definition.file === undefined) continue;
      yield { name: String(definition.file), path: [section, key, "file"], what: `${what} ${quote(key)}` };
    }
  }
  for (const [service, definition] of entriesOf(doc.services)) {
    if (!isRecord(definition)) continue;
    const what = `Service ${quote(service)}`;
    for (const key of ["env_file", "label_file"]) {
      const path = ["services", service, key];
      const value = definition[key];
      if (typeof value === "string") yield { name: value, path, what };
      for (const [index, item] of itemsOf(value)) {
        const name = isRecord(item) ? item.path : item;
        yield { name: String(name), path: [...path, index], what };
      }
    }
  }
}

/**
 * Every symbolic link of the recipe, since abra also reads files that no compose file names (`.env.sample`, `abra.sh`,
 * `release/next`).
 */
export function checkLinks(checkout: string, add: (finding: Finding) => void): void {
  const root = Deno.realPathSync(checkout);
  let seen = 0;
  const walk = (folder: string) => {
    for (const entry of Deno.readDirSync(folder)) {
      if (++seen > MAX_ENTRIES) return;
      const path = join(folder, entry.name);
      if (folder === root && entry.name === ".git") continue;
      if (entry.isSymlink) {
        const problem = fileProblem(path, root);
        if (problem === undefined || problem === "is not a regular file") continue;
        const name = relative(root, path);
        add({
          rule: "confine.symlink",
          severity: "error",
          file: name,
          message: `The symbolic link ${quote(name)} points to ${
            quote(Deno.readLinkSync(path))
          }, which ${problem}`,
          subject: name,
        });
      } else if (entry.isDirectory) walk(path);
    }
  };
  walk(root);
  if (seen > MAX_ENTRIES) {
    add({
      rule: "confine.symlink",
      severity: "error",
      file: ".",
      message: `The recipe holds more than ${MAX_ENTRIES} files, too many to be looked through`,
    });
  }
}
