import { app } from "./app.ts";
import { call } from "./call.ts";

/**
 * Requests a path of the app (or an `https:` or `http:` address of one of its domains) through the reverse proxy. The
 * certificate is verified, and redirects are returned and not followed. An answer of any status is a result; no answer
 * is an error.
 *
 * ```ts
 * import { equal } from "node:assert/strict";
 * import { fetch, test } from "cc-ci";
 *
 * test("plain addresses lead to safe ones", async () => {
 *   const answer = await fetch("/old");
 *   equal(answer.status, 301);
 *   equal(answer.headers.get("location"), "/new");
 * });
 * ```
 */
export async function fetch(
  path: string,
  init: RequestInit & { timeoutMs?: number } = {},
): Promise<Response> {
  const { timeoutMs, ...rest } = init;
  const request = new Request(new URL(path, app.url), rest);
  const body = request.body === null ? undefined : new Uint8Array(await request.arrayBuffer()).toBase64();
  const answer = await call("fetch", {
    url: request.url,
    method: request.method,
    headers: [...request.headers],
    body,
    timeoutMs,
  }) as { url: string; status: number; headers: [string, string][]; body: string };
  // A `Response` of some statuses can have no body, and its constructor takes only statuses from 200 to 599.
  const empty = [101, 103, 204, 205, 304].includes(answer.status);
  const usual = answer.status >= 200 && answer.status <= 599;
  const response = new Response(empty ? null : Uint8Array.fromBase64(answer.body), {
    status: usual ? answer.status : 200,
    headers: answer.headers,
  });
  if (!usual) {
    Object.defineProperty(response, "status", { value: answer.status });
    Object.defineProperty(response, "ok", { value: false });
  }
  Object.defineProperty(response, "url", { value: answer.url });
  return response;
}
