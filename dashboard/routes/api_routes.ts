import { type Context, Hono } from "hono";
import * as z from "zod";
import { resultSchema } from "../../protocol/result_schema.ts";
import type { Deps } from "../views/deps.ts";
import { Refusal } from "../model/errors.ts";
import { openApi, runsQuery } from "./openapi.ts";
import { queueOf, queueView } from "../views/queue.ts";
import type { Standings } from "../views/all_standings.ts";
import { statusOf, statusView } from "../views/status.ts";
import { visibleRun, visibleRuns } from "../views/visible.ts";
import { recipeView, runSummary, runView } from "../views/views.ts";

/** What anybody may read, as JSON. */
export function apiRoutes(deps: Deps, standings: Standings): Hono {
  const app = new Hono();
  const description = openApi(deps.baseUrl);

  app.get("/openapi.json", (c) => c.json(description));
  app.get("/result.schema.json", (c) => c.json(resultSchema()));

  app.get("/runs", (c) => {
    const query = runsQuery.safeParse(c.req.query());
    if (!query.success) throw new Refusal(400, `The query is not valid: ${z.prettifyError(query.error)}`);
    const { recipe, limit } = query.data;
    const { runs, next: behind } = visibleRuns(deps, query.data);
    const next = behind === null ? null : `${deps.baseUrl}/api/runs?${new URLSearchParams({
      ...(recipe === undefined ? {} : { recipe }),
      limit: String(limit),
      before: behind,
    })}`;
    return c.json({ runs: runs.map((run) => runSummary(run, deps)), next });
  });

  app.get("/runs/:run", (c) => {
    const name = visibleRun(deps, c.req.param("run"), c.req.header("authorization"))?.run;
    const run = name === undefined ? undefined : deps.store.detail(name);
    if (run === undefined) throw new Refusal(404, "No such run was announced");
    return c.json(runView(run, deps));
  });

  app.get("/recipes", (c) => c.json({ recipes: standings.all().map((one) => recipeView(one, deps)) }));

  app.get("/recipes/:recipe", (c) => {
    const standing = standings.find(c.req.param("recipe"));
    if (standing === undefined) throw new Refusal(404, "No such recipe is enrolled or was ever run");
    return c.json(recipeView(standing, deps));
  });

  app.get("/queue", (c) => c.json(queueView(queueOf(deps, deps.clock.now()), deps)));
  app.get("/status", (c) => c.json(statusView(statusOf(deps, deps.clock.now()), deps)));

  refuseOtherMethods(app, description.paths);
  app.all("*", (c: Context) => {
    throw new Refusal(404, `There is no ${c.req.method} ${c.req.path} in this API`);
  });
  return app;
}

/**
 * Answers 405 with `Allow` to methods that an address of the API does not have; to be added after all routes.
 * @param paths of the OpenAPI description, without the prefix `/api` in the routes made
 */
function refuseOtherMethods(app: Hono, paths: Record<string, Record<string, unknown>>): void {
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
