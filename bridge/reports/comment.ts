import { emojiOf, runLooks, runVerbs, signs } from "../../wording/outcomes.ts";
import { shortCommit } from "../../protocol/params.ts";
import { formatRoughly, formatSeconds } from "../../common/time.ts";
import { homeTarget } from "../../wording/try_at_home.ts";
import { shorten } from "../../wording/text.ts";
import { visualText } from "../../wording/findings.ts";
import { codeSpan, escapeMarkdown, foldedFindings, foldedLog, stageTable } from "./markdown.ts";
import { hasLevel, standInNote, verdict as describe } from "../../wording/verdict.ts";
import type { RunView } from "../../protocol/dashboard_api.ts";
import type { RunOutcome, RunResult, StageReport } from "../../protocol/result.ts";
import type { EnginePage } from "../engine/engine.ts";
import { longestTakeMs, mostAttempts } from "../store/rows.ts";

/** Forges take more, but nobody reads more; counted in bytes. */
export const longestBody = 60_000;
const longestCause = 300;
const longestDetail = 2_000;
const tailLines = 20;

/** What a run's comment is written from. Everything in `view` comes from outside and is escaped here. */
export interface RunFacts {
  run: string;
  recipe: string;
  /** Page of the repository on the forge. */
  repository: string;
  pr: number;
  commit: string;
  /** The engine's word, once it may be written; it outranks what `view` says. */
  verdict: RunOutcome | null;
  /** A newer run's comment follows: this one shrinks to a line. */
  folded: boolean;
  /** It met CI trouble and is tried again in a moment. */
  retrying: boolean;
  attempt: number;
  /** The CI trouble of the attempt before. */
  trouble: string | null;
  started: boolean;
  /** Milliseconds since its turn came, while no runner has taken it; `null` for all others. */
  untakenMs: number | null;
  /** Nothing is started at present. */
  held: boolean;
  /** Why it ended so where the harness could not say. */
  cause: string | null;
  cancelledBy: string | null;
  page: string | null;
  enginePage: EnginePage | null;
  view: RunView | null;
  /** Runs that have their turn first. */
  ahead: number;
  /** Seconds these need as a rule. */
  waitSeconds: number | null;
  elapsedSeconds: number | null;
  /** Seconds this recipe's runs take as a rule. */
  usualSeconds: number | null;
  tookSeconds: number | null;
}

/** The comment of a run as it should read now. */
export function runText(facts: RunFacts): string {
  if (facts.verdict !== null) {
    return facts.folded
      ? `${headline(facts, facts.verdict)} · a newer run follows below`
      : fit(verdict(facts, facts.verdict));
  }
  if (facts.retrying) return fit(retrying(facts));
  const text = facts.started ? testing(facts) : queued(facts);
  const tried = facts.trouble === null
    ? []
    : [`${attempt(facts)}, after CI trouble: ${clean(facts.trouble)}.`];
  return fit([...text, ...tried]);
}

function attempt(facts: RunFacts): string {
  return `Attempt ${facts.attempt} of ${mostAttempts}`;
}

function retrying(facts: RunFacts): string[] {
  const cause = facts.cause ?? facts.view?.result?.cause ?? null;
  return [
    `${goingOn} **CI trouble with ${object(facts)}: it is tried again in a moment**${pageLinks(facts)}`,
    ...(cause === null ? [] : [`${attempt(facts)} failed: ${clean(cause)}.`]),
    howToCancel,
  ];
}

/** Stands before whatever is not over. */
const goingOn = emojiOf(runLooks.running);
/** For so long a runner that is well may take to notice a run. */
const shortWaitMs = 12_000;
const howToCancel = "`!testme cancel` stops it.";

function queued(facts: RunFacts): string[] {
  const wait = facts.waitSeconds === null || facts.ahead === 0
    ? ""
    : `, about ${formatRoughly(facts.waitSeconds * 1000)}`;
  const runs = facts.ahead === 1 ? "1 run" : `${facts.ahead} runs`;
  const place = facts.ahead === 0 ? "starts at once" : `behind ${runs}${wait}`;
  const untaken = facts.untakenMs ?? 0;
  if (untaken >= shortWaitMs) {
    const long = untaken < longestTakeMs ? [] : [
      "No runner has taken it yet: the CI itself may need help. It keeps its place and starts as soon as one is there.",
    ];
    return [
      `${goingOn} **Queued: ${object(facts)}** · waits for a runner${pageLinks(facts)}`,
      ...long,
      howToCancel,
    ];
  }
  if (facts.held && facts.untakenMs === null) {
    return [
      `${goingOn} **Queued: ${object(facts)}** · waits for the end of maintenance${link("run", facts.page)}`,
      howToCancel,
    ];
  }
  return [`${goingOn} **Queued: ${object(facts)}** · ${place}${link("run", facts.page)}`, howToCancel];
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
  const head = `${goingOn} **${doing} ${object(facts)}**${over}${
    pageLinks(facts, "live log")
  }${elapsed}${expected}`;
  const stages = facts.view?.stages ?? [];
  const table = stages.length === 0 ? [] : [stageTable(stages)];
  return [head, ...table, ...(facts.cancelledBy === null ? [howToCancel] : [])];
}

