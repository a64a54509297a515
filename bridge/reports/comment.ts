import { formatRoughly } from "../../common/time.ts";
import { emojiOf, runLooks } from "../../wording/outcomes.ts";
import { shorten } from "../../wording/text.ts";
import { longestTakeMs, mostAttempts } from "../store/rows.ts";
import { clean, fit, link, pageLinks, type RunFacts, subjectOf } from "./comment_parts.ts";
import { headline, verdictText } from "./comment_verdict.ts";
import { codeSpan, stageTable } from "./markdown.ts";

/** Stands before whatever is not over. */
const goingOn = emojiOf(runLooks.running);
/** For so long a runner that is well may take to notice a run. */
const shortWaitMs = 12_000;
const howToCancel = "`!testme cancel` stops it.";

/** The comment of a run as it should read now. */
export function runText(facts: RunFacts): string {
  if (facts.verdict !== null) {
    return facts.folded
      ? `${headline(facts, facts.verdict)} · a newer run follows below`
      : fit(verdictText(facts, facts.verdict));
  }
  if (facts.retrying) return fit(retrying(facts));
  const [head = "", ...text] = facts.started ? testing(facts) : queued(facts);
  const tried = facts.trouble === null
    ? []
    : [`${attempt(facts)}, after CI trouble: ${clean(facts.trouble)}.`];
  return fit([head, ...tried, ...text]);
}

function attempt(facts: RunFacts): string {
  return `Attempt ${facts.attempt} of ${mostAttempts}`;
}

function retrying(facts: RunFacts): string[] {
  const cause = facts.cause ?? facts.view?.result?.cause ?? null;
  const when = facts.putOffUntil === null ? "in a moment" : `at ${timeOfDay(facts.putOffUntil)}`;
  return [
    `${goingOn} **CI trouble with ${subjectOf(facts)}: it is tried again ${when}**${pageLinks(facts)}`,
    ...(cause === null ? [] : [`${attempt(facts)} failed: ${clean(cause)}.`]),
    howToCancel,
  ];
}

/** The first whole minute from then on. It is never far off, so no day is named. */
function timeOfDay(ms: number): string {
  return `${new Date(60_000 * Math.ceil(ms / 60_000)).toISOString().slice(11, 16)} UTC`;
}

function queued(facts: RunFacts): string[] {
  const wait = facts.waitSeconds === null || facts.ahead === 0
    ? ""
    : `, about ${formatRoughly(facts.waitSeconds * 1000)}`;
  const runs = facts.ahead === 1 ? "1 run" : `${facts.ahead} runs`;
  const place = facts.ahead === 0 ? "next in the queue" : `behind ${runs}${wait}`;
  const untaken = facts.untakenMs ?? 0;
  if (untaken >= shortWaitMs) {
    const long = untaken < longestTakeMs ? [] : [
      "No runner has taken it yet: the CI itself may need help. It keeps its place and starts as soon as one is there.",
    ];
    return [
      `${goingOn} **Queued: ${subjectOf(facts)}** · waits for a runner${pageLinks(facts)}`,
      ...long,
      howToCancel,
    ];
  }
  if (facts.held && facts.untakenMs === null) {
    return [
      `${goingOn} **Queued: ${subjectOf(facts)}** · waits for the end of maintenance${
        link("run", facts.page)
      }`,
      howToCancel,
    ];
  }
  return [`${goingOn} **Queued: ${subjectOf(facts)}** · ${place}${link("run", facts.page)}`, howToCancel];
}

function testing(facts: RunFacts): string[] {
  const base = facts.view?.base ?? null;
  const over = base === null ? "" : ` (over ${codeSpan(shorten(base, 80))})`;
  const elapsed = facts.elapsedSeconds === null
    ? ""
    : ` · started ${formatRoughly(facts.elapsedSeconds * 1000)} ago`;
  const left = facts.usualSeconds === null ? 0 : facts.usualSeconds - (facts.elapsedSeconds ?? 0);
  const expected = left >= 10 && facts.cancelledBy === null
    ? `, about ${formatRoughly(left * 1000)} left`
    : "";
  const doing = facts.cancelledBy === null ? "Testing" : "Stopping the test of";
  const head = `${goingOn} **${doing} ${subjectOf(facts)}**${over}${
    pageLinks(facts, "live log")
  }${elapsed}${expected}`;
  const stages = facts.view?.stages ?? [];
  const table = stages.length === 0 ? [] : [stageTable(stages)];
  return [head, ...table, ...(facts.cancelledBy === null ? [howToCancel] : [])];
}
