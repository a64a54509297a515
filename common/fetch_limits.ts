import { FirstBytes } from "./bounded_bytes.ts";

/** How long a call may take, and how large its answer may be. */
export interface FetchLimits {
  /** Milliseconds until the whole answer must have arrived. @default 30000 */
  timeoutMs?: number;
  /** Bytes of body accepted; a longer one is an error. @default 64 MiB */
  maxBytes?: number;
  /** After how much of a body, or how long after the head, the rest is not waited for. @default the whole is read */
  enough?: { bytes: number; ms: number };
}

/** An answer whose head has arrived, and whose body is still to be read. */
export interface HalfAnswer {
  status: number;
  headers: Headers;
  body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

/** Statuses with which a `Response` can have no body, whatever was sent. */
const BODILESS = new Set([101, 103, 204, 205, 304]);

/**
 * Makes one call and reads its whole answer.
 * @param bounded.call sends the request; its signal aborts when the time is over or the caller wants no answer any more
 * @throws the reason of the abort, or an error that names the host and the limit
 */
export async function withinLimits(
  request: Request,
  bounded: { limits: FetchLimits; call: (signal: AbortSignal) => Promise<HalfAnswer> },
): Promise<Response> {
  const { timeoutMs = 30_000, maxBytes = 64 * 1024 * 1024, enough } = bounded.limits;
  const { host } = new URL(request.url);
  const late = new AbortController();
  const signal = AbortSignal.any([request.signal, late.signal]);
  const timers = [
    setTimeout(
      () => late.abort(new Error(`No complete answer from ${host} within the time limit`)),
      timeoutMs,
    ),
  ];
  try {
    const { status, headers, body } = await bounded.call(signal);
    const cut = new Error("This is enough of the body");
    if (enough !== undefined) timers.push(setTimeout(() => late.abort(cut), enough.ms));
    const gathered = new FirstBytes(maxBytes);
    try {
      for await (const chunk of body) {
        if (!gathered.add(chunk)) throw new Error(`Answer of ${host} is larger than ${maxBytes} bytes`);
        if (enough !== undefined && gathered.size >= enough.bytes) break;
      }
    } catch (error) {
      if (signal.reason !== cut) throw error;
    }
    const response = responseOf(status, { headers, body: new Blob([gathered.bytes()]) });
    Object.defineProperty(response, "url", { value: request.url });
    return response;
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw error;
  } finally {
    for (const timer of timers) clearTimeout(timer);
  }
}

/** Makes a `Response` of any status that a server can send. Its constructor takes none below 200 and none above 599. */
function responseOf(status: number, { headers, body }: { headers: Headers; body: Blob }): Response {
  const content = BODILESS.has(status) ? null : body;
  const usual = status >= 200 && status <= 599;
  const response = new Response(content, { status: usual ? status : 200, headers });
  if (!usual) {
    Object.defineProperty(response, "status", { value: status });
    Object.defineProperty(response, "ok", { value: false });
  }
  return response;
}
