import { type Clock, formatSeconds, systemClock } from "../../common/time.ts";
import type { HostFacts } from "../../protocol/dashboard_api.ts";
import type { RunEvent } from "../../protocol/events.ts";
import type { Subject } from "../../protocol/params.ts";
import {
  cancelledReason,
  type PulledImage,
  type RunResult,
  type StageName,
  stageNames,
  type StageReport,
} from "../../protocol/result.ts";
import type { WorkerMessage } from "./messages.ts";
import { subjectOf } from "./request.ts";
import type { RunPlan } from "./folder.ts";
import { emptyReport } from "./stage.ts";
import { levelOf, type RunEnd, verdict } from "./verdict.ts";

/** Version of this suite, as results name it. */
const SUITE_VERSION = "0.1.0";

/**
 * What the keeper knows of a run so far: the events that it wrote down itself, and what else the worker told it.
 * Versions, images, notes and imposed waits stand in no event, so the record cannot be made from the event file alone.
 */
export class RunRecord {
  readonly reports: StageReport[] = [];
  /** Stages that have begun and not ended. */
  readonly running = new Set<StageName>();
  readonly timing: Partial<Record<StageName, { from: number; to: number }>> = {};
  /** The published version that stage upgrade works on now; null: it works on the head, or does not go on. */
  published: string | null = null;
  timedOut: { stage: StageName; cause: string } | null = null;
  leftovers: string[] = [];
  /** Whether there may be snapshots of the run's apps. */
  backedUp = false;
  /** Whether the worker has said that all its stages have ended. */
  complete = false;
  readonly #clock: Clock;
  #plan: RunPlan;
  #subject: Subject;
  #commit: string | null = null;
  #dirty = false;
  #base: string | null = null;
  #baseReason: string | null = null;
  #notes: string[] = [];
  #imposed = 0;
  #versions = { suite: SUITE_VERSION, abra: "unknown", docker: "unknown", browser: "none" };
  #abraTested = true;
  #standIn = false;
  #images: RunResult["images"] = [];
  #pulls: PulledImage[] = [];
  #retryAt: string | null = null;
  #customised: Pick<RunResult, "customised" | "gaps"> = {};
  #visual: RunResult["visual"] = null;
  #startedAt: string;

  constructor(plan: RunPlan, clock: Clock = systemClock) {
    this.#clock = clock;
    this.#plan = plan;
    this.#startedAt = plan.startedAt;
    this.#subject = subjectOf(plan.request.source);
  }

  get subject(): Subject {
    return this.#subject;
  }

