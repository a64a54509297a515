import { timingSafeEqual } from "node:crypto";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { Refusal } from "./errors.ts";

/** The programs that may write. */
export type Writer = "bridge" | "runner";

/** A token as it is kept: only its digest, so that neither memory dumps nor later storage give it away. */
export interface WriterToken {
  writer: Writer;
  digest: Uint8Array;
}

/** Prepares a token for comparison. */
export function writerToken(writer: Writer, token: string): WriterToken {
  return { writer, digest: sha256(token) };
}

/**
 * Lets a request pass that carries a token of `writer`. Every known token is compared, each in constant time, so
 * that neither the time nor the answer tells how close a guess came.
 * @throws {Refusal} 401 without a known token, 403 with the token of the other program
 */
export function requireWriter(
  tokens: readonly WriterToken[],
  options: { writer: Writer; authorization: string | undefined },
): void {
  const writers = writersOf(tokens, options.authorization);
  if (writers.length === 0) throw new Refusal(401, "This call needs a valid bearer token");
  if (!writers.includes(options.writer)) {
    throw new Refusal(403, `This call is for the ${options.writer}, the token belongs to the ${writers[0]}`);
  }
}

/** Whether a request carries the token of any program, which may then read what is not public. */
export function isKnownWriter(tokens: readonly WriterToken[], authorization: string | undefined): boolean {
  return writersOf(tokens, authorization).length > 0;
}

function writersOf(tokens: readonly WriterToken[], authorization: string | undefined): Writer[] {
  const given = /^Bearer +([!-~]+)$/i.exec(authorization ?? "")?.[1];
  const digest = sha256(given ?? "");
  const same = tokens.map((token) => timingSafeEqual(token.digest, digest) ? [token.writer] : []).flat();
  return given === undefined ? [] : same;
}

function sha256(text: string): Uint8Array {
  return createHash("sha256").update(Buffer.from(text, "utf8")).digest();
}
