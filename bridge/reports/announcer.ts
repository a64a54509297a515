import { backoffMs, lateMs } from "../../common/answer.ts";
import type { Clock } from "../../common/time.ts";
import { logger } from "../../common/log.ts";
import type { Announcement, RunView } from "../../protocol/dashboard_api.ts";
import type { Dashboard } from "./dashboard_client.ts";
import {
  endedAs,
  isToStop,
  isWaiting,
  postKey,
  type Run,
  runName,
  saidBy,
  subjectOf,
  viewOf,
  wasHeard,
  whyStopped,
} from "../store/rows.ts";
import type { Store } from "../store/store.ts";

const log = logger("bridge", "announcer");

const lookAgainMs = { running: 1_500, finished: 400 };
/** A dashboard that was away so shortly before a run's end may have heard nothing of it for that reason. */
const excuseMs = 30_000;
/** For this long a dashboard that was away may still bring a run's result. */
const patienceMs = 24 * 3_600_000;

export interface AnnouncerDeps {
  store: Store;
  dashboard: Dashboard;
  clock: Clock;
  /** Page of what is tested on the forge. */
  linkOf(run: Run): string;
}

/** Why the verdict of a run stands on its page only; `null` where the forge takes its comment. */
function remarkOf(run: Run, store: Store): string | null {
  const post = store.post(postKey(run));
  if (post?.dead !== 1) return null;
  return `The forge does not take cc-ci's comment on the pull request: ${saidBy(post)}`;
}

/**
 * Tells the dashboard where each run stands and fetches what the harness told it. Nothing waits for it: while the
 * dashboard is away runs go on, and what it missed is said later.
 */
export class Announcer {
  readonly #deps: AnnouncerDeps;
  /** Runs it was tried to announce at least once by this process. */
  readonly #tried = new Set<string>();
  /** By run: when its harness was last heard, and the first and latest of the looks in a row that found this. */
  readonly #heard = new Map<string, { at: string | null; since: number; lookedAt: number }>();
  /** By run: its state when it was last looked at, and when that would be done again if it keeps it. */
  readonly #looked = new Map<string, { state: Run["state"]; next: number }>();
  #failures = 0;
  #failedAt = -Infinity;
  #pausedUntil = 0;

  constructor(deps: AnnouncerDeps) {
    this.#deps = deps;
  }

  /** Whether the dashboard was told of the run, or could not be. */
  announced(run: Run): boolean {
    return run.announced !== null || this.#tried.has(runName(run));
  }

  /** For how long the dashboard has kept answering without having heard of the run, from its first answer on. */
  silentMs(run: Run): number {
    const heard = this.#heard.get(runName(run));
    return heard === undefined ? 0 : heard.lookedAt - heard.since;
  }

  /**
   * Whether nothing was ever heard of a run that is over, though the dashboard answered at its end and does so now.
   * Where it does not tell, or was away when the harness had to be heard, that means nothing.
   */
  neverHeard(run: Run): boolean {
    const heard = this.#heard.get(runName(run));
    const end = run.finished_at ?? 0;
    return heard?.at === null && heard.lookedAt >= end && this.#failedAt < end - excuseMs;
  }

