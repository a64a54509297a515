import type { ComposeFile } from "./compose.ts";
import { isRecord } from "./compose_values.ts";

/** Nothing sets it: the names of our own settings are refused in recipes. */
const NOTHING = "${CCCI_NOTHING-}";

/**
 * A compose file as this program has read it, written down so that it can be read in one way only: JSON, which is YAML
 * as well, with every variable filled in, in ASCII. Docker's reading of it must be the same as of the original.
 */
export function plainCopy(file: ComposeFile): string {
  return `${write(filledIn(file.doc, file.raw))}\n`;
}

/**
 * Text behind `$$`, so that Docker fills in nothing more. Where a variable was filled in, Docker takes `"2"` for a
 * number if a number is due, and does so only where something was filled in: hence the nothing in front.
 */
function filledIn(value: unknown, raw: unknown): unknown {
  if (typeof value === "string") {
    const plain = value.replaceAll("$", "$$$$");
    return value === raw ? plain : `${NOTHING}${plain}`;
  }
  if (Array.isArray(value)) {
    return value.map((item, index) => filledIn(item, Array.isArray(raw) ? raw[index] : undefined));
  }
  if (!isRecord(value)) return value;
  const before = new Map(isRecord(raw) ? Object.entries(raw) : []);
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, filledIn(item, before.get(key))]),
  );
}

function write(value: unknown): string {
  if (typeof value === "string") return text(value);
  if (Array.isArray(value)) return `[${value.map(write).join(", ")}]`;
  if (isRecord(value)) {
    return `{${Object.entries(value).map(([key, item]) => `${text(key)}: ${write(item)}`).join(", ")}}`;
  }
  return JSON.stringify(value) ?? "null";
}

/** Everything that is no plain ASCII as an escape. */
function text(value: string): string {
  return JSON.stringify(value).replaceAll(/[^\u0020-\u007e]/gu, (char) => {
    const code = char.codePointAt(0) ?? 0;
    return code > 0xffff
      ? `\\U${code.toString(16).padStart(8, "0")}`
      : `\\u${code.toString(16).padStart(4, "0")}`;
  });
}
