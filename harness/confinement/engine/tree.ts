import { entriesOf, isRecord } from "../../recipe/compose_values.ts";

/** A part of an object in a form in which two of them can be compared: no lists, nothing empty, text at the ends. */
export type Tree = { readonly [key: string]: Tree } | string;

/** Names on the way to a place of a tree. */
export type TreePath = readonly string[];

/** One place in which two trees differ; undefined: it is not there. */
export interface Difference {
  path: TreePath;
  expected: Tree | undefined;
  actual: Tree | undefined;
}

/** Mappings that hold text under names of the author's choice, of which also an empty one says something. */
const texts = new Set(["Labels", "Options", "DriverOpts", "Sysctls"]);

/** What tells the items of a list apart whose order says nothing. */
const named: Record<string, (item: Record<string, unknown>) => unknown> = {
  Networks: ({ Target }) => Target,
  Mounts: ({ Target }) => Target,
  Ulimits: ({ Name }) => Name,
  Secrets: ({ SecretName, File }) => `${SecretName} at ${isRecord(File) ? File.Name : ""}`,
  Configs: ({ ConfigName, File }) => `${ConfigName} at ${isRecord(File) ? File.Name : ""}`,
  Ports: ({ TargetPort, PublishedPort = 0, Protocol = "tcp" }) =>
    `${PublishedPort}:${TargetPort}/${Protocol}`,
};

/** Lists of words whose order says nothing. */
const sets = new Set(["CapabilityAdd", "CapabilityDrop", "Aliases", "Constraints", "Hosts"]);

/**
 * The comparable form of a value.
 * @param key what the value is called where it stands
 * @returns undefined for what says nothing: zero, false, empty
 */
export function treeOf(value: unknown, key = ""): Tree | undefined {
  if (Array.isArray(value)) return treeOf(Object.fromEntries(itemsByName(value, key)));
  if (!isRecord(value)) {
    return value === null || value === undefined || value === "" || value === 0 || value === false
      ? undefined
      : String(value);
  }
  if (key === "Mode") return modeTree(value);
  const branches = entriesOf(value).flatMap(([name, inner]): [string, Tree][] => {
    const tree = texts.has(key) && inner === "" ? "" : treeOf(inner, name);
    return tree === undefined ? [] : [[name, tree]];
  });
  return branches.length === 0 ? undefined : Object.fromEntries(branches);
}

function itemsByName(list: readonly unknown[], key: string): [string, unknown][] {
  const name = named[key];
  const seen = new Map<string, number>();
  return list.map((item, index) => {
    if (key === "Env") return variable(String(item));
    if (sets.has(key)) return [String(item), "yes"];
    if (name === undefined || !isRecord(item)) return [String(index), item];
    const id = String(name(item));
    const times = (seen.get(id) ?? 0) + 1;
    seen.set(id, times);
    return [times === 1 ? id : `${id} (${times})`, item];
  });
}

/** `NAME=value`; a name alone takes away what the image sets. */
function variable(line: string): [string, string] {
  const at = line.indexOf("=");
  return at === -1 ? [line, "unset"] : [line.slice(0, at), line.slice(at)];
}

/** How many tasks a service has: a mode that holds no numbers says something, too. */
function modeTree(mode: Record<string, unknown>): Tree {
  const counts = Object.values(mode).flatMap((counts) => entriesOf(counts))
    .map(([name, count]) => [name, String(count)]);
  return { Kind: Object.keys(mode).join(" and "), ...Object.fromEntries(counts) };
}

/** Where two trees differ, each place once and no deeper than needed. */
export function differences(
  expected: Tree | undefined,
  { actual, path = [] }: { actual: Tree | undefined; path?: TreePath },
): Difference[] {
  if (typeof expected === "object" && typeof actual === "object") {
    return [...new Set([...Object.keys(expected), ...Object.keys(actual)])].flatMap((key) =>
      differences(branch(expected, key), { actual: branch(actual, key), path: [...path, key] })
    );
  }
  return expected === actual ? [] : [{ path, expected, actual }];
}

/**
 * Leaves out of a difference what is permitted, end by end. What is left is told at the topmost place below which
 * nothing is permitted.
 */
export function remains(
  difference: Difference,
  permitted: (difference: Difference) => boolean,
): Difference[] {
  const { path, expected, actual } = difference;
  const whole = expected ?? actual;
  const oneSided = expected === undefined || actual === undefined;
  if (!oneSided || typeof whole !== "object") return permitted(difference) ? [] : [difference];
  const parts = Object.entries(whole).map(([key, tree]) => {
    const below = { path: [...path, key], expected: expected && tree, actual: actual && tree };
    return { below, left: remains(below, permitted) };
  });
  const all = parts.every(({ below, left }) =>
    left.length === 1 && left[0]?.path.length === below.path.length
  );
  return all ? [difference] : parts.flatMap(({ left }) => left);
}

function branch(tree: { readonly [key: string]: Tree }, key: string): Tree | undefined {
  return Object.hasOwn(tree, key) ? tree[key] : undefined;
}
