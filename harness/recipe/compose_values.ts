/** Where something stands inside a compose file, e.g. `["services", "app", "volumes", 0]`. */
export type ComposePath = readonly (string | number)[];

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

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
