import { statfsSync } from "node:fs";
import { Hono } from "hono";
import type { Deps } from "./deps.ts";
import { feed } from "./feed.ts";
import type { PageCache } from "./page_cache.ts";
import { StatusPage } from "./pages/status.tsx";
import { hiddenRecipes } from "./visible.ts";

/** A harness says something every 10 seconds; after this long without a word something is wrong. */
const SILENT_MS = 120_000;
/** Newest runs whose clean-up is looked at. */
const RUNS_LOOKED_AT = 50;

/** Whether the CI is well, and the feed of news. */
export function statusRoutes(deps: Deps, cache: PageCache): Hono {
  const app = new Hono();
  const startedAt = deps.clock.now();

  app.get("/status", (c) => {
    const { store, clock, enrolments } = deps;
    const now = clock.now();
    const active = store.activeRuns();
    const running = active.filter((run) => run.state === "running" && enrolments.shown(run.recipe));
    return c.html(
      <StatusPage
        hosts={store.stats.hosts()}
        running={running}
        waiting={active.filter((run) => run.state === "queued").length}
        silent={running.filter((run) => now - (run.heartbeatAt ?? run.announcedAt) > SILENT_MS)}
        scheduled={store.stats.lastScheduled(hiddenRecipes(deps)) ?? null}
        untidy={store.stats.untidy({ among: RUNS_LOOKED_AT, except: hiddenRecipes(deps) })}
        looked={RUNS_LOOKED_AT}
        sizes={store.stats.sizes()}
        free={freeBytes(deps.files.folder)}
        startedAt={startedAt}
        now={now}
      />,
    );
  });

  app.get("/feed.atom", (c) =>
    cache.answer(c, {
      key: "feed",
      render: () => feed(deps),
      headers: { "content-type": "application/atom+xml; charset=utf-8" },
    }));

  return app;
}

/** Bytes free where a folder lies; `null` where the program may not ask. */
function freeBytes(folder: string): number | null {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return null;
  }
}
