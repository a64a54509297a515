import type { Clock } from "../../common/time.ts";
import { runsAhead } from "./announcer.ts";
import { runText } from "./comment.ts";
import type { RunFacts } from "./comment_parts.ts";
import {
  endedAs,
  isOfPull,
  isRetried,
  postKey,
  type PullRun,
  putOffUntil,
  type Run,
  runName,
  viewOf,
  waitsForRunner,
} from "../store/rows.ts";
import type { Store } from "../store/store.ts";

export interface ReporterDeps {
  store: Store;
  clock: Clock;
  /** Whether nothing is started at present. */
  held(): boolean;
  /** Whether anybody may see a recipe. */
  shown(recipe: string): boolean;
  /** Page of a repository on the forge. */
  repositoryPage(repo: string): string;
  /** Public page of a run, if there is a dashboard. */
  pageOf(run: string): string | null;
}

/** How many earlier runs of a recipe the expected time is taken from. */
const samples = 5;

/** Keeps the text wanted of each run's comment in step with what is known of the run. Delivery is the outbox's part. */
export class Reporter {
  readonly #deps: ReporterDeps;

  constructor(deps: ReporterDeps) {
    this.#deps = deps;
  }

  /** @returns whether any text is a new one */
  refresh(): boolean {
    const { store, clock } = this.#deps;
    const live = store.liveRuns();
    let changed = false;
    const commented = live.filter(isOfPull);
    const older = commented.filter((run) => run.state !== "accepted").flatMap((run) =>
      store.unfoldedBefore(run)
    );
    for (const run of [...commented, ...older, ...store.outdatedRuns()]) {
      const facts = this.#facts(run, live);
      const body = runText(facts);
      const post = store.post(postKey(run));
      const final = facts.verdict === null ? 0 : facts.folded ? 2 : 1;
      const now = clock.now();
      if (post === undefined) {
        const { repo, pr } = run;
        changed = store.addPost({ key: postKey(run), marker: run.id, repo, pr, body, planned_at: now }) ||
          changed;
      } else if (post.body !== body || post.final !== final) {
        // Where the forge took none of our texts so far, it is asked once more for the verdict.
        const again = post.dead === 1 && post.final === 0 && final > 0 ? { dead: 0, not_before: 0 } : {};
        store.changePost(post.key, { body, final, wanted_at: now, ...again });
        changed = true;
      }
      if (run.outdated === 1) store.note(run.id, { outdated: 0 });
    }
    return changed;
  }

  #facts(run: PullRun, live: readonly Run[]): RunFacts {
    // Whoever reads a comment learns no number of runs that only others may see.
    const ahead = runsAhead(run, live).filter(({ recipe }) =>
      recipe === run.recipe || this.#deps.shown(recipe)
    );
    const over = run.settled === 1;
    const waits = ahead.map((other) => this.#secondsLeft(other, { alone: ahead.length === 1 }));
    return {
      run: runName(run),
      recipe: run.recipe,
      repository: this.#deps.repositoryPage(run.repo),
      pr: run.pr,
      commit: run.commit,
      verdict: over && !isRetried(run) ? run.outcome : null,
      folded: over && this.#deps.store.hasNewer(run),
      retrying: over && isRetried(run),
      putOffUntil: putOffUntil(run),
      held: this.#deps.held(),
      attempt: run.attempt,
      trouble: run.trouble,
      started: run.started_at !== null,
      untakenMs: waitsForRunner(run, this.#deps.clock.now()),
      cause: run.cause,
      cancelledBy: run.cancelled_by,
      stoppedAs: endedAs(run),
      page: this.#deps.pageOf(runName(run)),
      enginePage: run.engine_page === null ? null : JSON.parse(run.engine_page),
      view: viewOf(run),
      ahead: ahead.length,
      waitSeconds: waits.includes(null) ? null : waits.reduce<number>((sum, wait) => sum + (wait ?? 0), 0),
      elapsedSeconds: elapsedSeconds(run),
      usualSeconds: this.#usualSeconds(run.recipe),
      tookSeconds: run.started_at === null || run.finished_at === null
        ? null
        : (run.finished_at - run.started_at) / 1000,
    };
  }

  /**
   * What a run ahead still takes as a rule. What it has done of that counts for the one that is next only, as the
   * comments of all who wait would be edited each time.
   */
  #secondsLeft(run: Run, { alone }: { alone: boolean }): number | null {
    const usual = this.#usualSeconds(run.recipe);
    if (usual === null || !alone) return usual;
    return Math.max(0, usual - (elapsedSeconds(run) ?? 0));
  }

  /** Median of the recipe's latest runs, if it had any. */
  #usualSeconds(recipe: string): number | null {
    const sorted = this.#deps.store.durations(recipe, samples).sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)] ?? null;
  }
}

/** How far a run was when something new was last heard of it: a text does not change by the mere passing of time. */
function elapsedSeconds(run: Run): number | null {
  return run.started_at === null || run.view_at === null ? null : (run.view_at - run.started_at) / 1000;
}
