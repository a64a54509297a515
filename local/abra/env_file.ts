/** One variable of an app's `.env`, with the modifiers of the comment behind it (`# length=32 charset=hex`). */
export interface Setting {
  name: string;
  value: string;
  modifiers: Record<string, string>;
}

/**
 * Reads a docker env-file as abra does: no `export`, quotes taken off, `$NAME` and `${NAME}` replaced by what stands
 * further up (the `COMPOSE_FILE="$COMPOSE_FILE:compose.smtp.yml"` idiom), a trailing ` # …` comment kept as modifiers.
 */
export function parseEnvFile(text: string): Setting[] {
  const settings: Setting[] = [];
  const known = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const match = /^\s*([A-Za-z_][A-Za-z0-9_]*)\s*=(.*)$/.exec(line);
    const [, name, rest] = match ?? [];
    if (name === undefined || rest === undefined) continue;
    const { value, literal, comment } = splitValue(rest);
    const expanded = literal ? value : value.replaceAll(
      /\$(?:\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*))/g,
      (_, braced, bare) => known.get(braced ?? bare) ?? "",
    );
    known.set(name, expanded);
    settings.push({ name, value: expanded, modifiers: parseModifiers(comment) });
  }
  return settings;
}

/** The settings as a plain environment; the last of equal names wins. */
export function toEnvironment(settings: Setting[]): Record<string, string> {
  return Object.fromEntries(settings.map(({ name, value }) => [name, value]));
}

function splitValue(rest: string): { value: string; literal: boolean; comment: string } {
  const quoted = /^\s*(["'])((?:\\.|(?!\1).)*)\1\s*(?:#(.*))?$/.exec(rest);
  if (quoted !== null) {
    const literal = quoted[1] === "'";
    const inner = quoted[2] ?? "";
    return {
      value: literal ? inner : inner.replaceAll(/\\(["\\])/g, "$1"),
      literal,
      comment: quoted[3] ?? "",
    };
  }
  const at = rest.search(/\s#/);
  if (at < 0) return { value: rest.trim(), literal: false, comment: "" };
  return { value: rest.slice(0, at).trim(), literal: false, comment: rest.slice(rest.indexOf("#", at) + 1) };
}

function parseModifiers(comment: string): Record<string, string> {
  return Object.fromEntries(
    [...comment.matchAll(/([a-z]+)=(\S+)/g)].map(([, key, value]) => [key ?? "", value ?? ""]),
  );
}

/** `custom-html:1.1.0+1.22.1` of `TYPE=` (or `RECIPE=`) taken apart. */
export function splitType(type: string): { recipe: string; version: string | undefined } {
  const at = type.lastIndexOf(":");
  if (at < 0) return { recipe: type, version: undefined };
  return { recipe: type.slice(0, at), version: type.slice(at + 1) || undefined };
}

/** The same text with the version of its `TYPE=` or `RECIPE=` line replaced; other lines stay as they are. */
export function writeVersion(text: string, version: string): string {
  return text.replace(
    /^((?:TYPE|RECIPE)=["']?[^\s:"'#]+)(?::[^\s"'#]*)?/m,
    (_, start) => `${start}:${version}`,
  );
}

/**
 * Configuration versions out of a recipe's `abra.sh`: its `export NAME=value` lines are read, the script is never run.
 * Values with anything a shell would have to work out are left alone.
 */
export function parseAbraSh(text: string): Record<string, string> {
  const exports: Record<string, string> = {};
  for (
    const [, name, quoted, bare] of text.matchAll(
      /^\s*export\s+(\w+)=(?:"([^"$`\\]*)"|([\w.+-]*))\s*(?:#.*)?$/gm,
    )
  ) {
    if (name !== undefined) exports[name] = quoted ?? bare ?? "";
  }
  return exports;
}
