import { document } from "./documents.ts";
import { filesOfTree } from "./tree.ts";

/** A command that a document has a reader type. */
export interface Documented {
  path: string;
  words: string[];
}

/** A document with its text. */
interface Text {
  path: string;
  text: string;
}

/** Every document of this tree. */
export async function documentTexts(): Promise<Text[]> {
  const paths = (await filesOfTree()).filter((path) => path.endsWith(".md"));
  return await Promise.all(paths.map(async (path) => ({ path, text: await document(path) })));
}

/** The commands of every shell block, and those of ours that stand in a sentence or a table. */
export function commandsIn({ path, text }: Text): Documented[] {
  const blocks = shellBlocks(text).flatMap(linesOf);
  const inline = [
    ...text.replaceAll(/^ *```[^]*?^ *```/gm, "").matchAll(/`((?:\.\/cc-ci|cc-ci-\w+) [^`]+)`/g),
  ]
    .map(([, code = ""]) => code);
  return [...blocks, ...inline].map((line) => ({ path, words: line.split(/\s+/) }));
}

/** The shell blocks of a document, those in lists included. */
export function shellBlocks(text: string): string[] {
  return [...text.matchAll(/^ *```sh\n([^]*?)^ *```/gm)].map(([, block = ""]) => block);
}

/** Each command of a block, without comments. What follows a pipe is a command of its own. */
function linesOf(block: string): string[] {
  return block.replaceAll("\\\n", " ").replaceAll(/(^|\s)#.*$/gm, "").split(/\n|&&|\|\|?|;/)
    .map((line) => line.trim().replace(/^\(/, "").replace(/^(?:[A-Z_]+=\S*\s+)*(?:sudo\s+)?/, ""))
    .filter((line) => line !== "");
}

/** The options that a command is given. */
export function flagsOf(words: readonly string[]): string[] {
  return words.flatMap((word) => /^--[a-z][a-z-]*/.exec(word) ?? []);
}

/** Where a command's own arguments begin: `secrets new` is a command of two words. */
export function depthOf([, first = "", second = ""]: readonly string[]): number {
  const grouped = ["bench", "recipes", "secrets"].includes(first) && /^[a-z-]+$/.test(second);
  return first === "" || first.startsWith("-") ? 1 : grouped && first !== "bench" ? 3 : 2;
}
