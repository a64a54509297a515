import type { RecipeView, RunSummary, RunView } from "../../protocol/dashboard_api.ts";
import type { Deps } from "./deps.ts";
import { isRunning, type Run, type RunDetail } from "../model/run.ts";
import { type Standing, testedAt } from "./recipe_standing.ts";
import { placeOf } from "./visible.ts";

type Seen = Pick<Deps, "baseUrl" | "store" | "enrolments">;

/** A run as the API shows it. */
export function runView(run: RunDetail, deps: Seen): RunView {
  return {
    ...common(run, deps),
    base: run.progress.base,
    stages: run.progress.stages.map((stage) => ({
      name: stage.name,
      running: isRunning(run, stage),
      report: stage.report,
    })),
    result: run.progress.result,
    shown: deps.enrolments.shown(run.recipe),
    artefacts: run.artefacts.map((artefact) => ({
      ...artefact,
      url: `${deps.baseUrl}/runs/${run.run}/artefacts/${artefact.name}`,
    })),
  };
}

/** A run as lists of the API show it: without stages, result and artefacts, with what they come to. */
export function runSummary(run: Run, deps: Seen): RunSummary {
  return { ...common(run, deps), base: run.base, dirty: run.dirty, level: run.level, stage: run.stage };
}

/** How a recipe stands, for the API. */
export function recipeView(standing: Standing, deps: Seen): RecipeView {
  const { face } = standing;
  // Signs of life do not make a standing anew: what it knows of them may be long out of date.
  const summary = (run: Run | null): RunSummary | null => {
    if (run === null) return null;
    const { heardAt: _, ...others } = runSummary(run, deps);
    return others;
  };
  return {
    recipe: standing.recipe,
    enrolled: standing.enrolled,
    health: standing.health,
    level: face?.level ?? null,
    stale: standing.stale,
    testedAt: face === null ? null : iso(testedAt(face)),
    badSince: standing.badSince === null ? null : iso(testedAt(standing.badSince)),
    run: summary(face),
    active: summary(standing.active),
    url: `${deps.baseUrl}/recipes/${standing.recipe}`,
    badge: `${deps.baseUrl}/badge/${standing.recipe}.svg`,
  };
}

function common(run: Run, deps: Seen) {
  return {
    run: run.run,
    recipe: run.recipe,
    subject: run.subject,
    commit: run.commit,
    state: run.state,
    position: placeOf(run, deps),
    cause: run.cause,
    link: run.link,
    remark: run.remark,
    url: `${deps.baseUrl}/runs/${run.run}`,
    announcedAt: iso(run.announcedAt),
    startedAt: run.startedAt === null ? null : iso(run.startedAt),
    finishedAt: run.finishedAt === null ? null : iso(run.finishedAt),
    heardAt: run.heartbeatAt === null ? null : iso(run.heartbeatAt),
  };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
