import { commitId } from "../../protocol/params.ts";
import { stageNames } from "../../protocol/result.ts";
import { runEvent } from "../../protocol/events.ts";
import { applyEvent, emptyProgress } from "../../dashboard/model/progress.ts";
import { Store } from "../../dashboard/store/store.ts";
import { madeResult } from "./results.ts";
import { ENROLMENTS } from "./servers.ts";

/** How much there is to show. */
export interface Size {
  recipes: number;
  /** Runs of each recipe. */
  runs: number;
}

const HOUR = 3600_000;

/** Name of a made-up recipe. */
export function recipeOf(number: number): string {
  return `recipe-${number}`;
}

/**
 * Enrols all recipes, and fills a dashboard's database with runs as harnesses report them, by the calls that take them
 * in.
 */
export async function fill(state: string, size: Size): Promise<void> {
  for (let number = 0; number < size.recipes; number++) {
    const folder = `${state}/${ENROLMENTS}/${recipeOf(number)}`;
    await Deno.mkdir(folder, { recursive: true });
    await Deno.writeTextFile(
      `${folder}/recipe.yml`,
      `repo: recipe-maintainers/${recipeOf(number)}\npublic: true\n`,
    );
  }
  using store = new Store(`${state}/dashboard.db`);
  const start = Date.now() - size.runs * 3 * HOUR;
  for (let at = 0; at < size.runs; at++) {
    for (let number = 0; number < size.recipes; number++) {
      one(store, { at, number, now: start + at * 3 * HOUR });
    }
    await new Promise((resolve) => setTimeout(resolve));
  }
}

function one(store: Store, { at, number, now }: { at: number; number: number; now: number }): void {
  const recipe = recipeOf(number);
  const run = `${(number * 100_000 + at + 36 ** 6).toString(36)}-1`;
  const src = `recipe-maintainers/${recipe}`;
  const subject = at % 3 === 0
    ? { kind: "pr", pr: at + 1, src } as const
    : { kind: "branch", name: "main", src } as const;
  // Every commit is tested twice, so that there is something to say about steadiness.
  const commit = commitId.parse((number * 7919 + Math.floor(at / 2)).toString(16).padStart(40, "0"));
  store.announce(run, {
    recipe,
    subject,
    commit,
    state: "running",
    position: 0,
    cause: null,
    remark: null,
    link: null,
  }, {
    now,
  });
  const t = new Date(now).toISOString();
  const result = { ...madeResult({ run, recipe, subject, number: number + at, startedAt: now }), commit };
  const progress = emptyProgress();
  for (
    const event of [
      { t, type: "run.started", run, recipe, subject, stages: stageNames },
      { t, type: "run.finished", result },
    ]
  ) applyEvent(progress, runEvent.parse(event));
  store.recordBatch(run, {
    at: { event: 0, byte: 0, lines: {} },
    events: 2,
    bytes: 0,
    progress,
    told: true,
    now,
  });
  store.recordArtefact(run, { name: "thumb.png", bytes: 8_000, now });
}
