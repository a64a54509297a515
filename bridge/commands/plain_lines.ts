import { fromMarkdown, type Options } from "mdast-util-from-markdown";

type Root = ReturnType<typeof fromMarkdown>;
type Node = Root["children"][number];
type Inline = Extract<Node, { type: "paragraph" }>["children"][number];

/**
 * How much of a comment the parser gets. Some texts take it a time that grows with the square of their length: many
 * lists and quotes in one another, many short blocks, and many marks within one paragraph. What is beyond these bounds
 * is a document, in which nobody looks for a command.
 */
export const bounds = {
  characters: 16_384,
  lines: 1_000,
  /** Quotes and lists that begin on one line. */
  nesting: 16,
  /** Characters of paragraphs, together, that are looked into for marks. */
  inline: 2_000,
} as const;

/** Everything that makes more of a paragraph than its text; without it the parser finds blocks only. */
const inlineMarks = [
  "attention",
  "autolink",
  "characterEscape",
  "characterReference",
  "codeText",
  "hardBreakEscape",
  "htmlText",
  "labelEnd",
  "labelStartImage",
  "labelStartLink",
];

export interface PlainLinesOptions {
  /** Whether a line, trimmed, is one of those that are looked for. Paragraphs without any are not looked into. */
  isSought(line: string): boolean;
  /** The parser. @default that of the library */
  parse?: (text: string, options?: Options) => Root;
}

/** The lines sought that are nothing but text at the top level of a Markdown document, typed as they are, trimmed. */
export function plainLines(body: string, { isSought, parse = fromMarkdown }: PlainLinesOptions): string[] {
  const children = blocksOf(body, { isSought, parse });
  const sourceOf = (node: Node) => body.slice(node.position?.start.offset, node.position?.end.offset);
  const definitions = children.filter(({ type }) => type === "definition").map(sourceOf).join("\n");
  const found: string[] = [];
  let left: number = bounds.inline;
  let open = 0;
  for (const node of children) {
    if (node.type === "html") open = Math.max(0, open + openedElements(node.value));
    if (node.type !== "paragraph" || open > 0) continue;
    const paragraph = sourceOf(node);
    if (!linesOf(paragraph).some(isSought)) continue;
    // Whether brackets make a link depends on the definitions.
    const text = `${paragraph}\n\n${definitions}`;
    left -= text.length;
    if (left < 0) return found;
    const [own] = parse(text).children;
    if (own?.type !== "paragraph") continue;
    found.push(...linesOf(own.children.map((child) => rawText(child, text)).join("")).filter(isSought));
  }
  return found;
}

/**
 * The lines sought that a writer may have taken for text at the top level, as they are typed, though Markdown makes
 * something else of them: a heading of those above a line of dashes, a part of the quote of those that follow one
 * without a blank line, code of those between backticks. Marked quotes, lists, fences and HTML stay out.
 */
export function looseLines(body: string, { isSought, parse = fromMarkdown }: PlainLinesOptions): string[] {
  let open = 0;
  return blocksOf(body, { isSought, parse }).flatMap((node) => {
    if (node.type === "html") open = Math.max(0, open + openedElements(node.value));
    if (open > 0) return [];
    const lines = linesOf(body.slice(node.position?.start.offset, node.position?.end.offset));
    switch (node.type) {
      case "paragraph":
        return lines;
      case "heading":
        return lines.length > 1 ? lines.slice(0, -1) : [];
      case "blockquote":
        return lines.filter((line) => !line.startsWith(">"));
      default:
        return [];
    }
  }).filter(isSought);
}

/** The blocks of a comment; none of one that is too long to be a comment, or in which no line is sought. */
function blocksOf(body: string, { isSought, parse = fromMarkdown }: PlainLinesOptions): Node[] {
  if (body.length > bounds.characters) return [];
  const all = linesOf(body);
  if (all.length > bounds.lines || !all.some(isSought)) return [];
  if (all.some((line) => nestingOf(line) > bounds.nesting)) return [];
  return parse(body, { extensions: [{ disable: { null: inlineMarks } }] }).children;
}

/** Blanks that Markdown knows are taken off; others are characters like any. */
function linesOf(text: string): string[] {
  return text.split(/\r?\n|\r/).map((line) => line.replace(/^[ \t]+|[ \t]+$/g, ""));
}

/** Quotes and lists that a line may begin. */
function nestingOf(line: string): number {
  const [start = ""] = /^(?:[ \t]*(?:>|(?:[-+*]|\d{1,9}[.)])(?=[ \t]|$)))*/.exec(line) ?? [];
  return start.match(/>|[-+*.)]/g)?.length ?? 0;
}

/** Stands for anything that is not plain text, so that its line matches nothing. */
const opaque = "\u0000";

function rawText(node: Inline, text: string): string {
  if (node.type === "break") return "\n";
  const start = node.position?.start.offset;
  const end = node.position?.end.offset;
  if (node.type !== "text" || start === undefined || end === undefined) return opaque;
  const raw = text.slice(start, end);
  // Escapes and character references look like a command without being one.
  return linesOf(raw).join("\n") === linesOf(node.value).join("\n") ? raw : opaque;
}

const voidElements = /^(area|base|br|col|embed|hr|img|input|link|meta|source|track|wbr)$/i;

/** How many elements a piece of HTML leaves open: what follows it may be folded away or styled as something else. */
function openedElements(html: string): number {
  let count = 0;
  for (const [, closing, name = "", selfClosing] of tagsOf(html)) {
    if (closing === "/") count--;
    else if (selfClosing !== "/" && !voidElements.test(name)) count++;
  }
  return count;
}

/** Neither search ever runs to the end in vain: what it looks for is there. */
function tagsOf(html: string): IterableIterator<RegExpExecArray> {
  const comments = html.lastIndexOf("-->") + 3;
  const shown = html.slice(0, comments).replace(/<!--[\s\S]*?-->/g, "") + html.slice(comments);
  return shown.slice(0, shown.lastIndexOf(">") + 1)
    .matchAll(/<(\/?)([A-Za-z][A-Za-z0-9-]*)[^>]*?(\/?)>/g);
}
