/** How the kit reaches the app: every call is answered by the harness, over a socket that is all a test can reach. */

const [socketPath = ""] = Deno.args;

/**
 * What a call throws that could not be carried out: an app that gives no answer, a service that is not there, an address
 * of somebody else. Its `code` is stable.
 *
 * ```ts
 * import { equal, rejects } from "node:assert/strict";
 * import { fetch, KitError, test } from "cc-ci";
 *
 * test("other people's apps are out of reach", async () => {
 *   await rejects(fetch("https://example.org/"), (error) => {
 *     equal(error instanceof KitError && error.code, "broker.domain");
 *     return true;
 *   });
 * });
 * ```
 */
export class KitError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.name = "KitError";
    this.code = code;
  }
}

/** What the running test has opened, as functions that close it. */
export const opened = new Set<() => Promise<unknown>>();

/** Makes one call over one connection: one line of JSON is sent, one comes back. */
export async function call(method: string, params: object): Promise<unknown> {
  const connection = await Deno.connect({ transport: "unix", path: socketPath });
  try {
    const line = new TextEncoder().encode(JSON.stringify({ method, params }) + "\n");
    for (let sent = 0; sent < line.length;) sent += await connection.write(line.subarray(sent));
    const text = await new Response(connection.readable).text();
    if (text === "") throw new KitError("closed", `No answer to ${method}: the run is ending`);
    const answer = JSON.parse(text);
    if (answer.ok) return answer.value;
    throw new KitError(answer.error.code, answer.error.message);
  } finally {
    try {
      connection.close();
    } catch { /* it was closed when we had read to its end */ }
  }
}
