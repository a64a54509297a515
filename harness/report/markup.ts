import { plainText } from "../../common/plain_text.ts";

/** HTML that may stand in a page as it is. Only {@linkcode markup} and {@linkcode trusted} make it. */
export class Markup {
  constructor(readonly text: string) {}
}

type Part = string | number | Markup | null | undefined | false | readonly Part[];

/**
 * A template whose every value is escaped, in text and in quoted attributes, and rid of characters that control a
 * terminal or reorder a line; lists are joined, `null` is nothing.
 */
export function markup(literal: TemplateStringsArray, ...values: Part[]): Markup {
  let text = literal[0] ?? "";
  for (const [index, value] of values.entries()) text += render(value) + (literal[index + 1] ?? "");
  return new Markup(text);
}

/** Text that is HTML already: our own styles, or what another escaping function made. */
export function trusted(text: string): Markup {
  return new Markup(text);
}

function render(part: Part): string {
  if (part === null || part === undefined || part === false) return "";
  if (part instanceof Markup) return part.text;
  if (typeof part === "object") return part.map(render).join("");
  return escapeHtml(plainText(String(part)));
}

/** For text and for attributes in double quotes. */
export function escapeHtml(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;")
    .replace(/'/g, "&#39;");
}
