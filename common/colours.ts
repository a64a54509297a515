import { plainLine } from "./plain_text.ts";

// deno-lint-ignore no-control-regex -- colours are sequences of control characters
const colour = /(\x1b\[[0-9;]*m)/;

/**
 * One line of a log with its colours (`ESC [ … m`) and without every other sequence that a terminal obeys, so that no
 * line can hide itself or its neighbours. `codes`, if given, changes what stands between `[` and `m`.
 */
export function coloursOnly(line: string, codes: (given: string) => string = (given) => given): string {
  return line.split(colour)
    .map((part, at) => at % 2 === 1 ? `\x1b[${codes(part.slice(2, -1))}m` : plainLine(part))
    .join("");
}
