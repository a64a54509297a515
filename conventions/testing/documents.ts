import { root } from "./tree.ts";

/** Text of a document, by its path from the root. */
export async function document(path: string): Promise<string> {
  return await Deno.readTextFile(`${root}${path}`);
}

/** Rows of the table below a header line, each as its cells. */
export function tableBelow(header: string, markdown: string): string[][] {
  const lines = markdown.split("\n");
  const at = lines.indexOf(header);
  if (at === -1) throw new Error(`Cannot find the table that begins with "${header}"`);
  const end = lines.findIndex((line, index) => index > at && !line.startsWith("|"));
  return lines.slice(at + 2, end === -1 ? undefined : end)
    .map((line) => line.split(/(?<!\\)\|/).slice(1, -1).map((cell) => cell.trim()));
}

/** What stands between backticks in a text. */
export function codeIn(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code);
}
