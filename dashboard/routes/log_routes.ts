import { type Context, Hono } from "hono";
import { stageName } from "../../protocol/result.ts";
import { END, liveLog } from "../live/live_log.ts";
import { Viewers } from "../live/viewers.ts";
import { logText } from "../logs/log_text.ts";
import { Refusal } from "../model/errors.ts";
import { isActive, type Run } from "../model/run.ts";
import type { Deps } from "../views/deps.ts";
import type { Metrics } from "../views/metrics.ts";
import { visibleRun } from "../views/visible.ts";

const asText = { "content-type": "text/plain; charset=utf-8" };

/** Logs: as text, and as a stream of events while their runs go on. */
export function logRoutes(deps: Deps, metrics: Metrics): Hono {
  const app = new Hono();
  const viewers = new Viewers(deps, (watching) => metrics.viewers.set(watching));

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

  return app;
}

function known(c: Context, deps: Deps): Run {
  const run = visibleRun(deps, c.req.param("run"));
  if (run === undefined) throw new Refusal(404, "There is no such run");
  return run;
}
