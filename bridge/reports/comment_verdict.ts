import { formatSeconds } from "../../common/time.ts";
import {
  isEnrolmentFault,
  type RunOutcome,
  type RunResult,
  type StageReport,
} from "../../protocol/result.ts";
import { runLists, visualText } from "../../wording/findings.ts";
import { emojiOf, runLooks, runVerbs, signs } from "../../wording/outcomes.ts";
import { homeTarget } from "../../wording/try_at_home.ts";
import { enrolmentFolder, hasLevel, standInNote, verdict } from "../../wording/verdict.ts";
import { buildLink, clean, link, paragraphs, type RunFacts, subjectOf, thumbnail } from "./comment_parts.ts";
import { codeSpan, escapeMarkdown, foldedFindings, foldedList, foldedLog, stageTable } from "./markdown.ts";

/** Lines of the service's log that a failure is shown with. */
const tailLines = 20;

/** The comment of a run that is over, by paragraphs. */
export function verdictText(facts: RunFacts, outcome: RunOutcome): string[] {
  const result = facts.view?.result ?? null;
  const decisive = result?.stages.find((stage) => stage.name === result.stage) ?? null;
  const tail = outcome === "failed" && decisive !== null ? decisive.tail.slice(-tailLines) : [];
  return [
    headline(facts, outcome),
    ...explanation(facts, { outcome, decisive }),
    ...(result === null ? [noStages(facts)] : [
      stageTable(result.stages),
      looks(facts, result),
      foldedFindings(result) ?? "",
      ...runLists(result).map(({ title, items }) => foldedList(title, items)),
    ]),
    facts.view?.shown ? thumbnail("The app's page", screenshot(facts)) : "",
    ...(tail.length === 0 ? [] : [foldedLog("Last lines of the service's log", tail)]),
    ...advice(facts, outcome),
    ...remarks(outcome, result),
  ].filter((part) => part !== "");
}

/** Its first line, to which it shrinks once a newer run has a comment. */
export function headline(facts: RunFacts, outcome: RunOutcome): string {
  const result = facts.view?.result ?? null;
  const told = result?.result === outcome ? escapeMarkdown(verdict(result)) : runVerbs[outcome];
  const level = result?.result === outcome && hasLevel(result) ? ` · level ${result.level}` : "";
  // The run's own time, as its page has it: the bridge hears of the start and of the end some seconds late.
  const seconds = result?.result === outcome ? result.seconds : facts.tookSeconds;
  const took = seconds === null ? "" : ` · ${formatSeconds(seconds * 1000)}`;
  const links = link("run", facts.page) + link("screenshot", screenshot(facts)) + buildLink(facts);
  const sign = emojiOf(runLooks[outcome]);
  switch (outcome) {
    case "passed":
    case "failed":
      return `${sign} **${subjectOf(facts)} ${told}**${level}${took}${links}`;
    case "timed_out":
      return `${sign} **${subjectOf(facts)} ${told}**${links}`;
    case "infra":
      return isOurs(facts, outcome)
        ? `${sign} **${subjectOf(facts)} ${told}**${links}`
        : `${sign} **${runLooks.infra.word}: ${subjectOf(facts)} ${runVerbs.infra}**${links}`;
    case "cancelled":
      return `${emojiOf(runLooks[facts.stoppedAs])} **Testing ${subjectOf(facts)} ${
        stopped(facts)
      }**${links}`;
  }
}

/** What became of a run that was stopped, and by whom. */
function stopped({ stoppedAs, cancelledBy }: RunFacts): string {
  if (stoppedAs === "superseded") return `was ${runLooks.superseded.word}`;
  if (stoppedAs === "expired") return runLooks.expired.word;
  return cancelledBy === null ? runVerbs.cancelled : `${runVerbs.cancelled} by ${codeSpan(cancelledBy)}`;
}

