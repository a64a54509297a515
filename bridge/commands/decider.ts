import { logger } from "../../common/log.ts";
import { judge, longestAgeMs, type PolicyDeps, type Refusal, type Verdict } from "./policy.ts";
import { Pauses } from "./pauses.ts";
import * as replies from "./replies.ts";
import { type CommandRow, isRetried, newRun, type PullRun, runName, superseded } from "../store/rows.ts";
import type { Store } from "../store/store.ts";

const log = logger("bridge", "decide");

export interface DeciderDeps extends Omit<PolicyDeps, "enrolments" | "maintenance" | "startedBy"> {
  store: Store;
  enrolments(): PolicyDeps["enrolments"];
  maintenance(): PolicyDeps["maintenance"];
  /** A new word of `[a-z0-9]`, 12 characters, that nobody can guess. */
  newId(): string;
}

type Later = Extract<Verdict, { kind: "later" }>;

/** Turns commands that were seen into runs, answers or nothing; each in one transaction. */
export class Decider {
  readonly #deps: DeciderDeps;
  readonly #acknowledged = new Set<number>();
  /** Commands that could not be decided. */
  readonly #postponed: Pauses<Later>;

  constructor(deps: DeciderDeps) {
    this.#deps = deps;
    this.#postponed = new Pauses(deps.clock);
  }

  /** Decides what can be decided. @returns whether anything was */
  async decide(): Promise<boolean> {
    const { store } = this.#deps;
    let decided = false;
    for (const command of store.openCommands()) {
      const name = String(command.comment);
      if (this.#postponed.has(name)) continue;
      await this.#acknowledge(command);
      const verdict = await judge(command, {
        ...this.#deps,
        enrolments: this.#deps.enrolments(),
        maintenance: this.#deps.maintenance(),
        startedBy: (command) => this.#startedBy(command),
      });
      if (verdict.kind === "later") {
        const wait = this.#postponed.add(name, verdict);
        log.warn("cannot decide yet", { comment: command.comment, why: verdict.why, retry_ms: wait });
        continue;
      }
      this.#postponed.end(name);
      store.atomically(() => this.#apply(command, verdict));
      decided = true;
    }
    return decided;
  }

  /** 👀 under the comment: whoever wrote it knows at once that it was seen. It is a courtesy and may fail. */
  async #acknowledge(command: CommandRow): Promise<void> {
    if (command.kind !== "test" || this.#acknowledged.has(command.comment)) return;
    this.#acknowledged.add(command.comment);
    const answer = await this.#deps.forge.acknowledge({ repo: command.repo, id: command.comment });
    if (!answer.ok) log.debug("could not react", { comment: command.comment, error: answer.message });
  }

  #apply(command: CommandRow, verdict: Exclude<Verdict, Later>): void {
    const facts = { comment: command.comment, repo: command.repo, pr: command.pr, by: command.login };
    switch (verdict.kind) {
      case "run":
        return this.#accept(command, verdict);
      case "cancel":
        return this.#cancel(command, verdict.whose);
      case "help":
        this.#deps.store.closeCommand(command.comment, "answered", command.kind);
        // Whoever asks for it gets it each time; a near miss is pointed out once in each thread, whoever made it.
        return command.kind === "help"
          ? this.#reply(command, { key: `help:${command.comment}`, body: replies.help(this.#deps.org) })
          : this.#post(command, { key: "near-miss", body: replies.nearMiss() });
      case "refuse":
        log.info("refused", { ...facts, ...verdict.refusal });
        return this.#refuse(command, verdict.refusal);
      case "ignore":
        log.info("ignored", { ...facts, reason: verdict.reason });
        this.#deps.store.closeCommand(command.comment, "ignored", verdict.reason);
        this.#acknowledged.delete(command.comment);
    }
  }

  #accept(command: CommandRow, { recipe, commit }: { recipe: string; commit: string }): void {
    const { store, newId } = this.#deps;
    if (!store.closeCommand(command.comment, "accepted")) return;
    const run = newRun({
      id: newId(),
      comment: command.comment,
      recipe,
      repo: command.repo,
      pr: command.pr,
      branch: null,
      commit,
      login: command.login,
      accepted_at: this.#supersede(command, commit),
    });
    store.addRun(run);
    this.#withdraw(command, { whose: "all", by: `comment ${command.comment}` });
    log.info("accepted", { run: runName(run), comment: command.comment, recipe, commit, by: command.login });
  }

