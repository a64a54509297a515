import { plainLine } from "../logs/ansi.ts";

/**
 * What somebody said, with every text in it rid of colours and of characters that control a terminal or reorder what
 * stands beside them. Done once, when it comes in: whatever shows it later need not think of that.
 */
export function plainWords<T>(said: T): T;
export function plainWords(said: unknown): unknown {
  if (typeof said === "string") return plainLine(said);
  if (Array.isArray(said)) return said.map((one) => plainWords(one));
  if (typeof said !== "object" || said === null) return said;
  return Object.fromEntries(Object.entries(said).map(([key, value]) => [key, plainWords(value)]));
}
