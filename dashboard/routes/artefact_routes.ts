import { Hono } from "hono";
import { artefactName } from "../../protocol/dashboard_api.ts";
import { artefactType, isPicture } from "../model/artefact_types.ts";
import { Refusal } from "../model/errors.ts";
import type { Deps } from "../views/deps.ts";
import { visibleRun } from "../views/visible.ts";
import { matches, reportPolicy } from "./headers.ts";

/** The files that runs leave: pictures, run pages, results. */
export function artefactRoutes(deps: Deps): Hono {
  const app = new Hono();

  app.get("/runs/:run/artefacts/:name", async (c) => {
    const name = artefactName.safeParse(c.req.param("name"));
    const run = visibleRun(deps, c.req.param("run"))?.run;
    const known = run !== undefined && name.success &&
      deps.store.artefacts(run).some((artefact) => artefact.name === name.data);
    const opened = known ? await deps.files.open(run, name.data) : undefined;
    if (!name.success || opened === undefined) throw new Refusal(404, "There is no such artefact");
    const type = artefactType(name.data);
    const modified = (await opened.file.stat()).mtime?.getTime() ?? 0;
    const tag = `"${opened.size.toString(36)}-${modified.toString(36)}"`;
    const headers: Record<string, string> = {
      "content-type": type.contentType,
      "etag": tag,
      "cache-control": "public, max-age=300",
      "content-security-policy": name.data.endsWith(".html") ? reportPolicy : "default-src 'none'; sandbox",
      ...(isPicture(name.data) ? { "cross-origin-resource-policy": "cross-origin" } : {}),
    };
    if (opened.packed) headers.vary = "accept-encoding";
    if (matches(c, tag)) {
      opened.file.close();
      return c.body(null, 304, headers);
    }
    // Those who cannot unpack get it unpacked, of a length nobody knows beforehand.
    const asIs = !opened.packed || /\bgzip\b/.test(c.req.header("accept-encoding") ?? "");
    if (asIs) headers["content-length"] = String(opened.size);
    if (asIs && opened.packed) headers["content-encoding"] = "gzip";
    const body = opened.file.readable;
    return c.body(asIs ? body : body.pipeThrough(new DecompressionStream("gzip")), 200, headers);
  });

  return app;
}
