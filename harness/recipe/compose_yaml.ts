import {
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type ScalarTag,
  visit,
  type YAMLMap,
} from "yaml";

export interface ParsedYaml {
  ok: true;
  /** Plain values with anchors and merge keys resolved; not interpolated. */
  value: unknown;
  /** Line (from 1) of the nearest existing part of a path. */
  lineOf(path: readonly (string | number)[]): number;
}

export interface YamlFailure {
  ok: false;
  line?: number;
  message: string;
}

/** More than any recipe needs; some steps of parsing take the square of the size. */
export const MAX_BYTES = 256 * 1024;
/** Lines and commas, since each may be a value: a large recipe has 3,000. */
const MAX_PARTS = 30_000;
const MAX_DEPTH = 200;
const MAX_ALIASES = 100;
/** Mappings that are copied because of merge keys, which may be merged in turn. */
const MAX_MERGED = 1_000;

/** Docker's Go parser reads `0120` as octal, `1_000` as a thousand and `0b11` as three; YAML 1.2 does not. */
const goIntegers: ScalarTag = {
  tag: "tag:yaml.org,2002:int",
  default: true,
  test: /^[-+]?(?:0b[01_]+|0[0-7_]+|[1-9][0-9_]*)$/,
  resolve(source) {
    const digits = source.replaceAll("_", "");
    const sign = digits.startsWith("-") ? -1 : 1;
    const bare = digits.replace(/^[-+]/, "");
    if (bare.startsWith("0b")) return sign * Number.parseInt(bare.slice(2), 2);
    return sign * Number.parseInt(bare, bare.startsWith("0") ? 8 : 10);
  },
};

/**
 * Parses YAML that two parsers must agree on: what this program checks is deployed by a parser written in Go. So
 * everything the two are known to read differently is refused: directives, tags (`!!binary`), several documents,
 * line breaks that only YAML 1.1 has, keys that are no plain text, repeated keys.
 */
export function parseComposeYaml(bytes: Uint8Array): ParsedYaml | YamlFailure {
  if (bytes.length > MAX_BYTES) return { ok: false, message: "Is larger than 256 KiB" };
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return { ok: false, message: "Is not UTF-8 text" };
  }
  const odd = oddCharacter(text);
  if (odd !== undefined) return odd;

  if ((text.match(/[,\n]/g)?.length ?? 0) > MAX_PARTS) {
    return { ok: false, message: `Has more than ${MAX_PARTS} lines and commas` };
  }
  if (bracketDepth(text) > MAX_DEPTH || /^ *(?:[-?:] +){50}/m.test(text)) return tooDeep;
  try {
    return parseText(text);
  } catch (error) {
    if (error instanceof RangeError) return tooDeep;
    throw error;
  }
}

const tooDeep: YamlFailure = { ok: false, message: "Is nested too deeply" };

/** Brackets open at one time; those in quotes count as well, which come in pairs as a rule. */
function bracketDepth(text: string): number {
  let depth = 0;
  let most = 0;
  for (const char of text) {
    if (char === "[" || char === "{") most = Math.max(most, ++depth);
    else if (char === "]" || char === "}") depth = Math.max(0, depth - 1);
  }
  return most;
}

function parseText(text: string): ParsedYaml | YamlFailure {
  const lines = new LineCounter();
  const doc = parseDocument(text, {
    merge: true,
    uniqueKeys: false, // the library compares each key with all others; refusedNode looks each up
    prettyErrors: false,
    lineCounter: lines,
    customTags: (tags) => [goIntegers, ...tags],
  });
  const problem = doc.errors[0] ?? doc.warnings[0];
  if (problem !== undefined) {
    return { ok: false, line: lines.linePos(problem.pos[0]).line, message: sentence(problem.message) };
  }
  const refused = refusedNode(doc, lines);
  if (refused !== undefined) return refused;
  try {
    return {
      ok: true,
      value: doc.toJS({ maxAliasCount: MAX_ALIASES }),
      lineOf: (path) => lineOf(doc, { path, lines }),
    };
  } catch (cause) {
    if (cause instanceof RangeError) throw cause;
    return { ok: false, message: sentence(cause instanceof Error ? cause.message : String(cause)) };
  }
}

function oddCharacter(text: string): YamlFailure | undefined {
  // deno-lint-ignore no-control-regex
  const match = /^%|[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u2028\u2029\ufffe\uffff]|\r(?!\n)/m
    .exec(text);
  if (match === null) return undefined;
  const line = text.slice(0, match.index).split("\n").length;
  return match[0] === "%"
    ? { ok: false, line, message: "YAML directives are not supported" }
    : { ok: false, line, message: `Holds the control character ${codePoint(match[0])}` };
}

