import { plainText, withoutSequences } from "../../common/plain_text.ts";

const MASK = "•••";
/**
 * Shorter values are not taken out, because they are words like "admin", and half a log would be blanked out with them.
 */
const SHORTEST = 6;

/** Knows the run's secrets and takes them out of everything that leaves the worker. */
export class Redactor {
  #secrets: string[] = [];

  /** Adds a secret, along with the ways programs tend to write it down. */
  add(secret: string): void {
    for (const line of secret.split(/\r?\n/)) {
      if (line.trim().length < SHORTEST) continue;
      const plain = plainText(line);
      for (const form of [line, plain, plain.trim()].flatMap(formsOf)) {
        if (form.length >= SHORTEST && !this.#secrets.includes(form)) this.#secrets.push(form);
      }
    }
    this.#secrets.sort((a, b) => b.length - a.length); // a form that contains another one is replaced before it
  }

  /**
   * The text as {@linkcode plainText} cleans it, without secrets. It is cleaned first: a secret that an invisible
   * character parts would otherwise be missed, and whole again as soon as somebody cleans the text.
   */
  text(text: string): string {
    let clean = plainText(text);
    for (const secret of this.#secrets) clean = clean.replaceAll(secret, MASK);
    return clean;
  }

  /** Cleans and redacts every string inside a plain value. */
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

/** A secret as it is, and as programs write it in a URL, in JSON, in HTML, in hexadecimal and in Base64. */
function formsOf(secret: string): string[] {
  const bytes = new TextEncoder().encode(secret);
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0"));
  const entities = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
  const alone = btoa(String.fromCharCode(...bytes)).replace(/=+$/, "");
  const base64 = [alone, ...[0, 1, 2].map((before) => base64Within(bytes, before))];
  return [
    secret,
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
    secret.replace(/[&<>"']/g, (sign) => entities[sign as keyof typeof entities]),
    hex.join(""),
    hex.join("").toUpperCase(),
    ...base64,
    ...base64.map((form) => form.replaceAll("+", "-").replaceAll("/", "_")),
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
