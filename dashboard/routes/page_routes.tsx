import { feed } from "../views/feed.ts";
import { StatusPage } from "../pages/status.tsx";
import { statusOf } from "../views/status.ts";
import { type Context, Hono } from "hono";
import { runName } from "../../protocol/params.ts";
import { type StageName, stageName } from "../../protocol/result.ts";
import type { Deps } from "../views/deps.ts";
import { Refusal } from "../model/errors.ts";
import { headline, tellingStages } from "../views/headline.ts";
import { type LogLine, readLines } from "../logs/log_lines.ts";
import { overview, overviewQuery, overviewUrl } from "../views/overview.ts";
import type { PageCache } from "./page_cache.ts";
import { LogPage } from "../pages/log.tsx";
import { OverviewPage } from "../pages/overview.tsx";
import { QueuePage } from "../pages/queue.tsx";
import { RecipePage, type RecipePageProps } from "../pages/recipe.tsx";
import { RunPage } from "../pages/run.tsx";
import { RunsPage } from "../pages/runs.tsx";
import { comparisonOf } from "../pages/pictures.tsx";
import { queueOf } from "../views/queue.ts";
import { timed, upgradePaths } from "../views/recipe_history.ts";
import type { RunDetail } from "../model/run.ts";
import { changedAt, lastChange, type Standing } from "../views/recipe_standing.ts";
import type { Standings } from "../views/all_standings.ts";
import { type ShownLine, shownLines } from "../logs/fit_lines.ts";
import type { Store } from "../store/store.ts";
import type { PastRun } from "../store/history.ts";
import { visibleRun, visibleRuns } from "../views/visible.ts";

/** Lines of log on a page of their own; and on a run's page, in all and of each stage that explains its state. */
const LINES_A_PAGE = 1_000;
const LINES_IF_FEW = 300;
const LINES_TELLING = 120;
const RUNS_A_PAGE = 30;
const ALL_RUNS_A_PAGE = 50;
const RUNS_IN_TREND = 40;
const RUNS_COUNTED = 200;

/** What people look at. */
export function pageRoutes(
  deps: Deps,
  { standings, cache }: { standings: Standings; cache: PageCache },
): Hono {
  const app = new Hono();
  const { clock } = deps;

  app.get("/", (c) => {
    const query = overviewQuery.parse(c.req.query());
    return cache.answer(c, {
      key: overviewUrl(query),
      recipe: null,
      render: () => {
        const view = overview(standings.all(), query);
        return { page: <OverviewPage view={view} now={clock.now()} />, newest: newestOf(view.rows) };
      },
    });
  });

  app.get("/recipes", (c) => c.redirect("/"));

  app.get("/recipes/:recipe", (c) => {
    const recipe = c.req.param("recipe");
    const from = olderThan(c);
    return cache.answer(c, {
      key: `/recipes/${recipe}?${from}`,
      recipe,
      render: () => {
        const standing = standings.find(recipe);
        if (standing === undefined) {
          throw new Refusal(404, "No recipe of this name is enrolled or was ever tested.");
        }
        const props = recipePage(deps, standing, from);
        const newest = Math.max(lastChange(standing) ?? 0, ...props.runs.map(changedAt));
        return { page: <RecipePage {...props} />, newest };
      },
    });
  });

  app.get("/runs", (c) => {
    const before = olderThan(c);
    const { runs: shown, next } = visibleRuns(deps, { before: before ?? undefined, limit: ALL_RUNS_A_PAGE });
    const older = next === null ? null : `/runs?before=${next}`;
    const newest = before === null ? null : "/runs";
    return c.html(<RunsPage runs={shown} newest={newest} older={older} now={clock.now()} />);
  });

  app.get("/runs/:run", async (c) => {
    const run = known(c, deps);
    const now = clock.now();
    return c.html(
      <RunPage
        run={run}
        headline={headline(run, { deps, now })}
        now={now}
        logs={await logsFor(deps, run)}
      />,
    );
  });

  app.get("/runs/:run/stages/:stage", async (c) => {
    const run = known(c, deps);
    const stage = stageName.safeParse(c.req.param("stage"));
    const total = stage.success ? run.progress.lines[stage.data] ?? 0 : 0;
    if (!stage.success || total === 0) throw new Refusal(404, "This run has no log of such a stage.");
    const asked = Math.floor(Number(c.req.query("line"))) || 1;
    const line = Math.min(total, Math.max(1, asked));
    const from = line - (line - 1) % LINES_A_PAGE;
    const read = await readLines(deps, run, { stage: stage.data, from, limit: LINES_A_PAGE });
    const lines = shownLines(run.run, read);
    return c.html(
      <LogPage run={run} stage={stage.data} lines={lines} from={from} total={total} perPage={LINES_A_PAGE} />,
    );
  });

  app.get("/queue", (c) => {
    const now = clock.now();
    return c.html(<QueuePage {...queueOf(deps, now)} now={now} />);
  });

  app.get("/status", (c) => {
    const now = deps.clock.now();
    return c.html(<StatusPage {...statusOf(deps, now)} now={now} />);
  });

  app.get("/feed.atom", (c) =>
    cache.answer(c, {
      key: "feed",
      recipe: null,
      render: () => ({ page: feed(deps), newest: null }),
      headers: { "content-type": "application/atom+xml; charset=utf-8" },
    }));

  return app;
}

