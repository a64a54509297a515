import { Buffer } from "node:buffer";
import { createHash, timingSafeEqual } from "node:crypto";
import { hostName } from "../../protocol/dashboard_api.ts";
import { Refusal } from "./errors.ts";

/** The programs that may write. */
export type Writer = "bridge" | "runner";

/** A token as it is kept: only its digest, so that neither memory dumps nor storage give it away. */
export interface WriterToken {
  writer: Writer;
  /** Who has it: the runner host, or the program where there is one only. */
  name: string;
  digest: Uint8Array;
}

/** The name of a token that all runner hosts may have together. */
const TOGETHER = "runner";

/**
 * The name of the host that has a token: the token's, or where all hosts have one together what the host calls itself.
 * The name of a host with a token of its own is nobody else's.
 * @param token as {@linkcode requireWriter} returned it
 * @param options.said what the host calls itself
 * @param options.known the host that has spoken of the same run before: whoever has their token may go on
 */
export function hostWith(
  token: string,
  { said, known, tokens }: { said: string | undefined; known: string | null; tokens: readonly WriterToken[] },
): string {
  if (token !== TOGETHER) return token;
  const isOpen = (name: string) => name === TOGETHER || !tokens.some((one) => one.name === name);
  if (known !== null && isOpen(known)) return known;
  const name = hostName.safeParse(said);
  return name.success && isOpen(name.data) ? name.data : TOGETHER;
}

/** Prepares a token for comparison. */
export function writerToken(writer: Writer, token: string): WriterToken {
  return { writer, name: writer, digest: sha256(token) };
}

/**
 * Tokens of runner hosts as an operator writes them down: on each line a host's name and the SHA-256 digest of its
 * token in hexadecimal digits, as `printf %s "$TOKEN" | sha256sum` prints it. `#` begins a comment.
 * @throws {RangeError} naming the line that is wrong
 */
export function hostTokens(text: string): WriterToken[] {
  const tokens: WriterToken[] = [];
  for (const [at, line] of text.split("\n").entries()) {
    const said = line.replace(/#.*/, "").trim();
    if (said === "") continue;
    const [, name, hex] = /^([a-z0-9][a-z0-9.-]{0,62})\s+([0-9a-f]{64})$/i.exec(said) ?? [];
    if (name === undefined || hex === undefined) {
      throw new RangeError(`line ${at + 1} is not "<host> <SHA-256 digest of its token>"`);
    }
    if (tokens.some((token) => token.name === name)) {
      throw new RangeError(`line ${at + 1} names "${name}" again`);
    }
    tokens.push({ writer: "runner", name, digest: Uint8Array.fromHex(hex) });
  }
  return tokens;
}

export function sameToken(a: WriterToken, b: WriterToken): boolean {
  return timingSafeEqual(a.digest, b.digest);
}

/**
 * Lets a request pass that carries a token of `writer`. Every known token is compared, each in constant time, so
 * that neither the time nor the answer tells how close a guess came.
 * @returns who it is
 * @throws {Refusal} 401 without a known token, 403 with the token of the other program
 */
export function requireWriter(
  tokens: readonly WriterToken[],
  options: { writer: Writer; authorization: string | undefined },
): string {
  const found = tokensOf(tokens, options.authorization);
  if (found.length === 0) throw new Refusal(401, "This call needs a valid bearer token");
  const right = found.find((token) => token.writer === options.writer);
  if (right === undefined) {
    throw new Refusal(
      403,
      `This call is for the ${options.writer}, the token belongs to the ${found[0]?.writer}`,
    );
  }
  return right.name;
}

/** Whether a request carries the token of any program, which may then read what is not public. */
export function isKnownWriter(tokens: readonly WriterToken[], authorization: string | undefined): boolean {
  return tokensOf(tokens, authorization).length > 0;
}

function tokensOf(tokens: readonly WriterToken[], authorization: string | undefined): WriterToken[] {
  const given = /^Bearer +([!-~]+)$/i.exec(authorization ?? "")?.[1];
  const digest = sha256(given ?? "");
  const same = tokens.filter((token) => timingSafeEqual(token.digest, digest));
  return given === undefined ? [] : same;
}

function sha256(text: string): Uint8Array {
  return createHash("sha256").update(Buffer.from(text, "utf8")).digest();
}
