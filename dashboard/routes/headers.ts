import type { Context, MiddlewareHandler } from "hono";

/** Pages: only this origin's own style, script, pictures and streams; no frames, no forms to elsewhere. */
export const pagePolicy = [
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
const inertPolicy = "default-src 'none'; frame-ancestors 'none'";

/** Reports made by a harness: shown, but in an origin of their own and without scripts. */
export const reportPolicy = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:";

const always: Record<string, string> = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "x-frame-options": "DENY",
  "permissions-policy": "camera=(), geolocation=(), microphone=(), browsing-topics=()",
};

/** What every answer carries unless it says otherwise. */
export const safe: Readonly<Record<string, string>> = {
  ...always,
  "content-security-policy": inertPolicy,
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-cache",
};
/** The part of it that means something for what is no page: a picture that is embedded a thousand times, a feed. */
export const safeOfData: Readonly<Record<string, string>> = {
  "x-content-type-options": "nosniff",
  "content-security-policy": inertPolicy,
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-cache",
};
const usual = Object.entries(safe);

/**
 * Gives every answer the headers that keep browsers from doing more than showing it. They are set beforehand, which
 * costs less than changing an answer, and what an answer says itself goes first.
 */
export function safeHeaders(): MiddlewareHandler {
  return async (c, next) => {
    for (const [name, value] of usual) c.header(name, value);
    await next();
    const { headers } = c.res;
    if (
      headers.get("content-security-policy") === inertPolicy &&
      headers.get("content-type")?.startsWith("text/html")
    ) {
      headers.set("content-security-policy", pagePolicy);
    }
  };
}

/** Whether who asks has it already, by its tag. */
export function matches(c: Context, tag: string): boolean {
  const asked = c.req.header("if-none-match");
  return asked === "*" || (asked ?? "").split(",").some((one) => one.trim().replace(/^W\//, "") === tag);
}
