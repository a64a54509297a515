import type { MiddlewareHandler } from "hono";

/**
 * Hangs up on the body of an answer to HEAD, whatever the route. Hono makes the answer to GET and drops its body
 * unread, which would leave files open, and viewers' places taken.
 */
export function hangUpOnHead(): MiddlewareHandler {
  return async (c, next) => {
    await next();
    if (c.req.method === "HEAD") await c.res.body?.cancel();
  };
}

/** Statuses whose answers have no body, not even to GET. */
const bodiless = new Set([204, 205, 304]);

/**
 * An answer to HEAD that says nothing about a length unless the route did. Of an answer without any body the server
 * would say that its length is 0; of a stream it says nothing.
 */
export function headAnswer(answer: Response): Response {
  if (answer.headers.has("content-length") || bodiless.has(answer.status)) return answer;
  return new Response(new ReadableStream({ start: (controller) => controller.close() }), answer);
}
