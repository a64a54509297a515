import { isRecord } from "../../common/is_record.ts";

/** Where something stands inside a compose file, e.g. `["services", "app", "volumes", 0]`. */
export type ComposePath = readonly (string | number)[];

export { isRecord };

/** Key and value of each entry of a mapping; nothing for anything else. */
export function entriesOf(value: unknown): [string, unknown][] {
  return isRecord(value) ? Object.entries(value) : [];
}

/** Position and value of each item of a list; nothing for anything else. */
export function itemsOf(value: unknown): [number, unknown][] {
  return Array.isArray(value) ? [...value.entries()] : [];
}

/** Labels and environments come as `KEY: value` or as `- KEY=value`; a value is null where only a key stands. */
export function listOrMap(value: unknown): { key: string; value: string | null; at: string | number }[] {
  if (isRecord(value)) {
    return Object.entries(value).map(([key, item]) => ({
      key,
      value: item === null || item === undefined ? null : String(item),
      at: key,
    }));
  }
  return itemsOf(value).map(([at, item]) => {
    const text = String(item);
    const split = text.indexOf("=");
    return split === -1
      ? { key: text, value: null, at }
      : { key: text.slice(0, split), value: text.slice(split + 1), at };
  });
}

/** Names that a list of names, or of mappings, or a mapping holds: `networks: [a]`, `networks: {a: {}}`. */
export function namesOf(value: unknown): { name: string; at: string | number; definition: unknown }[] {
  if (isRecord(value)) {
    return Object.entries(value).map(([name, definition]) => ({ name, at: name, definition }));
  }
  return itemsOf(value).map(([at, item]) => ({ name: String(item), at, definition: null }));
}

/** The value at a path, or undefined where the path ends before. */
export function valueAt(doc: unknown, path: ComposePath): unknown {
  let value = doc;
  for (const part of path) {
    value = Array.isArray(value)
      ? itemsOf(value).find(([index]) => index === part)?.[1]
      : isRecord(value)
      ? entriesOf(value).find(([key]) => key === part)?.[1]
      : undefined;
  }
  return value;
}

/** Seconds in a compose duration such as `1m30s`, `500ms`; null for something else. */
export function parseDuration(text: unknown): number | null {
  if (typeof text !== "string") return null;
  const units: Record<string, number> = { h: 3600, m: 60, s: 1, ms: 1e-3, us: 1e-6, "µs": 1e-6, ns: 1e-9 };
  const part = /(\d+(?:\.\d+)?)(ms|us|µs|ns|h|m|s)/gy;
  let seconds = 0;
  let end = 0;
  for (let match = part.exec(text); match !== null; match = part.exec(text)) {
    seconds += Number(match[1]) * (units[match[2] ?? ""] ?? 0);
    end = part.lastIndex;
  }
  return end > 0 && end === text.length ? seconds : null;
}

/** Bytes in a size such as `64m`, `1GiB` or `1000`; null for something else. */
export function parseSize(value: unknown): number | null {
  const [, digits, unit] = /^([0-9]+(?:\.[0-9]+)?) ?([kmgtp]?)(?:i?b)?$/i.exec(String(value)) ?? [];
  if (digits === undefined) return null;
  return Number(digits) * 1024 ** " kmgtp".indexOf((unit ?? "").toLowerCase() || " ");
}
