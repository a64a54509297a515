import { plainText, withoutSequences } from "../../common/plain_text.ts";
import { type DecodedText, views, withoutBreaks } from "./decoded_text.ts";

const MASK = "•••";
/**
 * Shorter values are not taken out, because they are words like "admin", and half a log would be blanked out with them.
 * Nor are shorter beginnings and ends of secrets, where a text was cut off.
 */
const SHORTEST = 6;

/** Knows the run's secrets and takes them out of everything that leaves the worker. */
export class Redactor {
  /** Secrets as they are, and in other alphabets. Escapes are read where the text is looked through. */
  #needles: string[] = [];
  readonly #ofApps = new Set<string>();

  /** The secrets that the run's apps have, for another redactor that is to know the same. */
  get ofApps(): string[] {
    return [...this.#ofApps];
  }

  /**
   * Adds a secret of one of the run's apps.
   * @returns whether it can be taken out; a shorter one cannot, and whoever adds it says so
   */
  add(secret: string): boolean {
    this.#ofApps.add(secret);
    return this.#take(secret);
  }

  /** Adds a secret of the host, such as its log-in at a registry, which nobody gets to know from {@linkcode ofApps}. */
  addOfHost(secret: string): void {
    this.#take(secret);
  }

  /** Has a secret taken out, along with the ways programs tend to write it down. */
  #take(secret: string): boolean {
    let known = false;
    for (const line of secret.split(/\r?\n/)) {
      if (line.trim().length < SHORTEST) continue;
      known = true;
      const plain = plainText(line);
      for (const form of [line, plain, plain.trim()].flatMap((one) => [one, ...encodedForms(one)])) {
        if (form.length >= SHORTEST && !this.#needles.includes(form)) this.#needles.push(form);
      }
    }
    return known;
  }

  /**
   * The text as {@linkcode plainText} cleans it, without secrets. It is cleaned first: a secret that an invisible
   * character parts would otherwise be missed, and whole again as soon as somebody cleans the text. A secret is found
   * where line ends part it, behind escapes, and in what a cut at the text's beginning or end has left of it.
   */
  text(text: string): string {
    const clean = plainText(text);
    return mask(clean, this.#found(clean));
  }

  /**
   * How much of the end of a text may be the beginning of a secret that goes on behind it, in characters.
   * @param text cleaned already
   */
  openEnd(text: string): number {
    let open = 0;
    for (const view of views(withoutBreaks(text))) {
      open = Math.max(open, view.halfEscape);
      for (const needle of this.#needles) {
        const held = overlap(view.text, needle);
        if (held > 0) open = Math.max(open, text.length - view.at(view.text.length - held));
      }
    }
    return open;
  }

  /** Cleans and redacts every string inside a plain value; lines of one list may hold parts of one secret. */
  value<T>(value: T): T;
  value(value: unknown): unknown {
    if (typeof value === "string") return this.text(value);
    if (Array.isArray(value)) {
      if (
        value.length > 1 &&
        value.every((one) => typeof one === "string" && !/[\r\n\u0085\u2028\u2029]/.test(one))
      ) {
        return this.text(value.join("\n")).split("\n");
      }
      return value.map((one) => this.value<unknown>(one));
    }
    if (typeof value === "object" && value !== null) {
      return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, this.value<unknown>(one)]));
    }
    return value;
  }

  /** Where secrets, or parts of them at either end, stand in a text. */
  #found(text: string): [from: number, to: number][] {
    const found: [number, number][] = [];
    if (this.#needles.length === 0) return found;
    for (const view of views(withoutBreaks(text))) {
      for (const needle of this.#needles) {
        for (
          let at = view.text.indexOf(needle);
          at !== -1;
          at = view.text.indexOf(needle, at + needle.length)
        ) {
          found.push(rangeOf(view, { at, length: needle.length }));
        }
        const end = overlap(view.text, needle);
        if (end >= SHORTEST) found.push(rangeOf(view, { at: view.text.length - end, length: end }));
        const beginning = overlap(needle, view.text);
        if (beginning >= SHORTEST) found.push(rangeOf(view, { at: 0, length: beginning }));
        if (view.text.length >= SHORTEST && view.text.length < needle.length && needle.includes(view.text)) {
          found.push(rangeOf(view, { at: 0, length: view.text.length }));
        }
      }
    }
    return found;
  }
}

function rangeOf(view: DecodedText, { at, length }: { at: number; length: number }): [number, number] {
  return [view.at(at), view.at(at + length - 1, "end")];
}

/** How many characters at the end of one text are the beginning of the other, and not the whole of it. */
function overlap(text: string, needle: string): number {
  for (let length = Math.min(needle.length - 1, text.length); length > 0; length--) {
    if (text.charCodeAt(text.length - 1) !== needle.charCodeAt(length - 1)) continue;
    if (text.endsWith(needle.slice(0, length))) return length;
  }
  return 0;
}

/** Puts the mask in the place of what was found; line ends inside stay, so that each line has its mask. */
function mask(text: string, found: readonly [from: number, to: number][]): string {
  let result = "";
  let at = 0;
  for (const [from, to] of found.toSorted(([a], [b]) => a - b)) {
    if (to <= at) continue;
    if (from >= at) result += text.slice(at, from);
    else if (result.endsWith(MASK)) { // goes on where the one before ended
      const rest = text.slice(at, to).split("\n").slice(1);
      result += rest.map(() => `\n${MASK}`).join("");
      at = to;
      continue;
    }
    result += text.slice(Math.max(at, from), to).split("\n").map(() => MASK).join("\n");
    at = to;
  }
  return result + text.slice(at);
}

/** A secret as programs write it in hexadecimal, in Base64, in URLs where it is not ASCII, in shells and in SQL. */
function encodedForms(secret: string): string[] {
  const bytes = new TextEncoder().encode(secret);
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const url = encodeURIComponent(secret);
  const alone = btoa(String.fromCharCode(...bytes)).replace(/=+$/, "");
  const base64 = [alone, ...[0, 1, 2].map((before) => base64Within(bytes, before))];
  return [
    hex,
    hex.toUpperCase(),
    url,
    url.replaceAll(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase()),
    ...base64,
    ...base64.map((form) => form.replaceAll("+", "-").replaceAll("/", "_")),
    ...["'\\''", `'"'"'`, "''"].map((quote) => secret.replaceAll("'", quote)),
    secret.replaceAll(/[^\w@%+=:,.\/-]/g, "\\$&"),
  ];
}

/**
 * The part of a Base64 text that depends on these bytes alone, if `before` other bytes (modulo 3) stand before them.
 */
function base64Within(bytes: Uint8Array, before: number): string {
  const text = btoa("\0".repeat(before) + String.fromCharCode(...bytes)).replace(/=+$/, "");
  const whole = Math.floor((before + bytes.length) * 8 / 6);
  return text.slice(Math.ceil(before * 8 / 6), whole);
}

/**
 * Turns what a program printed on a terminal into plain lines: without colours, invisible characters and trailing
 * blanks. Of a line that was written over by means of carriage returns only the last text stays.
 */
export function plainLines(text: string): string[] {
  const lines = withoutSequences(text).split("\n")
    .map((line) => line.replace(/\r+$/, "").split("\r").at(-1) ?? "")
    .flatMap((line) => plainText(line).split("\n"))
    .map((line) => line.trimEnd());
  while (lines.at(-1) === "") lines.pop();
  while (lines[0] === "") lines.shift();
  return lines;
}
