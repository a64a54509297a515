import type { Hono } from "hono";
import { Refusal } from "../model/errors.ts";

/**
 * Answers 405 with `Allow` to methods that an address of the API does not have; to be added after all routes.
 * @param paths of the OpenAPI description, without the prefix `/api` in the routes made
 */
export function refuseOtherMethods(app: Hono, paths: Record<string, Record<string, unknown>>): void {
  for (const [path, operations] of Object.entries(paths)) {
    const methods = Object.keys(operations).filter((key) => key !== "parameters").map((key) =>
      key.toUpperCase()
    );
    const allow = [...methods, ...methods.includes("GET") ? ["HEAD"] : []].join(", ");
    app.all(path.replace(/^\/api/, "").replace(/\{(\w+)\}/g, ":$1"), (c) => {
      c.header("allow", allow);
      throw new Refusal(405, `${c.req.method} is not for this address; it takes ${allow}`);
    });
  }
}
