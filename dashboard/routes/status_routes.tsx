import { Hono } from "hono";
import type { Deps } from "../views/deps.ts";
import { feed } from "../views/feed.ts";
import type { PageCache } from "./page_cache.ts";
import { StatusPage } from "../pages/status.tsx";
import { statusOf } from "../views/status.ts";

/** Whether the CI is well, and the feed of news. */
export function statusRoutes(deps: Deps, cache: PageCache): Hono {
  const app = new Hono();

  app.get("/status", (c) => {
    const now = deps.clock.now();
    return c.html(<StatusPage {...statusOf(deps, now)} now={now} />);
  });

  app.get("/feed.atom", (c) =>
    cache.answer(c, {
      key: "feed",
      about: null,
      render: () => ({ page: feed(deps), newest: null }),
      headers: { "content-type": "application/atom+xml; charset=utf-8" },
    }));

  return app;
}