  /**
   * A newer run takes the place in the queue of one that waits, and stops one that runs with another commit. One that
   * runs with the same commit goes on to its end. @returns the place in the queue, as the time it was taken
   */
  #supersede(command: CommandRow, commit: string): number {
    const { store, clock } = this.#deps;
    let place = clock.now();
    for (const older of store.liveRunsOf(command.repo, command.pr)) {
      if (older.cancelled_by !== null) continue;
      const waits = older.state !== "starting" && older.state !== "running";
      if (!waits && older.commit === commit) continue;
      if (waits && older.state !== "finished") place = Math.min(place, older.accepted_at);
      store.note(older.id, { stop: superseded });
      log.info("superseded", { run: runName(older), comment: older.comment, by: command.comment });
    }
    return place;
  }

  #startedBy(command: CommandRow): "none" | "some" | "all" {
    const asked = [...this.#cancellable(command), ...this.#pending(command)];
    const own = asked.filter((one) => this.#isOwn(command, one));
    if (own.length === 0) return "none";
    return own.length === asked.length ? "all" : "some";
  }

  #isOwn(command: CommandRow, { comment }: Pick<PullRun, "comment">): boolean {
    return this.#deps.store.command(comment)?.user_id === command.user_id;
  }

  /** Commands to test on the same pull request that were written before and could not be decided yet. */
  #pending(command: CommandRow): CommandRow[] {
    const isBefore = (other: CommandRow) =>
      other.written_at < command.written_at ||
      (other.written_at === command.written_at && other.comment < command.comment);
    return this.#deps.store.openCommands().filter((other) =>
      other.kind === "test" && other.repo === command.repo && other.pr === command.pr && isBefore(other)
    );
  }

  /** Ends pending commands for good: what was asked for later counts. @returns how many there were */
  #withdraw(command: CommandRow, { whose, by }: { whose: "own" | "all"; by: string }): number {
    const ended = this.#pending(command).filter((other) => whose === "all" || this.#isOwn(command, other));
    for (const { comment } of ended) {
      this.#deps.store.closeCommand(comment, "answered", `withdrawn by ${by}`);
      this.#postponed.end(String(comment));
      log.info("withdrawn", { comment, by });
    }
    return ended.length;
  }

  #cancellable(command: CommandRow): PullRun[] {
    return this.#deps.store.liveRunsOf(command.repo, command.pr).filter((run) =>
      run.state !== "finished" || isRetried(run)
    );
  }

  #cancel(command: CommandRow, whose: "own" | "all"): void {
    const { store } = this.#deps;
    const runs = this.#cancellable(command).filter((run) => whose === "all" || this.#isOwn(command, run));
    store.closeCommand(command.comment, runs.length === 0 ? "answered" : "accepted", "cancel");
    for (const run of runs) store.note(run.id, { cancelled_by: command.login });
    const withdrawn = this.#withdraw(command, { whose, by: command.login });
    if (runs.length === 0) {
      const body = withdrawn === 0 ? replies.nothingToCancel() : replies.withdrawn();
      this.#reply(command, { key: `cancel:${command.comment}`, body });
    }
  }

  #refuse(command: CommandRow, refusal: Refusal): void {
    this.#deps.store.closeCommand(command.comment, "refused", refusal.reason);
    this.#reply(command, {
      key: keyOf(refusal),
      body: replies.refused(refusal, { command, org: this.#deps.org }),
    });
  }

  /** One answer for each person, pull request and reason. */
  #reply(command: CommandRow, { key, body }: { key: string; body: string }): void {
    this.#post(command, { key, body, whom: `:${command.user_id}` });
  }

  /** One answer for each pull request and reason, unless it is for one person. */
  #post(command: CommandRow, { key, body, whom = "" }: { key: string; body: string; whom?: string }): void {
    const { store, clock, newId } = this.#deps;
    store.addPost({
      key: `${key}:${command.repo.toLowerCase()}#${command.pr}${whom}`,
      marker: newId(),
      repo: command.repo,
      pr: command.pr,
      body,
      planned_at: clock.now(),
    });
  }

  /** Drops what nobody will ask about again. */
  forget(): void {
    this.#deps.store.forgetComments(this.#deps.clock.now() - 2 * longestAgeMs);
    this.#acknowledged.clear();
  }
}

/** What tells one answer from another: another head, mistake or time of maintenance gets an answer of its own. */
function keyOf(refusal: Refusal): string {
  const { reason } = refusal;
  if ("head" in refusal) return `${reason}:${refusal.head}`;
  if ("commit" in refusal) return `${reason}:${refusal.commit}`;
  if ("problem" in refusal) return `${reason}:${refusal.problem}`;
  return "since" in refusal ? `${reason}:${refusal.since}` : reason;
}
