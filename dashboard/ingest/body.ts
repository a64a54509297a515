import { Refusal } from "../model/errors.ts";

/** What a request body may be. */
export interface BodyLimits {
  /** Bytes. */
  limit: number;
  /** Milliseconds until all of it must have arrived. @default 120000 */
  timeoutMs?: number | undefined;
}

/**
 * The body of a request, piece by piece.
 * @throws {Refusal} 413 as soon as it is known to be too long, 408 when it arrives too slowly
 */
export async function* bodyChunks(request: Request, limits: BodyLimits): AsyncGenerator<Uint8Array> {
  const tooLong = new Refusal(413, `The body is longer than ${limits.limit} bytes`);
  if (Number(request.headers.get("content-length") ?? 0) > limits.limit) throw tooLong;
  if (request.body === null) return;
  const reader = request.body.getReader();
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    reader.cancel().catch(() => {});
  }, limits.timeoutMs ?? 120_000);
  try {
    let size = 0;
    while (true) {
      const { done, value } = await reader.read();
      if (timedOut) throw new Refusal(408, "The body did not arrive in time");
      if (done) return;
      size += value.length;
      if (size > limits.limit) throw tooLong;
      yield value;
    }
  } finally {
    clearTimeout(timer);
    reader.cancel().catch(() => {});
  }
}

/** The whole body as text. @throws {Refusal} 400 when it is not UTF-8, else as {@linkcode bodyChunks} */
export async function bodyText(request: Request, limits: BodyLimits): Promise<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  try {
    for await (const chunk of bodyChunks(request, limits)) text += decoder.decode(chunk, { stream: true });
    return text + decoder.decode();
  } catch (cause) {
    if (cause instanceof TypeError) throw new Refusal(400, "The body is not UTF-8", { cause });
    throw cause;
  }
}

/** The body as JSON. @throws {Refusal} as {@linkcode bodyText} and {@linkcode parseJson} */
export async function bodyJson(request: Request, limits: BodyLimits): Promise<unknown> {
  return parseJson(await bodyText(request, limits));
}

/** @throws {Refusal} 400 when a body is not JSON */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Refusal(400, "The body is not JSON", { cause });
  }
}
