/** What came back over the network: a value, or why there is none. Nothing at that edge throws. */
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
   * HTTP status; 0 when no answer arrived, or none of the other side's own, so that it is unknown whether the request
   * was carried out.
   */
  status: number;
  message: string;
  /** Milliseconds the other side asks to be left alone. */
  retryAfterMs: number | null;
}

/** For this long a call that got no answer may still be carried out. */
export const lateMs = 15_000;

/** Whether the request may still be carried out: nobody answered, or a proxy in the place of who was asked. */
export function isUnsure({ status }: Pick<Failure, "status">): boolean {
  return status === 0 || status === 502 || status === 503 || status === 504;
}

/** Reads a `Retry-After` header: seconds or a date. */
export function retryAfter(header: string | null | undefined, now: number): number | null {
  if (header === null || header === undefined || header === "") return null;
  const seconds = Number(header);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - now;
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), 3_600_000) : null;
}

/** Milliseconds to wait after `tries` failures in a row: 1 s, 2 s, 4 s … at most a minute. */
export function backoffMs(tries: number, limitMs = 60_000): number {
  return Math.min(1000 * 2 ** Math.max(0, tries - 1), limitMs);
}
