/** How long a call may take, and how large its answer may be. */
export interface FetchLimits {
  /** Milliseconds until the whole answer must have arrived. @default 30000 */
  timeoutMs?: number;
  /** Bytes of body accepted; a longer one is an error. @default 64 MiB */
  maxBytes?: number;
}

/** An answer whose head has arrived, and whose body is still to be read. */
export interface HalfAnswer {
  status: number;
  headers: Headers;
  body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  /** Whether answers of this status never have a body, as with status 204. */
  empty: boolean;
}

/**
 * Makes one call and reads its whole answer.
 * @param bounded.call sends the request; its signal aborts when the time is over or the caller wants no answer any more
 * @throws the reason of the abort, or an error that names the host and the limit
 */
export async function withinLimits(
  request: Request,
  bounded: { limits: FetchLimits; call: (signal: AbortSignal) => Promise<HalfAnswer> },
): Promise<Response> {
  const { timeoutMs = 30_000, maxBytes = 64 * 1024 * 1024 } = bounded.limits;
  const { host } = new URL(request.url);
  const late = new AbortController();
  const signal = AbortSignal.any([request.signal, late.signal]);
  const timer = setTimeout(
    () => late.abort(new Error(`No complete answer from ${host} within the time limit`)),
    timeoutMs,
  );
  try {
    const { status, headers, body, empty } = await bounded.call(signal);
    const chunks: BlobPart[] = [];
    let size = 0;
    for await (const chunk of body) {
      size += chunk.length;
      if (size > maxBytes) throw new Error(`Answer of ${host} is larger than ${maxBytes} bytes`);
      chunks.push(new Uint8Array(chunk));
    }
    const response = new Response(empty ? null : new Blob(chunks), { status, headers });
    Object.defineProperty(response, "url", { value: request.url });
    return response;
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
