import { stripVTControlCharacters } from "node:util";
import { plainText } from "../../common/plain_text.ts";

const MASK = "•••";
/** Shorter values are words like "admin" that would blank out half a log. */
const SHORTEST = 6;

/** Knows the run's secrets and takes them out of everything that leaves the worker. */
export class Redactor {
  #secrets: string[] = [];

  /** Adds a secret, along with the ways programs tend to write it down. */
  add(secret: string): void {
    for (const line of secret.split(/\r?\n/)) {
      if (line.trim().length < SHORTEST) continue;
      const bytes = new TextEncoder().encode(line);
      const base64 = btoa(String.fromCharCode(...bytes)).replace(/=+$/, "");
      for (const form of [line, encodeURIComponent(line), JSON.stringify(line).slice(1, -1), base64]) {
        if (!this.#secrets.includes(form)) this.#secrets.push(form);
      }
    }
    this.#secrets.sort((a, b) => b.length - a.length); // one that holds another goes first
  }

  text(text: string): string {
    let clean = text;
    for (const secret of this.#secrets) clean = clean.replaceAll(secret, MASK);
    return clean;
  }

  /** The same for every string inside a plain value. */
  value<T>(value: T): T;
  value(value: unknown): unknown {
    if (typeof value === "string") return this.text(value);
    if (Array.isArray(value)) return value.map((one) => this.value<unknown>(one));
    if (typeof value === "object" && value !== null) {
      return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, this.value<unknown>(one)]));
    }
    return value;
  }
}

/**
 * What a program printed on a terminal as plain lines: no colours, nothing invisible, no trailing blanks, and of what
 * was written over by means of carriage returns only the last.
 */
export function plainLines(text: string): string[] {
  const lines = stripVTControlCharacters(text).split("\n")
    .map((line) => line.replace(/\r+$/, "").split("\r").at(-1) ?? "")
    .flatMap((line) => plainText(line).split("\n"))
    .map((line) => line.trimEnd());
  while (lines.at(-1) === "") lines.pop();
  while (lines[0] === "") lines.shift();
  return lines;
}