  /** The host's abra, as reports on the host have it, once the worker has asked which it is. */
  get abra(): Pick<HostFacts, "abra"> {
    const { abra: version } = this.#versions;
    return version === "unknown"
      ? {}
      : { abra: { version: version.slice(0, 100), tested: this.#abraTested } };
  }

  note(text: string): void {
    if (!this.#notes.includes(text)) this.#notes.push(text);
  }

  take(event: RunEvent): void {
    const second = (Date.parse(event.t) - Date.parse(this.#startedAt)) / 1000;
    if (event.type === "run.started") this.#startedAt = event.t;
    else if (event.type === "run.subject") {
      this.#subject = event.subject ?? this.#subject;
      this.#commit = event.commit;
      this.#dirty = event.dirty;
      this.#base = event.base;
      this.#baseReason = event.baseReason ?? null;
    } else if (event.type === "stage.started") {
      this.running.add(event.stage);
      this.timing[event.stage] = { from: second, to: second };
    } else if (event.type === "stage.finished") {
      const { name } = event.report;
      this.running.delete(name);
      this.reports.push(event.report);
      const timing = this.timing[name];
      if (timing !== undefined) timing.to = second;
    }
  }

  /** Takes in a message of the worker that is not an event. */
  learn(message: WorkerMessage): void {
    if (message.type === "imposed") this.#imposed = message.seconds;
    else if (message.type === "images") this.#images = message.images;
    else if (message.type === "pulls") this.#pulls = message.pulls;
    else if (message.type === "retry-at") this.#retryAt = message.at;
    else if (message.type === "visual") this.#visual = message.visual;
    else if (message.type === "customised") {
      this.#customised = { customised: message.customised, gaps: message.gaps };
    } else if (message.type === "note") this.note(message.text);
    else if (message.type === "backup") this.backedUp = true;
    else if (message.type === "end") this.complete = true;
    else if (message.type === "published") this.published = message.version;
    else if (message.type === "timed-out") {
      this.timedOut ??= { stage: message.stage, cause: `Ran longer than ${formatSeconds(message.ms)}` };
    } else if (message.type === "versions") {
      const { abra, abraTested, abraStandIn, docker, browser } = message;
      this.#versions = { ...this.#versions, abra, docker, browser };
      this.#abraTested = abraTested;
      this.#standIn = abraStandIn;
    }
  }

  /**
   * Makes reports for the stages that an interrupted run did not finish: a stage that was running gets the interruption
   * as its cause, and a stage that had not begun is blocked by it. In a cancelled run both are skipped.
   */
  unfinished(end: RunEnd): StageReport[] {
    const now = this.#clock.now();
    const missing = this.#plan.stages.filter((name) =>
      name !== "teardown" && !this.reports.some((one) => one.name === name)
    );
    const running = missing.filter((name) => this.running.has(name));
    const cause = end.kind === "finished"
      ? "The worker ended without a word"
      : end.kind === "blocked"
      ? `The test process hung in stage ${end.stage}`
      : end.cause;
    return missing.map((name) => {
      const timing = this.timing[name];
      const started = Date.parse(this.#startedAt) + 1000 * (timing?.from ?? 0);
      const seconds = this.running.has(name) ? Math.max(0, Math.round((now - started) / 10) / 100) : 0;
      if (end.kind === "cancelled") {
        const reason = this.running.has(name)
          ? `${cancelledReason} after ${formatSeconds(seconds * 1000)}`
          : `${cancelledReason} before it began`;
        return { ...emptyReport(name, "skipped"), seconds, reason };
      }
      if (end.kind === "blocked" && name === end.stage) {
        return { ...emptyReport(name, "blocked"), seconds, reason: end.cause };
      }
      if (!this.running.has(name)) {
        return {
          ...emptyReport(name, "blocked"),
          reason: running[0] ?? end.kind.replace("infra", "CI trouble"),
        };
      }
      return { ...emptyReport(name, end.kind === "timed_out" ? "failed" : "infra"), seconds, cause };
    });
  }

  /** The whole result; `end` says how the run came to its end. */
  result(end: RunEnd): RunResult {
    const finishedAt = new Date(this.#clock.now());
    const seconds = Math.max(0, finishedAt.getTime() - Date.parse(this.#startedAt)) / 1000;
    const { request } = this.#plan;
    return {
      schema: 1,
      run: request.run,
      recipe: request.recipe,
      subject: this.#subject,
      commit: this.#commit,
      dirty: this.#dirty,
      base: this.#base,
      baseReason: this.#baseReason,
      ...verdict(this.reports, end),
      level: levelOf(this.reports),
      stages: this.reports.toSorted((a, b) => stageNames.indexOf(a.name) - stageNames.indexOf(b.name)),
      startedAt: this.#startedAt,
      finishedAt: finishedAt.toISOString(),
      seconds,
      imposedSeconds: Math.min(this.#imposed, seconds),
      versions: this.#versions,
      abraStandIn: this.#standIn,
      notes: this.#notes,
      images: this.#images,
      pulls: this.#pulls,
      ...this.#customised,
      ...(this.#retryAt === null ? {} : { retryAt: this.#retryAt }),
      visual: this.#visual,
      leftovers: this.leftovers,
    };
  }
}