function codePoint(char: string): string {
  return `U+${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
}

function refusedNode(doc: Document, lines: LineCounter): YamlFailure | undefined {
  let refused: YamlFailure | undefined;
  let aliases = 0;
  const merged = new Map<unknown, number>();
  const refuse = (node: unknown, message: string) => {
    const offset = isNode(node) ? node.range?.[0] : undefined;
    refused = { ok: false, message, ...(offset === undefined ? {} : { line: lines.linePos(offset).line }) };
    return visit.BREAK;
  };
  visit(doc, {
    Node(_key, node) {
      if ("tag" in node && node.tag !== undefined) { // set for explicit tags only
        return refuse(node, `The YAML tag "${node.tag}" is not supported`);
      }
      if (isScalar(node) && typeof node.value === "number" && !Number.isFinite(node.value)) {
        return refuse(node, "Numbers without end are not supported");
      }
    },
    Alias(_key, alias) {
      if (++aliases > MAX_ALIASES) return refuse(alias, `Uses more than ${MAX_ALIASES} aliases`);
    },
    Map(_key, map) {
      if (mergedMaps(map, { doc, known: merged }) > MAX_MERGED) {
        return refuse(map, "Merges too many mappings, or one into itself");
      }
      const keys = new Set<unknown>();
      let merges = 0;
      for (const pair of map.items) {
        if (!isScalar(pair.key)) return refuse(pair.key ?? map, "Every key must be plain text");
        if (pair.key.value === "<<") return refuse(pair.key, 'A quoted "<<" is not supported as a key');
        if (typeof pair.key.value !== "string" && !isMerge(pair.key)) {
          return refuse(pair.key, "A key must be text: put it in quotes");
        }
        if (keys.has(pair.key.value) && !isMerge(pair.key)) {
          return refuse(pair.key, "Map keys must be unique");
        }
        keys.add(pair.key.value);
        if (isMerge(pair.key) && ++merges > 1) return refuse(pair.key, "Two merge keys in one mapping");
      }
    },
  });
  return refused;
}

/** Mappings that have to be copied to write one out; infinitely many where it is merged into itself. */
function mergedMaps(map: YAMLMap, { doc, known }: { doc: Document; known: Map<unknown, number> }): number {
  const before = known.get(map);
  if (before !== undefined) return before;
  known.set(map, Infinity); // while it is being counted
  let count = 1;
  for (const pair of map.items) {
    if (!isMerge(pair.key)) continue;
    const value = resolved(pair.value, doc);
    for (const source of isSeq(value) ? value.items : [value]) {
      const target = resolved(source, doc);
      if (isMap(target)) count += mergedMaps(target, { doc, known });
    }
  }
  known.set(map, count);
  return count;
}

/** The library resolves an unquoted `<<` to a symbol; a quoted one is refused as well, parsers disagree there. */
function isMerge(key: unknown): boolean {
  return isScalar(key) && (typeof key.value === "symbol" || key.value === "<<");
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "range" in value;
}

function lineOf(
  doc: Document,
  { path, lines }: { path: readonly (string | number)[]; lines: LineCounter },
): number {
  let node: unknown = doc.contents;
  let line = 1;
  const at = (found: unknown) => {
    const offset = isNode(found) ? found.range?.[0] : undefined;
    if (offset !== undefined) line = lines.linePos(offset).line;
  };
  for (const part of path) {
    node = resolved(node, doc);
    if (isMap(node)) {
      const pair = findPair(node, { key: String(part), doc });
      if (pair === undefined) break;
      at(pair.key);
      node = pair.value;
    } else if (isSeq(node) && node.items[Number(part)] !== undefined) {
      node = node.items[Number(part)];
      at(isPair(node) ? node.key : node);
    } else break;
  }
  return line;
}

function resolved(node: unknown, doc: Document): unknown {
  return isAlias(node) ? node.resolve(doc) : node;
}

function findPair(
  map: YAMLMap,
  { key, doc, seen = new Set() }: { key: string; doc: Document; seen?: Set<unknown> },
): { key: unknown; value: unknown } | undefined {
  const own = map.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === key);
  if (own !== undefined || seen.has(map)) return own;
  seen.add(map);
  for (const pair of map.items) {
    if (!isMerge(pair.key)) continue;
    const merged = resolved(pair.value, doc);
    for (const source of isSeq(merged) ? merged.items : [merged]) {
      const target = resolved(source, doc);
      const found = isMap(target) ? findPair(target, { key, doc, seen }) : undefined;
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

function sentence(message: string): string {
  const first = message.split("\n")[0] ?? message;
  return first.charAt(0).toUpperCase() + first.slice(1).replace(/[.:]$/, "");
}
