import { backoffMs, type Failure, isUnsure, lateMs } from "../../common/answer.ts";
import type { Clock } from "../../common/time.ts";
import { logger } from "../../common/log.ts";
import { oneLine } from "../../common/plain_text.ts";
import { shorten } from "../../wording/text.ts";
import { isEnrolmentFault, type RunOutcome } from "../../protocol/result.ts";
import { runLooks, runVerbs, titleOf, type Tone } from "../../wording/outcomes.ts";
import { verdict as describe } from "../../wording/verdict.ts";
import type { CommitStatus, Statuses } from "../forge/statuses.ts";
import { endedAs, isRetried, type Run, runName, viewOf, whyStopped } from "../store/rows.ts";
import type { StatusRow } from "../store/status_store.ts";
import type { Store } from "../store/store.ts";

const log = logger("bridge", "statuses");

/** A commit the forge does not know may still arrive from a fork; one that was thrown away never does. */
const patienceMs = 6 * 3_600_000;
/** Answers "you may not" in a row until we believe it. */
const refusedTries = 8;
const longestDescription = 140;

export interface StatusOutboxDeps {
  store: Store;
  statuses: Statuses;
  clock: Clock;
  /** Public page of a run, if there is a dashboard. */
  pageOf(run: string): string | null;
}

/**
 * Shows beside each commit how its latest run goes, or went; one that was cancelled says nothing of a commit that had
 * another. What should be shown is stored before it is sent; what may have been sent is looked up before it is sent
 * again, once it cannot be carried out late any more.
 */
export class StatusOutbox {
  readonly #deps: StatusOutboxDeps;

  constructor(deps: StatusOutboxDeps) {
    this.#deps = deps;
  }

  /** Renews what is wanted. @returns whether anything is different */
  refresh(): boolean {
    const { store, clock } = this.#deps;
    let changed = false;
    for (const { repo, commit } of [...store.liveRuns(), ...store.statuses.unfinished()]) {
      const run = store.statuses.decisiveRun({ repo, commit });
      if (run === undefined) continue;
      const { id } = run;
      const { status, final } = statusOf(run, this.#deps.pageOf(runName(run)));
      const wanted = JSON.stringify(status);
      const known = store.statuses.status({ repo, commit });
      if (known?.run === id && known.wanted === wanted && known.final === final) continue;
      store.statuses.want({ repo, commit, run: id, wanted, wanted_at: clock.now(), final });
      changed = true;
    }
    return changed;
  }

  /** Delivers what is due. @returns whether the forge took anything */
  async deliver(): Promise<boolean> {
    const { store, clock } = this.#deps;
    let delivered = false;
    store.statuses.doubt(clock.now());
    for (const row of store.statuses.due(clock.now())) if (await this.#deliverOne(row)) delivered = true;
    return delivered;
  }

  async #deliverOne(row: StatusRow): Promise<boolean> {
    const { store, statuses, clock } = this.#deps;
    if (row.attempted === row.wanted) {
      const shown = await statuses.shown(row);
      if (!shown.ok) return this.#failed(row, shown);
      if (JSON.stringify(shown.value) === row.wanted) {
        store.statuses.change(row, { delivered: row.wanted, tries: 0 });
        return true;
      }
    }
    store.statuses.change(row, { attempted: row.wanted, unsure_until: clock.now() + lateMs });
    const answer = await statuses.set(row, JSON.parse(row.wanted));
    // What was sent before and never answered may still come after this.
    const unsure_until = answer.ok || !isUnsure(answer) ? row.unsure_until : clock.now() + lateMs;
    store.statuses.change(row, { unsure_until });
    if (!answer.ok) return this.#failed(row, answer);
    store.statuses.change(row, { delivered: row.wanted, tries: 0, error: null });
    log.debug("status set", { repo: row.repo, commit: row.commit, run: row.run });
    return true;
  }

  #failed(row: StatusRow, failure: Failure): false {
    const { store, clock } = this.#deps;
    const tries = row.tries + 1;
    const refused = failure.status >= 300 && failure.status < 500 && failure.status !== 429;
    const late = clock.now() - row.wanted_at > patienceMs;
    const dead = (refused && tries >= refusedTries) || late ? 1 : 0;
    const wait = failure.retryAfterMs ?? backoffMs(tries, 10 * 60_000);
    const not_before = clock.now() + wait;
    store.statuses.change(row, { tries, dead, not_before, error: failure.message });
    const facts = { repo: row.repo, commit: row.commit, run: row.run, error: failure.message };
    if (dead === 1) log.error("gave up on a status the forge does not take", facts);
    else log.warn("could not set a status yet", { ...facts, retry_ms: wait });
    return false;
  }
}

/** The forge's own words for how something goes. */
const states: Record<Tone, CommitStatus["state"]> = {
  live: "pending",
  good: "success",
  bad: "failure",
  trouble: "error",
  quiet: "error",
};

/** How a run is shown beside its commit. */
export function statusOf(run: Run, page: string | null): { status: CommitStatus; final: 0 | 1 } {
  const outcome = run.settled === 1 && !isRetried(run) ? run.outcome : null;
  const state = outcome ?? (run.started_at === null ? "queued" : "running");
  const result = viewOf(run)?.result ?? null;
  const ofEnrolment = outcome === "failed" && result !== null && isEnrolmentFault(result);
  const status: CommitStatus = {
    state: ofEnrolment ? states.trouble : states[runLooks[state].tone],
    description: fit(outcome === null ? waitingText(run) : endText(run, outcome)),
    target_url: page ?? "",
  };
  return { status, final: outcome === null ? 0 : 1 };
}

function waitingText(run: Run): string {
  return run.started_at === null ? "Waits for its turn" : "Is being tested";
}

function endText(run: Run, outcome: RunOutcome): string {
  const result = viewOf(run)?.result ?? null;
  const own = result?.result === outcome ? result : null;
  const told = own === null ? runVerbs[outcome] : describe(own);
  switch (outcome) {
    case "passed":
      return result === null ? told : `${told}, level ${result.level}`;
    case "failed":
    case "timed_out":
      return told;
    case "infra":
      if (own !== null && isEnrolmentFault(own)) return told;
      return `${titleOf(outcome)}, not the recipe's fault: ${run.cause ?? own?.cause ?? ""}`;
    case "cancelled":
      return `${titleOf(endedAs(run))}: ${whyStopped(run) ?? ""}`;
  }
}

/** One short line: a cause may come from a recipe. The forge escapes it. */
function fit(text: string): string {
  return shorten(oneLine(text).replace(/[: ]+$/, ""), longestDescription);
}
