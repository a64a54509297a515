import { isEnrolmentFault, type StageName, stageNames } from "../../protocol/result.ts";
import { type Estimate, timeLeft, waitingTimes } from "./estimates.ts";
import { isRunning, outcomeOf, type Run, type RunDetail } from "../model/run.ts";
import type { Deps } from "./deps.ts";
import { placeOf, visibleActive } from "./visible.ts";
import { ago, formatRoughly, formatSeconds } from "../../common/time.ts";
import { runVerbs, sentence, titleOf } from "../../wording/outcomes.ts";
import { enrolmentFolder } from "../../wording/verdict.ts";
import { count } from "./words.ts";

/** What there is to say about a run, most important first. */
export interface Headline {
  title: string;
  /** One sentence about what follows from it; plain text. */
  more: string | null;
  /** More about the cause, plain text, several lines at most. */
  detail: string | null;
  /** Last log lines of the service that caused a failure. */
  tail: string[];
}

/** The verdict of a run in words, its cause first. */
export function headline(
  run: RunDetail,
  options: { deps: Pick<Deps, "store" | "enrolments">; now: number },
): Headline {
  const said = says(run, options);
  const decisive = run.progress.stages.find((stage) => stage.name === run.stage)?.report;
  return { ...said, detail: decisive?.detail ?? null, tail: decisive?.tail ?? [] };
}

function says(
  run: RunDetail,
  { deps, now }: { deps: Pick<Deps, "store" | "enrolments">; now: number },
): Pick<Headline, "title" | "more"> {
  const cause = run.cause;
  const inStage = run.stage === null ? "" : ` in ${run.stage}`;
  const result = run.progress.result;
  const ofEnrolment = result !== null && isEnrolmentFault(result);
  const mistaken = {
    title: `${run.state === "infra" ? sentence(runVerbs.infra) : titleOf(run.state)} (enrolment)${
      cause === null ? "" : `: ${cause}`
    }`,
    more: `The mistake is in ${enrolmentFolder(run.recipe)} of cc-ci, not in the recipe.`,
  };
  switch (run.state) {
    case "queued": {
      const wait = waitingTimes(deps, visibleActive(deps), now).get(run.run) ?? null;
      const before = placeOf(run, deps);
      const place = before === 0 ? "Next in the queue" : `Queued behind ${count(before, "run")}`;
      return {
        title: place,
        more: wait === null || wait === 0 ? null : `Starts in about ${formatRoughly(wait)}.`,
      };
    }
    case "running":
      return {
        title: `Testing${runningStages(run)}`,
        more: sinceStart(run, timeLeft(deps, run, now), now),
      };
    case "passed":
      return {
        title: `${titleOf(run.state)}, level ${run.level ?? "?"}`,
        more: notTested(run),
      };
    case "failed":
      return ofEnrolment
        ? mistaken
        : { title: `${titleOf(run.state)}${inStage}${cause === null ? "" : `: ${cause}`}`, more: null };
    case "timed_out":
      return {
        title: `${titleOf(run.state)}${inStage}${cause === null ? "" : `: ${cause}`}`,
        more: "The run used up the time a run may take and was ended.",
      };
    case "infra":
      return ofEnrolment ? mistaken : {
        title: `${titleOf(run.state)}${inStage}${cause === null ? "" : `: ${cause}`}`,
        more: "This is not the recipe's fault and says nothing about it.",
      };
    case "cancelled":
      return { title: `${titleOf(run.state)}${cause === null ? "" : `: ${cause}`}`, more: null };
    case "superseded":
      return {
        title: `${titleOf(run.state)}${cause === null ? " by a newer run" : `: ${cause}`}`,
        more: null,
      };
    case "expired":
      return {
        title: `${titleOf(run.state)}${cause === null ? "" : `: ${cause}`}`,
        more: "It waited too long and was never started.",
      };
  }
}

function runningStages(run: RunDetail): string {
  const names = run.progress.stages.filter((stage) => isRunning(run, stage))
    .map((stage) => stage.name);
  return names.length === 0 ? "" : `: ${names.join(" and ")}`;
}

function sinceStart(run: RunDetail, left: Estimate, now: number): string | null {
  if (run.startedAt === null) return null;
  const about = left === null
    ? ""
    : left === 0
    ? ", longer than usual"
    : `, about ${formatRoughly(left)} left`;
  return `Started ${ago(now - run.startedAt)}${about}.`;
}

/** Names what a pass does not vouch for. */
function notTested(run: RunDetail): string | null {
  const skipped = run.progress.stages.flatMap((stage) =>
    stage.report?.result === "skipped"
      ? [`${stage.name}${stage.report.reason === undefined ? "" : ` (${stage.report.reason})`}`]
      : []
  );
  return skipped.length === 0 ? null : `Without ${skipped.join(", ")}.`;
}

const telling: readonly string[] = ["running", "broken", "failed", "infra"];

/** Stages whose log explains the run's state: those that run, broke off or went wrong. */
export function tellingStages(run: RunDetail): StageName[] {
  return stageNames.filter((name) => {
    const stage = run.progress.stages.find((one) => one.name === name);
    if (stage === undefined) return false;
    return telling.includes(outcomeOf(run, stage));
  });
}

/** Why a run ended badly, with the stage that decided it; empty where nobody said. */
export function causeText({ stage, cause }: Pick<Run, "stage" | "cause">): string {
  if (cause === null) return "";
  return stage === null ? cause : `${stage}: ${cause}`;
}

/** Wall time of a run in words, if it began. */
export function tookText(run: Pick<RunDetail, "startedAt" | "finishedAt">): string | null {
  if (run.startedAt === null || run.finishedAt === null) return null;
  return formatSeconds(run.finishedAt - run.startedAt);
}