function verdict(facts: RunFacts, outcome: RunOutcome): string[] {
  const result = facts.view?.result ?? null;
  const decisive = result?.stages.find((stage) => stage.name === result.stage) ?? null;
  const tail = outcome === "failed" && decisive !== null ? decisive.tail.slice(-tailLines) : [];
  return [
    headline(facts, outcome),
    ...explanation(facts, { outcome, decisive }),
    ...(result === null
      ? [noStages(facts)]
      : [stageTable(result.stages), looks(facts, result), foldedFindings(result) ?? ""]),
    ...(tail.length === 0 ? [] : [foldedLog(`Last ${tail.length} lines of the service's log`, tail)]),
    ...advice(facts, outcome),
    ...remarks(outcome, result),
  ].filter((part) => part !== "");
}

function headline(facts: RunFacts, outcome: RunOutcome): string {
  const result = facts.view?.result ?? null;
  const told = result?.result === outcome ? escapeMarkdown(describe(result)) : runVerbs[outcome];
  const level = result?.result === outcome && hasLevel(result) ? ` · level ${result.level}` : "";
  const took = facts.tookSeconds === null ? "" : ` · ${formatSeconds(facts.tookSeconds * 1000)}`;
  const links = link("run", facts.page) + link("screenshot", screenshot(facts)) + buildLink(facts);
  const sign = emojiOf(runLooks[outcome]);
  switch (outcome) {
    case "passed":
    case "failed":
      return `${sign} **${object(facts)} ${told}**${level}${took}${links}`;
    case "timed_out":
      return `${sign} **${object(facts)} ${told}**${links}`;
    case "infra":
      return `${sign} **${runLooks.infra.word}: ${object(facts)} ${runVerbs.infra}**${links}`;
    case "cancelled":
      return `${sign} **Testing ${object(facts)} ${runVerbs.cancelled}**${links}`;
  }
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
      return [
        ...told,
        ...detail,
        ...(facts.attempt > 1 ? [`It was tried ${facts.attempt} times.`] : []),
        "The recipe is not to blame. Comment `!testme` to try again.",
      ];
    case "cancelled":
      if (facts.cancelledBy !== null) {
        return [`${codeSpan(facts.cancelledBy)} asked for it. \`!testme\` starts anew.`];
      }
      return [...told, "Comment `!testme` to start anew."];
  }
}

function advice(facts: RunFacts, outcome: RunOutcome): string[] {
  if (outcome === "passed") return [`<sub>\`!testme\` tests it again. At home: ${atHome(facts, "")}</sub>`];
  if (outcome !== "failed" && outcome !== "timed_out") return [];
  const stage = facts.view?.result?.stage ?? null;
  const only = stage === null || stage === "fetch" || stage === "teardown"
    ? ""
    : ` --only ${stage}${stage === "lint" ? "" : " --keep"}`;
  return [
    `Push a fix and comment \`!testme\`, or try the pull request's head at home: ${atHome(facts, only)}`,
  ];
}

/** Not of the commit: no branch or tag leads to that of a fork. */
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

/** The picture of the stage that decided a bad result, else the latest of the app that the dashboard holds. */
function screenshot({ view }: RunFacts): string | null {
  const decisive = view?.artefacts.find((artefact) => artefact.name === `${view.result?.stage}.png`);
  if (decisive !== undefined) return decisive.url;
  const names = (view?.result?.stages ?? []).flatMap((stage) => stage.screenshots);
  const held = (view?.artefacts ?? []).filter((artefact) => artefact.name.endsWith(".png"));
  return (held.findLast((artefact) => names.includes(artefact.name)) ?? held.at(-1))?.url ?? null;
}

function object(facts: RunFacts): string {
  return `${commit(facts.commit)} of ${facts.recipe}`;
}

/** A commit as people name it. Only hexadecimal digits get here. */
export function commit(sha: string): string {
  return `\`${shortCommit(sha)}\``;
}

function link(label: string, url: string | null): string {
  if (url === null || !/^https?:\/\/[^\s<>()[\]"'`\\]+$/.test(url)) return "";
  return ` · [${label}](${url})`;
}

/** To the run's pages. */
function pageLinks(facts: RunFacts, label = "run"): string {
  return link(label, facts.page) + buildLink(facts);
}

function buildLink({ enginePage }: RunFacts): string {
  return enginePage === null ? "" : link(enginePage.name, enginePage.url);
}

/** A short text from outside, shown literally. */
export function clean(text: string): string {
  return escapeMarkdown(shorten(text.replace(/\.\s*$/, ""), longestCause));
}

function paragraphs(text: string): string {
  return shorten(text, longestDetail).split(/\r?\n/).map(withCode).join("\n");
}

/** A line in which what stands between backticks is shown as code, and everything else literally. */
function withCode(line: string): string {
  return line.split(/`([^`]+)`/).map((part, index) => {
    if (index % 2 === 1) return codeSpan(part);
    const [, before = "", words = "", after = ""] = /^(\s*)(.*?)(\s*)$/s.exec(part) ?? [];
    return `${before && " "}${escapeMarkdown(words)}${after && " "}`;
  }).join("").trim();
}

/** Joins paragraphs, leaving out the least important ones where they are too many. The first one always stays. */
function fit(parts: string[]): string {
  const kept = [...parts];
  while (kept.length > 1 && bytes(kept.join("\n\n")) > longestBody) {
    const longest = kept.slice(1).reduce((most, part) => bytes(part) > bytes(most) ? part : most);
    kept.splice(kept.indexOf(longest, 1), 1);
  }
  return kept.join("\n\n");
}

function bytes(text: string): number {
  return new TextEncoder().encode(text).length;
}
