import { fromMarkdown } from "mdast-util-from-markdown";
import { distance } from "../../common/spelling.ts";

/**
 * What a comment asks for. `too-short`: to test a commit of which too few digits are given to be sure of it. `unclear`
 * is a line that was probably meant as a command.
 */
export type Command =
  | { kind: "test"; commit: string | null }
  | { kind: "too-short"; commit: string }
  | { kind: "cancel" }
  | { kind: "help" }
  | { kind: "unclear"; line: string };

type Root = ReturnType<typeof fromMarkdown>;
type Node = Root["children"][number];
type Inline = Extract<Node, { type: "paragraph" }>["children"][number];

/** A comment longer than this is a document, not a command; it also bounds what the parser must chew. */
const longestComment = 16_384;
const longestAttempt = 60;
/** Digits of a commit that have to be given: with fewer of them several commits of one repository may begin. */
export const leastDigits = 7;

/**
 * Finds the command in a comment. It must stand alone on a line of plain text at the top level, typed as it is:
 * quotes, lists, headings, code, links, HTML and HTML comments do not count, nor does an escaped or encoded `!`.
 * The first command wins.
 */
export function parseCommand(body: string): Command | null {
  if (body.length > longestComment || !/^[ \t]*[!/]/m.test(body)) return null;
  let unclear: Command | null = null;
  for (const line of plainLines(body)) {
    const command = commandOf(line);
    if (command !== null) return command;
    if (unclear === null && isNearMiss(line)) unclear = { kind: "unclear", line };
  }
  return unclear;
}

function commandOf(line: string): Command | null {
  const match = /^!testme(?:[ \t]+(?:(cancel|help)|([0-9a-f]{1,64})))?$/.exec(line);
  if (match === null) return null;
  const [, word, commit = null] = match;
  if (word === "cancel" || word === "help") return { kind: word };
  return commit !== null && commit.length < leastDigits
    ? { kind: "too-short", commit }
    : { kind: "test", commit };
}

function isNearMiss(line: string): boolean {
  if (line.length > longestAttempt) return false;
  const [word = "", ...rest] = line.toLowerCase().split(/\s+/);
  if (rest.length > 3 || !/^[!/]/.test(word)) return false;
  return word === "!testme" || distance(word, "!testme") <= 2 || `${word}${rest[0] ?? ""}` === "!testme";
}

/** The comment's lines that are nothing but text at the top level, trimmed. */
function plainLines(body: string): string[] {
  const lines: string[] = [];
  let open = 0;
  for (const node of fromMarkdown(body).children) {
    if (node.type === "html") open = Math.max(0, open + openedElements(node.value));
    if (node.type !== "paragraph" || open > 0) continue;
    const marked = node.children.map((child) => rawText(child, body)).join("");
    lines.push(
      ...marked.split(/\r?\n|\r/).map((line) => line.trim()).filter((line) => !line.includes(opaque)),
    );
  }
  return lines.filter((line) => line !== "");
}

/** Stands for anything that is not plain text, so that its line matches nothing. */
const opaque = "\u0000";

function rawText(node: Inline, body: string): string {
  if (node.type === "break") return "\n";
  const start = node.position?.start.offset;
  const end = node.position?.end.offset;
  if (node.type !== "text" || start === undefined || end === undefined) return opaque;
  const raw = body.slice(start, end);
  // Escapes and character references look like a command without being one.
  return normalize(raw) === normalize(node.value) ? raw : opaque;
}

function normalize(text: string): string {
  return text.split(/\r?\n|\r/).map((line) => line.trim()).join("\n");
}

const voidElements = /^(area|base|br|col|embed|hr|img|input|link|meta|source|track|wbr)$/i;

/** How many elements a piece of HTML leaves open: what follows it may be folded away or styled as something else. */
function openedElements(html: string): number {
  let count = 0;
  for (
    const match of html.replace(/<!--[\s\S]*?-->/g, "").matchAll(/<(\/?)([A-Za-z][A-Za-z0-9-]*)[^>]*?(\/?)>/g)
  ) {
    const [, closing, name = "", selfClosing] = match;
    if (closing === "/") count--;
    else if (selfClosing !== "/" && !voidElements.test(name)) count++;
  }
  return count;
}
