import { nearMiss } from "./near_misses.ts";
import { plainLines } from "./plain_lines.ts";

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

/** Digits of a commit that have to be given: with fewer of them several commits of one repository may begin. */
export const leastDigits = 7;

/**
 * Finds the command in a comment. It must stand alone on a line of plain text at the top level, typed as it is:
 * quotes, lists, headings, code, links, HTML and HTML comments do not count, nor does an escaped or encoded `!`.
 * The first command wins.
 */
export function parseCommand(body: string): Command | null {
  for (const line of plainLines(body, { isSought: (line) => commandOf(line) !== null })) {
    const command = commandOf(line);
    if (command !== null) return command;
  }
  const line = nearMiss(body);
  return line === null ? null : { kind: "unclear", line };
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
