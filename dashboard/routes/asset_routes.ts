import { Hono } from "hono";
import { findAsset } from "../assets/assets.ts";
import { Refusal } from "../model/errors.ts";

/** Every line of a log has an address: crawlers would ask for each, of every run there is. */
const robots = `User-agent: *
Disallow: /api/
Disallow: /metrics
Disallow: /runs/*/artefacts/
Disallow: /runs/*/log
Disallow: /runs/*/stages/
`;

/** The pages' own style, script and logo, and what crawlers are asked to leave alone. */
export function assetRoutes(): Hono {
  const app = new Hono();

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

  app.get("/robots.txt", (c) => c.body(robots, 200, { "content-type": "text/plain; charset=utf-8" }));

  return app;
}
