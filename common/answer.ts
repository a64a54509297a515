/**
 * What a call over the network came to: a value, or why there is none. Functions that answer with this do not throw.
 */
export type Answer<T> = Success<T> | Failure;

export interface Success<T> {
  ok: true;
  value: T;
  /** The other side's clock from its `Date` header, milliseconds since the epoch; `null` when it gave none. */
  at: number | null;
}

export interface Failure {
  ok: false;
  /**
   * HTTP status; 0 when no answer arrived, or when the answer was not the other side's own (a proxy's, for example).
   * With 0 it is unknown whether the other side carried the request out.
   */
  status: number;
  message: string;
  /** Milliseconds for which the other side asks not to be called again; `null` when it asks for nothing. */
  retryAfterMs: number | null;
}

/** Milliseconds for which the other side may still carry out a call that got no answer. */
export const lateMs = 15_000;

/**
 * Whether the other side may have carried the request out, or may still do so: nobody answered, or a proxy answered
 * instead of the other side.
 */
export function isUnsure({ status }: Pick<Failure, "status">): boolean {
  return status === 0 || status === 502 || status === 503 || status === 504;
}

/** Milliseconds that anybody is waited for at most, whatever they ask for. */
export const longestWaitMs = 3_600_000;

/**
 * Reads a `Retry-After` header, which holds seconds or a date.
 * @param now milliseconds since the epoch
 * @returns milliseconds, an hour at most; null when the header is missing or cannot be read
 */
export function retryAfter(header: string | null | undefined, now: number): number | null {
  if (header === null || header === undefined || header === "") return null;
  const seconds = Number(header);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - now;
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), longestWaitMs) : null;
}

/** Milliseconds to wait after `tries` failures in a row: 1 s, 2 s, 4 s … at most a minute. */
export function backoffMs(tries: number, limitMs = 60_000): number {
  return Math.min(1000 * 2 ** Math.max(0, tries - 1), limitMs);
}
