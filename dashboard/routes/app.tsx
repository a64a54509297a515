import { type Context, Hono } from "hono";
import { compress } from "hono/compress";
import { describeError } from "../../common/errors.ts";
import { logger } from "../../common/log.ts";
import { apiRoutes } from "./api_routes.ts";
import type { Deps } from "../views/deps.ts";
import { Refusal } from "../model/errors.ts";
import { artefactRoutes } from "./artefact_routes.ts";
import { assetRoutes } from "./asset_routes.ts";
import { badgeRoutes } from "./badge_routes.ts";
import { hangUpOnHead, headAnswer } from "./head_requests.ts";
import { safeHeaders } from "./headers.ts";
import { ingestRoutes } from "../ingest/ingest.ts";
import { Metrics } from "../views/metrics.ts";
import { logRoutes } from "./log_routes.ts";
import { PageCache } from "./page_cache.ts";
import { pageRoutes } from "./page_routes.tsx";
import { ErrorPage } from "../pages/error.tsx";
import { Standings } from "../views/all_standings.ts";
import { hiddenRecipes } from "../views/visible.ts";

const log = logger("dashboard");

/** Types of answers that go packed. A log as text is read as it comes, and artefacts are kept packed already. */
const packable = /^(text\/(html|css|javascript)|application\/json)\b/;

/** The dashboard as a function from requests to answers. */
export function createApp(deps: Deps): Hono {
  const app = new Hono();
  const standings = new Standings(deps);

  const cache = new PageCache({
    revision: (recipe) =>
      deps.enrolments.revision() +
      (recipe === null ? deps.store.revisions.lists : deps.store.revisions.of(recipe)),
    clock: deps.clock,
  });
  const metrics = new Metrics(deps, standings);

  app.use(hangUpOnHead(), safeHeaders(), metrics.timed());
  const packed = compress({ encoding: "gzip", contentTypeFilter: packable });
  app.get("*", (c, next) => c.req.path.includes("/artefacts/") ? next() : packed(c, next));
  metrics.serve(app);
  app.get(
    "/healthz",
    (c) => c.json({ ok: true, recipes: deps.store.recipes().length - hiddenRecipes(deps).length }),
  );
  app.get("/favicon.ico", (c) => c.redirect("/assets/logo.svg", 301));
  app.route("/api", ingestRoutes(deps));
  app.route("/api", apiRoutes(deps, standings));
  app.route("/", assetRoutes());
  app.route("/", badgeRoutes(deps, { standings, cache }));
  app.route("/", artefactRoutes(deps));
  app.route("/", logRoutes(deps, metrics));
  app.route("/", pageRoutes(deps, { standings, cache }));

  app.notFound((c) => refuse(c, new Refusal(404, "There is no page at this address."), standings));
  app.onError((error, c) => {
    if (error instanceof Refusal) return refuse(c, error, standings);
    const reference = crypto.randomUUID().slice(0, 8);
    log.error("Could not answer {method} {path}", {
      method: c.req.method,
      path: c.req.path,
      reference,
      error: describeError(error),
      stack: error.stack,
    });
    if (ofApi(c)) return c.json({ error: "The dashboard made a mistake", reference }, 500);
    return c.html(
      <ErrorPage
        status={500}
        title="The dashboard made a mistake"
        text={`Nothing is lost. If it happens again, tell the operator this reference: ${reference}`}
      />,
      500,
    );
  });

  const ask = app.fetch;
  app.fetch = (request, ...more) => {
    if (request.method === "HEAD") return Promise.resolve(ask(request, ...more)).then(headAnswer);
    const began = performance.now();
    const known = cache.recall(request);
    if (known === undefined) return ask(request, ...more);
    metrics.count({ method: "GET", status: 200, route: known.route }, began);
    return known.response;
  };
  return app;
}

function refuse(c: Context, refusal: Refusal, standings: Standings): Response | Promise<Response> {
  if (refusal.status === 401) c.header("www-authenticate", 'Bearer realm="cc-ci"');
  if (refusal.status === 503) c.header("retry-after", "30");
  if (ofApi(c)) return c.json({ error: refusal.message, ...refusal.fields }, refusal.status);
  return c.html(
    <ErrorPage
      status={refusal.status}
      title={refusal.status === 404 ? "Not found" : "This did not work"}
      text={refusal.message}
      links={refusal.status === 404 ? suggestions(c.req.path, standings) : []}
    />,
    refusal.status,
  );
}

/** Recipes whose name begins like, or contains, the last part of the address that was asked for. */
function suggestions(path: string, standings: Standings): { href: string; text: string }[] {
  const word = path.split("/").findLast((part) => part !== "")?.toLowerCase().replace(/\.svg$/, "") ?? "";
  if (word.length < 2) return [];
  return standings.all().map((standing) => standing.recipe)
    .filter((recipe) => recipe.includes(word) || word.includes(recipe) || recipe.startsWith(word.slice(0, 3)))
    .slice(0, 5).map((recipe) => ({ href: `/recipes/${recipe}`, text: recipe }));
}

function ofApi(c: Context): boolean {
  return c.req.path.startsWith("/api/");
}