/** When something last happened to one of the recipes. */
function newestOf(standings: readonly Standing[]): number | null {
  const changes = standings.map(lastChange).filter((at) => at !== null);
  return changes.length === 0 ? null : Math.max(...changes);
}

/** Name of the run that a page of older ones begins behind. */
function olderThan(c: Context): string | null {
  return runName.safeParse(c.req.query("before")).data ?? null;
}

function recipePage(deps: Deps, standing: Standing, before: string | null): RecipePageProps {
  const { store, clock } = deps;
  const { recipe, face } = standing;
  const { runs: shown, next } = visibleRuns(deps, {
    recipe,
    before: before ?? undefined,
    limit: RUNS_A_PAGE,
  });
  const trend = face === null ? [] : store.history.trend(recipe, { class: face.class, limit: RUNS_IN_TREND });
  const progress = face === null ? null : store.progressOf(face.run);
  return {
    standing,
    runs: shown,
    newest: before === null ? null : `/recipes/${recipe}`,
    older: next === null ? null : `/recipes/${recipe}?before=${next}`,
    trend: timed(trend),
    upgrades: upgradePaths(
      // What a pull request did says nothing about the recipe, unless there is nothing else; then it is named.
      store.history.compared(recipe, { class: face?.class ?? "pr", limit: RUNS_IN_TREND }),
    ),
    flakes: store.history.flakes(recipe, { among: RUNS_COUNTED }),
    progress,
    looks: face === null || progress === null
      ? null
      : comparisonOf(face, { result: progress.result, artefacts: store.artefacts(face.run) }),
    measured: newestMeasured(store, trend),
    baseUrl: deps.baseUrl,
    now: clock.now(),
  };
}

/** The newest run whose services' use was measured. @param runs oldest first */
function newestMeasured(store: Store, runs: readonly PastRun[]): RecipePageProps["measured"] {
  const run = runs.findLast((run) => run.measured);
  const result = run === undefined ? null : store.progressOf(run.run).result;
  return run === undefined || result === null ? null : { run, result };
}

/** All lines of a run that has few; else the newest of the stages that explain its state. */
async function logsFor(deps: Deps, run: RunDetail): Promise<Partial<Record<StageName, ShownLine[]>>> {
  const counts = Object.entries(run.progress.lines);
  const few = counts.reduce((sum, [, lines]) => sum + lines, 0) <= LINES_IF_FEW;
  const telling = tellingStages(run);
  const lines: LogLine[] = [];
  for (const [name, total] of counts) {
    const stage = stageName.parse(name);
    const limit = few ? LINES_IF_FEW : telling.includes(stage) ? LINES_TELLING : 0;
    if (limit === 0) continue;
    lines.push(...await readLines(deps, run, { stage, from: Math.max(1, total - limit + 1), limit }));
  }
  return Object.groupBy(shownLines(run.run, lines), ({ stage }) => stage);
}

function known(c: Context, deps: Deps): RunDetail {
  const name = visibleRun(deps, c.req.param("run"))?.run;
  const run = name === undefined ? undefined : deps.store.detail(name);
  if (run === undefined) throw new Refusal(404, "There is no such run. Its address may be incomplete.");
  return run;
}