function explanation(
  facts: RunFacts,
  { outcome, decisive }: { outcome: RunOutcome; decisive: StageReport | null },
): string[] {
  const detail = decisive?.detail === undefined ? [] : [paragraphs(decisive.detail)];
  const cause = facts.cause ?? facts.view?.result?.cause ?? facts.view?.cause ?? null;
  const told = cause === null ? [] : [`${clean(cause)}.`];
  switch (outcome) {
    case "passed":
      return [];
    case "failed":
      return detail;
    case "timed_out":
      return facts.view?.result?.result === outcome ? detail : [...told, ...detail];
    case "infra":
      if (isOurs(facts, outcome)) return detail;
      return [
        ...told,
        ...detail,
        ...(facts.attempt > 1 ? [`It was tried ${facts.attempt} times.`] : []),
        "The recipe is not to blame. Comment `!testme` to try again.",
      ];
    case "cancelled":
      if (facts.cancelledBy !== null) return ["`!testme` starts anew."];
      return [...told, ...(facts.stoppedAs === "superseded" ? [] : ["Comment `!testme` to start anew."])];
  }
}

/** Whether it ended so by a mistake in cc-ci's own folder for the recipe. */
function isOurs({ view }: RunFacts, outcome: RunOutcome): boolean {
  const result = view?.result ?? null;
  return result?.result === outcome && isEnrolmentFault(result);
}

function advice(facts: RunFacts, outcome: RunOutcome): string[] {
  if (outcome === "passed") return [`<sub>\`!testme\` tests it again. At home: ${atHome(facts, "")}</sub>`];
  if (outcome === "cancelled") return [];
  if (isOurs(facts, outcome)) {
    const folder = codeSpan(enrolmentFolder(facts.recipe));
    return [
      `The recipe is not to blame: whoever looks after ${folder} in cc-ci has to mend it. Then comment \`!testme\`.`,
    ];
  }
  if (outcome === "infra") return [];
  const stage = facts.view?.result?.stage ?? null;
  const only = stage === null || stage === "fetch" || stage === "teardown"
    ? ""
    : ` --only ${stage}${stage === "lint" ? "" : " --keep"}`;
  return [
    `Push a fix and comment \`!testme\`, or try the pull request's head at home: ${atHome(facts, only)}`,
  ];
}

/** The command names the pull request, not the commit: no branch or tag leads to the commit of a fork. */
function atHome({ recipe, repository, pr }: RunFacts, options: string): string {
  return `\`./cc-ci run-recipe ${homeTarget(recipe, repository)} --ref refs/pull/${pr}/head${options}\``;
}

function remarks(outcome: RunOutcome, result: RunResult | null): string[] {
  if (result === null) return [];
  const stoodIn = standInNote(result);
  const standIn = stoodIn === null ? [] : [`<sub>${stoodIn}.</sub>`];
  const differs = result.result !== outcome && (outcome === "passed" || result.result === "passed");
  const doubt = differs
    ? [
      `${signs.trouble.emoji} The harness reported "${result.result}", but its exit code says otherwise; the exit code counts.`,
    ]
    : [];
  return [...doubt, ...standIn];
}

function noStages(facts: RunFacts): string {
  if (facts.page === null || !facts.started) return "";
  return "_The stages are missing here: the dashboard has not handed them over. They follow when it does._";
}

/** How the page changed by the upgrade, with the pictures that the dashboard holds. */
function looks({ view }: RunFacts, result: RunResult): string {
  const { visual } = result;
  if (visual === null || visual.changed === 0) return "";
  const url = (name: string) => view?.artefacts.find((artefact) => artefact.name === name)?.url ?? null;
  const links = (["before", "after", "difference"] as const).map((which) => link(which, url(visual[which])));
  return `${visualText(result) ?? ""}${links.join("")}`;
}

/**
 * The latest picture that the dashboard holds of the stage that decided a bad result, else of any stage. What stood
 * there before a stage did its work shows nothing of a failure, nor does a picture of another stage.
 */
function screenshot({ view }: RunFacts): string | null {
  const { stages = [], stage: decisive = null } = view?.result ?? {};
  const shown = stages.filter(({ name }) => decisive === null || name === decisive);
  const isOf = (file: string) =>
    shown.some(({ name, screenshots }) => screenshots.includes(file) || file === `${name}.png`);
  const isAfter = (file: string) => !/-(before|difference)\.png$/.test(file);
  return view?.artefacts.findLast(({ name }) => isOf(name) && isAfter(name))?.url ?? null;
}
