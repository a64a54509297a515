import type { MiddlewareHandler } from "hono";

/** Pages: only this origin's own style, script, pictures and streams; no frames, no forms to elsewhere. */
const pagePolicy = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join("; ");

/** Pictures and data: nothing in them is ever to run. */
export const inertPolicy = "default-src 'none'; frame-ancestors 'none'";

/** Reports made by a harness: shown, but in an origin of their own and without scripts. */
export const reportPolicy = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:";

const always: Record<string, string> = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "x-frame-options": "DENY",
  "permissions-policy": "camera=(), geolocation=(), microphone=(), browsing-topics=()",
};

/** Gives every answer the headers that keep browsers from doing more than showing it. */
export function safeHeaders(): MiddlewareHandler {
  return async (c, next) => {
    await next();
    for (const [name, value] of Object.entries(always)) c.res.headers.set(name, value);
    if (!c.res.headers.has("content-security-policy")) {
      const page = c.res.headers.get("content-type")?.startsWith("text/html") ?? false;
      c.res.headers.set("content-security-policy", page ? pagePolicy : inertPolicy);
    }
    if (!c.res.headers.has("cross-origin-resource-policy")) {
      c.res.headers.set("cross-origin-resource-policy", "same-origin");
    }
    if (!c.res.headers.has("cache-control")) c.res.headers.set("cache-control", "no-cache");
  };
}
