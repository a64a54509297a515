import { type Context, Hono } from "hono";
import { artefactName } from "../../protocol/dashboard_api.ts";
import { stageName } from "../../protocol/result.ts";
import { artefactType, isPicture } from "../model/artefact_types.ts";
import { findAsset } from "../assets/assets.ts";
import { badge } from "../views/badge.ts";
import type { Deps } from "../views/deps.ts";
import { Refusal } from "../model/errors.ts";
import { reportPolicy } from "./headers.ts";
import { END, liveLog } from "../live/live_log.ts";
import { logText } from "../logs/log_text.ts";
import type { Metrics } from "../views/metrics.ts";
import { isActive, type Run } from "../model/run.ts";
import type { PageCache } from "./page_cache.ts";
import { lastChange, type Standing } from "../views/recipe_standing.ts";
import type { Standings } from "../views/all_standings.ts";
import { Viewers } from "../live/viewers.ts";
import { visibleRun } from "../views/visible.ts";

/** A badge may be embedded anywhere, and kept for a short while. */
const asBadge = {
  "content-type": "image/svg+xml",
  "cache-control": "public, max-age=60",
  "cross-origin-resource-policy": "cross-origin",
};

const asText = { "content-type": "text/plain; charset=utf-8" };

/** Every line of a log has an address: crawlers would ask for each, of every run there is. */
const robots = `User-agent: *
Disallow: /api/
Disallow: /metrics
Disallow: /runs/*/artefacts/
Disallow: /runs/*/log
Disallow: /runs/*/stages/
`;

/** It is the same for whatever nobody has heard of. */
const unknownTag = '"unknown-recipe"';

/** Everything that is not a page: badges, artefacts, logs, the pages' own style and script. */
export function fileRoutes(
  deps: Deps,
  { standings, metrics, cache }: { standings: Standings; metrics: Metrics; cache: PageCache },
): Hono {
  const app = new Hono();
  const viewers = new Viewers(deps, (watching) => metrics.viewers.set(watching));

  app.get("/assets/:name", (c) => {
    const asset = findAsset(c.req.param("name"));
    if (asset === undefined) throw new Refusal(404, "There is no such file");
    return c.body(asset.text, 200, {
      "content-type": asset.contentType,
      "cache-control": c.req.query("v") === asset.version
        ? "public, max-age=31536000, immutable"
        : "no-cache",
    });
  });

  app.get("/badge/:file{[^/]+\\.svg}", (c) => {
    const recipe = c.req.param("file").slice(0, -".svg".length);
    const type = c.req.query("type") === "status" ? "status" : "level";
    const draw = (standing: Standing | undefined) => badge(standing, { type, now: deps.clock.now() });
    const standing = cache.holds(`badge ${type} ${recipe}`) ? null : standings.find(recipe);
    // Not 404, for which those who fetch pictures for others show a broken one; and not kept: there is no end of it.
    if (standing === undefined) {
      const headers = { ...asBadge, etag: unknownTag };
      return matches(c, unknownTag) ? c.body(null, 304, headers) : c.body(draw(undefined), 200, headers);
    }
    return cache.answer(c, {
      key: `badge ${type} ${recipe}`,
      about: recipe,
      render: () => {
        const shown = standing ?? standings.find(recipe);
        return { page: draw(shown), newest: shown === undefined ? null : lastChange(shown) };
      },
      headers: asBadge,
    });
  });

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

  app.get("/runs/:run/log", (c) => {
    const run = known(c, deps);
    const last = c.req.header("last-event-id");
    // Who saw the end has everything; 204 keeps a browser from asking again.
    if (!isActive(run) && last === END) return c.body(null, 204);
    const from = Number(last || c.req.query("from") || 0);
    const start = Number.isSafeInteger(from) && from > 0 ? from : 0;
    return c.body(viewers.seat((signal) => liveLog(deps, run.run, { from: start, signal })), 200, {
      "content-type": "text/event-stream",
      "cache-control": "no-store",
      "x-accel-buffering": "no",
    });
  });

  app.get("/runs/:run/log.txt", (c) => {
    const run = known(c, deps);
    const asked = c.req.query("stage");
    const stage = asked === undefined ? null : stageName.safeParse(asked).data;
    if (stage === null) return c.body(logText(deps, run, null), 200, asText);
    const lines = stage === undefined ? undefined : deps.store.progressOf(run.run).lines[stage];
    if (stage === undefined || lines === undefined) {
      throw new Refusal(404, "This run has no log of such a stage.");
    }
    return c.body(logText(deps, run, { stage, lines }), 200, asText);
  });

  app.get("/robots.txt", (c) => c.body(robots, 200, asText));

  return app;
}

function matches(c: Context, tag: string): boolean {
  const asked = c.req.header("if-none-match");
  return asked === "*" || (asked ?? "").split(",").some((one) => one.trim().replace(/^W\//, "") === tag);
}

function known(c: Context, deps: Deps): Run {
  const run = visibleRun(deps, c.req.param("run"));
  if (run === undefined) throw new Refusal(404, "There is no such run");
  return run;
}
