import { CcciError, describeError } from "../../common/errors.ts";
import { type Clock, formatSeconds } from "../../common/time.ts";
import type { ResourceUse, StageName, StageReport } from "../../protocol/result.ts";
import { condensedTail } from "./condensed_tail.ts";
import { boundary, within } from "../run/faults.ts";
import { plainLines, type Redactor } from "../run/redact.ts";
import { RedactedLines } from "../run/redacted_lines.ts";
import type { RunContext } from "../checks/context.ts";
import {
  emptyReport,
  InfraFailure,
  StageBlocked,
  type StageContext,
  StageFailure,
  StageSkipped,
  StageTimeout,
} from "../run/stage.ts";
import { mayRunRecipe, type Obstacle, secondsOf, type StagePlan } from "../run/stage_plan.ts";
import { upgradesOf } from "../checks/from_base.ts";
import { type BasePart, together } from "./together.ts";
import { trouble } from "./machine_trouble.ts";

/** Lines and characters of log kept for each stage; nothing else limits what a recipe prints. */
const LOG_LINES = 20_000;
const LINE_LENGTH = 4_000;
const LOG_CHARACTERS = 4_000_000;

/** A stage and what it does. */
interface Staged {
  plan: StagePlan;
  work: (run: RunContext, ctx: StageContext) => Promise<void>;
}

/**
 * Runs one stage with its deadline and makes a report of it, however it ended. A stage that upgrades is gone through for
 * each version from which the run does, with a deadline for each.
 * @param options.obstacle what stands in its way, if anything
 */
export async function runStage(
  run: RunContext,
  { obstacle, ...stage }: Staged & { obstacle: Obstacle | null },
): Promise<StageReport> {
  const { name, perBase } = stage.plan;
  const { clock } = run;
  const started = clock.elapsed();
  const finish = (report: StageReport) => {
    const timed = { ...report, seconds: round((clock.elapsed() - started) / 1000) };
    run.send({ type: "event", event: { t: now(run.clock), type: "stage.finished", report: timed } });
    return timed;
  };
  if (obstacle !== null) return finish({ ...emptyReport(name, obstacle.result), reason: obstacle.reason });
  const skip = run.enrolment.skip.find((one) => one.stage === name);
  if (skip !== undefined) return finish({ ...emptyReport(name, "skipped"), reason: skip.reason });

  run.send({ type: "event", event: { t: now(run.clock), type: "stage.started", stage: name } });
  const parts = perBase && run.further.length > 0
    ? await eachBase(run, stage)
    : [{ version: "", report: await attempt(run, stage) }];
  const report = finish(together(name, parts));
  boundary(`${name}: ends`);
  return report;
}

/** Goes through a stage once for each version from which the run upgrades; after one that failed no other is tried. */
async function eachBase(run: RunContext, stage: Staged): Promise<BasePart[]> {
  const parts: BasePart[] = [];
  for (const one of upgradesOf(run)) {
    const version = one.base?.version ?? "";
    const failed = parts.find(({ report }) => ["failed", "infra"].includes(report.result));
    if (failed !== undefined) {
      const reason = `the upgrade from ${failed.version}`;
      parts.push({ version, report: { ...emptyReport(stage.plan.name, "blocked"), reason } });
      continue;
    }
    const began = run.clock.elapsed();
    const report = await attempt(one, stage);
    parts.push({ version, report: { ...report, seconds: round((run.clock.elapsed() - began) / 1000) } });
  }
  return parts;
}

/** Does a stage's work once. @returns its report, without the time that it took */
async function attempt(run: RunContext, { plan, work }: Staged): Promise<StageReport> {
  const { name } = plan;
  const { clock } = run;
  const ms = 1000 * secondsOf(plan, { enrolment: run.enrolment, settings: run.plan.settings });
  run.send({ type: "deadline", stage: name, ms });
  const report = emptyReport(name, "passed");
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(new StageTimeout(ms)), ms);
  const ctx = stageContext(run, {
    ...{ name, report, signal: stop.signal, end: clock.elapsed() + ms },
    decided: () => clearTimeout(timer),
  });
  const engine = run.swarm.startedAt().catch(() => null);
  try {
    boundary(`${name}: begins`);
    await within(name, () => work(run, ctx));
  } catch (error) {
    const late = stop.signal.aborted;
    const meant = late ? timeUp(run, { plan, ms }) : error;
    Object.assign(report, outcomeOf(meant, run.redactor));
    if (report.result === "failed" || report.fault !== undefined) {
      const why = await trouble(run, { error: meant, engine: await engine });
      if (why !== null) Object.assign(report, blameless(report, why));
      else if (run.movedTags.length > 0) {
        const detail = [report.detail, ...run.movedTags.map((text) => `Likely cause: ${text}`)];
        report.detail = detail.filter(Boolean).join("\n");
      }
    }
    // Only what is held against the recipe decides the whole run.
    if (late && report.result === "failed") run.send({ type: "timed-out", stage: name, ms });
    if (Deno.env.get("CCCI_DEBUG") === "1" && error instanceof Error) ctx.log(error.stack ?? error.message);
    if (report.cause !== undefined) ctx.log(`${report.result}: ${report.cause}`);
  } finally {
    clearTimeout(timer);
    ctx.flush();
  }
  report.resources.push(...await ctx.used());
  return report;
}

