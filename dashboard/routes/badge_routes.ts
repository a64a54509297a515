import { Hono } from "hono";
import { badge, badgeTypes } from "../views/badge.ts";
import type { Standings } from "../views/all_standings.ts";
import type { Deps } from "../views/deps.ts";
import { lastChange, type Standing } from "../views/recipe_standing.ts";
import { matches } from "./headers.ts";
import type { PageCache } from "./page_cache.ts";

/** A badge may be embedded anywhere, and kept for a short while. */
const asBadge = {
  "content-type": "image/svg+xml",
  "cache-control": "public, max-age=60",
  "cross-origin-resource-policy": "cross-origin",
};

/** It is the same for whatever nobody has heard of. */
const unknownTag = '"unknown-recipe"';

/** The badge of each recipe. */
export function badgeRoutes(
  deps: Deps,
  { standings, cache }: { standings: Standings; cache: PageCache },
): Hono {
  const app = new Hono();

  app.get("/badge/:file{[^/]+\\.svg}", (c) => {
    const recipe = c.req.param("file").slice(0, -".svg".length);
    const type = badgeTypes.find((one) => one === c.req.query("type")) ?? "level";
    const draw = (standing: Standing | undefined) => badge(standing, { type, now: deps.clock.now() });
    const standing = cache.holds(`badge ${type} ${recipe}`) ? null : standings.find(recipe);
    // The answer is not 404, because services that fetch pictures for others would show a broken one. The cache does not
    // keep it, because visitors can ask for any number of names.
    if (standing === undefined) {
      const headers = { ...asBadge, etag: unknownTag };
      return matches(c, unknownTag) ? c.body(null, 304, headers) : c.body(draw(undefined), 200, headers);
    }
    return cache.answer(c, {
      key: `badge ${type} ${recipe}`,
      recipe,
      render: () => {
        const shown = standing ?? standings.find(recipe);
        return { page: draw(shown), newest: shown === undefined ? null : lastChange(shown) };
      },
      headers: asBadge,
    });
  });

  return app;
}
