import { shortCommit } from "../../protocol/params.ts";
import type { RunView } from "../../protocol/dashboard_api.ts";
import type { RunOutcome } from "../../protocol/result.ts";
import { shorten } from "../../wording/text.ts";
import type { EnginePage } from "../engine/engine.ts";
import type { StoppedState } from "../store/rows.ts";
import { codeSpan, escapeMarkdown } from "./markdown.ts";

/** What the comments of runs are put together from. */

/** Forges take more, but nobody reads more; counted in bytes. */
export const longestBody = 60_000;
const longestCause = 300;
/** Pixels; half a phone. */
const thumbnailWidth = 200;
const longestDetail = 2_000;

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
  /** It met CI trouble and is tried again. */
  retrying: boolean;
  /** When it is tried again, milliseconds since the epoch, where that is not in a moment. */
  putOffUntil: number | null;
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
  /** What a run without a verdict is called. */
  stoppedAs: StoppedState;
  page: string | null;
  enginePage: EnginePage | null;
  view: RunView | null;
  /** Runs that have their turn first, as far as whoever reads the comment may see them. */
  ahead: number;
  /** Seconds these need as a rule. */
  waitSeconds: number | null;
  elapsedSeconds: number | null;
  /** Seconds this recipe's runs take as a rule. */
  usualSeconds: number | null;
  tookSeconds: number | null;
}

/** What is tested, as a comment names it. */
export function subjectOf(facts: RunFacts): string {
  return `${commitCode(facts.commit)} of ${facts.recipe}`;
}

/** A commit as people name it. Only hexadecimal digits get here. */
export function commitCode(commit: string): string {
  return `\`${shortCommit(commit)}\``;
}

/** A link behind a dot; nothing for an address that Markdown could read differently. */
export function link(label: string, url: string | null): string {
  if (url === null || !/^https?:\/\/[^\s<>()[\]"'`\\]+$/.test(url)) return "";
  return ` · [${label}](${url})`;
}

/** A small picture that leads to the whole one; nothing where a reader cannot load it: of a forge by https only. */
export function thumbnail(alt: string, url: string | null): string {
  if (url === null || !/^https:\/\/[^\s<>()[\]"'`\\]+$/.test(url)) return "";
  return `[<img src="${url}" alt="${alt}" width="${thumbnailWidth}">](${url})`;
}

/** Links to the run's pages. */
export function pageLinks(facts: RunFacts, label = "run"): string {
  return link(label, facts.page) + buildLink(facts);
}

export function buildLink({ enginePage }: RunFacts): string {
  return enginePage === null ? "" : link(enginePage.name, enginePage.url);
}

/** A short text from outside, shown literally. */
export function clean(text: string): string {
  return escapeMarkdown(shorten(text.replace(/\.\s*$/, ""), longestCause));
}

/** A longer text from outside: its lines stay, and what stands between backticks is code. */
export function paragraphs(text: string): string {
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
export function fit(parts: string[]): string {
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