  /** Announces and looks once where it is time. @returns whether anything new was learned or said */
  async exchange(): Promise<boolean> {
    const { store, clock } = this.#deps;
    const live = store.liveRuns();
    const runs = [...live, ...store.incompleteRuns(clock.now() - patienceMs)];
    let news = false;
    for (const run of runs) {
      if (clock.now() < this.#pausedUntil) {
        this.#tried.add(runName(run));
        continue;
      }
      if (await this.#announce(run, live)) news = true;
      if (await this.#look(run)) news = true;
    }
    this.#forget(runs);
    return news;
  }

  /** One that got no answer may be carried out after a later one: then the latest is said once more. */
  async #announce(run: Run, live: readonly Run[]): Promise<boolean> {
    const { store, clock, dashboard } = this.#deps;
    const wanted = JSON.stringify(
      announcementOf(run, { live, link: this.#deps.linkOf(run), remark: remarkOf(run, store) }),
    );
    const again = run.announce_again_at > 0 && clock.now() >= run.announce_again_at;
    if (run.announced === wanted && !again) return false;
    store.note(run.id, { announce_again_at: clock.now() + lateMs });
    const answer = await dashboard.announce(runName(run), JSON.parse(wanted));
    this.#tried.add(runName(run));
    if (!answer.ok) {
      if (answer.status === 0) store.note(run.id, { announce_again_at: clock.now() + lateMs });
      this.#failed(answer.message);
      return true;
    }
    this.#failures = 0;
    const announce_again_at = again ? 0 : run.announce_again_at;
    store.note(run.id, { announced: wanted, announce_again_at });
    return true;
  }

  async #look(run: Run): Promise<boolean> {
    const { store, dashboard, clock } = this.#deps;
    const now = clock.now();
    const never = run.asked_at === null || (run.started_at === null && run.outcome === "cancelled");
    if (never) {
      if (run.state === "reported" && run.announce_again_at === 0) store.note(run.id, { complete: 1 });
      return false;
    }
    const last = this.#looked.get(run.id);
    if (now < this.#pausedUntil || (last?.state === run.state && now < last.next)) return false;
    const answer = await dashboard.view(runName(run));
    this.#looked.set(run.id, { state: run.state, next: clock.now() + this.#pause(run) });
    if (!answer.ok) {
      // It has forgotten the run, or never heard of it: announced again, it takes what the harness has to say.
      if (answer.status === 404) store.note(run.id, { announced: null });
      else this.#failed(answer.message);
      return false;
    }
    this.#failures = 0;
    const { state, position: _, heardAt, ...view } = answer.value;
    this.#listen(runName(run), heardAt);
    // That it was heard at all is kept; each time it is heard would be a change.
    const first = viewOf(run)?.heardAt ?? heardAt;
    const text = JSON.stringify({ ...view, heardAt: first, state, position: 0 });
    const complete = answer.value.result !== null;
    if (complete && run.state === "finished" && run.settled === 0) store.note(run.id, { settled: 1 });
    if (complete && run.state === "reported" && run.announce_again_at === 0) {
      store.note(run.id, { complete: 1 });
    }
    if (text === run.view) return false;
    // While it runs only the stages count as news: the comment is not edited for a picture that has arrived.
    const news = run.outcome !== null || shown(viewOf(run)) !== shown(answer.value);
    store.note(run.id, { view: text, ...(news ? { view_at: clock.now(), outdated: 1 } : {}) });
    return news;
  }

  /** @param at when it was heard: `null` for never, `undefined` from a dashboard that does not tell */
  #listen(run: string, at: string | null | undefined): void {
    const now = this.#deps.clock.now();
    const last = this.#heard.get(run);
    if (at === undefined) this.#heard.delete(run);
    else if (last?.at === at) last.lookedAt = now;
    else this.#heard.set(run, { at, since: now, lookedAt: now });
  }

  #pause(run: Run): number {
    if (run.state === "reported") {
      return Math.min(Math.max(this.#deps.clock.now() - (run.finished_at ?? 0), lookAgainMs.running), 60_000);
    }
    return run.state === "finished" ? lookAgainMs.finished : lookAgainMs.running;
  }

  #failed(message: string): void {
    this.#failures++;
    this.#failedAt = this.#deps.clock.now();
    // While it was away it heard nobody.
    this.#heard.clear();
    const wait = backoffMs(this.#failures, 30_000);
    this.#pausedUntil = this.#deps.clock.now() + wait;
    log.warn("the dashboard does not answer as it should", { error: message, retry_ms: wait });
  }

  #forget(runs: readonly Run[]): void {
    const known = new Set(runs.flatMap((run) => [run.id, runName(run)]));
    for (const name of this.#tried) if (!known.has(name)) this.#tried.delete(name);
    for (const name of this.#heard.keys()) if (!known.has(name)) this.#heard.delete(name);
    for (const id of this.#looked.keys()) if (!known.has(id)) this.#looked.delete(id);
  }
}

/** What the dashboard should know of a run now. */
export function announcementOf(
  run: Run,
  { live, link, remark = null }: { live: readonly Run[]; link: string; remark?: string | null },
): Announcement {
  const waiting = isWaiting(run);
  // A harness asks the dashboard whether to stop, and hears it from this.
  const ending = (isToStop(run) && run.outcome === null) || run.outcome === "cancelled" ? endedAs(run) : null;
  // A pass is none before there is any sign of the harness.
  const outcome = run.outcome === "passed" && run.settled === 0 && !wasHeard(run) ? null : run.outcome;
  const state = ending ?? outcome ?? (run.started_at === null ? "queued" : "running");
  return {
    recipe: run.recipe,
    subject: subjectOf(run),
    commit: run.commit,
    state,
    position: waiting ? runsAhead(run, live).length : 0,
    cause: ending === null ? run.cause : whyStopped(run),
    link,
    remark,
  };
}

/** Runs that get their turn before this one or have it now. */
export function runsAhead(run: Run, live: readonly Run[]): Run[] {
  const own = live.findIndex((other) => other.id === run.id);
  return live.slice(0, Math.max(own, 0)).filter((other) => other.state !== "finished");
}

/** The part of a view that the comment of a running run shows. */
function shown(view: RunView | null): string {
  return JSON.stringify([view?.base ?? null, view?.stages ?? [], view?.result ?? null]);
}