/** What an error of a stage means. An error that nobody foresaw is never the recipe's fault. */
function outcomeOf(error: unknown, redactor: Redactor): Partial<StageReport> {
  // A cut may leave half of a secret, which nobody could take out any more.
  const sentence = (text: string) => sentenceOf(redactor.text(text));
  if (error instanceof StageSkipped) return { result: "skipped", reason: error.message };
  if (error instanceof StageBlocked) return { result: "blocked", reason: error.message };
  if (error instanceof StageFailure) {
    return {
      result: "failed",
      cause: sentence(error.message),
      tail: condensedTail(error.tail),
      ...(error.detail === undefined ? {} : { detail: error.detail }),
      ...(error.fault === undefined ? {} : { fault: error.fault }),
    };
  }
  const detail = error instanceof InfraFailure && error.detail !== undefined
    ? error.detail
    : error instanceof CcciError && error.cause !== undefined
    ? describeError(error.cause)
    : undefined;
  const cause = error instanceof CcciError ? error.message : `This suite failed: ${describeError(error)}`;
  const fault = error instanceof InfraFailure ? error.fault : undefined;
  return {
    result: "infra",
    cause: sentence(cause),
    ...(detail === undefined ? {} : { detail }),
    ...(fault === undefined ? {} : { fault }),
  };
}

/** Turns a failure into one of the machine, for which neither the recipe nor its enrolment is blamed. */
function blameless(report: StageReport, why: string): Partial<StageReport> {
  delete report.fault;
  return { result: "infra", cause: why, detail: [report.cause, report.detail].filter(Boolean).join("\n") };
}

/** What it means that a stage's time is over. */
function timeUp(run: RunContext, { plan, ms }: { plan: StagePlan; ms: number }): CcciError {
  const cause = `Ran longer than ${formatSeconds(ms)}`;
  if (!mayRunRecipe(plan.name)) return new InfraFailure(cause);
  if (run.providing !== null) {
    return new StageBlocked(`provider "${run.providing}", which is not there in time: ${cause}`);
  }
  const hasApp = run.plan.apps.some((one) => one.lane === plan.lane);
  const version = hasApp && plan.lane !== null ? run.app(plan.lane).published : null;
  return version === null
    ? new StageFailure(cause)
    : new StageBlocked(`the published version ${version}, which does not end in time: ${cause}`);
}

function stageContext(
  run: RunContext,
  shared: { name: StageName; report: StageReport; signal: AbortSignal; end: number; decided: () => void },
): StageContext & { flush: () => void; used: () => Promise<ResourceUse[]> } {
  const { name, report, signal, end, decided } = shared;
  let lines = 0;
  let characters = 0;
  const emit = (line: string) => {
    if (lines >= LOG_LINES) return;
    characters += Math.min(line.length, LINE_LENGTH);
    lines = characters > LOG_CHARACTERS ? LOG_LINES : lines + 1;
    const shown = lines === LOG_LINES ? "… (the rest of this log was left out)" : line.slice(0, LINE_LENGTH);
    run.send({ type: "event", event: { t: now(run.clock), type: "log", stage: name, line: shown } });
  };
  const used: Promise<readonly ResourceUse[]>[] = [];
  const logged = new RedactedLines(run.redactor, { clock: run.clock, emit });
  return {
    flush: () => logged.flush(),
    used: async () => (await Promise.all(used)).flat(),
    stage: name,
    signal,
    clock: run.clock,
    remaining: () => Math.max(0, end - run.clock.elapsed()),
    decided,
    log: (text) => logged.push(text),
    proof: (text) => void report.proofs.push(text),
    note(text) {
      if (!report.notes.includes(text)) report.notes.push(text);
    },
    finding: (finding) => void report.findings.push(finding),
    blemish(text) {
      if (!report.blemishes.includes(text)) report.blemishes.push(text);
    },
    resources: (some) => void used.push(some),
    screenshot: (file) => void report.screenshots.push(file),
  };
}

/** One line without colours and final period, 500 characters at most. */
function sentenceOf(text: string): string {
  return plainLines(text).join("; ").replace(/\.$/, "").slice(0, 500);
}

function now(clock: Clock): string {
  return new Date(clock.now()).toISOString();
}

function round(seconds: number): number {
  return Math.round(seconds * 100) / 100;
}
