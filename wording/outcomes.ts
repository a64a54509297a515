import type { RunState } from "../protocol/dashboard_api.ts";
import type { RunOutcome, StageOutcome, Unreported } from "../protocol/result.ts";

/**
 * How what became of a run or a stage is shown, in one table each: by comment, commit status, dashboard, badge,
 * terminal and run page. A new outcome does not compile until it has its row here, nor a new sign or tone until
 * every medium can draw it.
 */

/** It went well, badly, the CI is at fault, it is going on, or nothing came of it. Each medium has a colour for each. */
export type Tone = "good" | "bad" | "trouble" | "live" | "quiet";

/** Signs differ in shape, so that no meaning rests on colour alone. */
export const signs = {
  passed: { emoji: "✅", glyph: "✔" },
  failed: { emoji: "❌", glyph: "✘" },
  timedOut: { emoji: "⌛", glyph: "!" },
  trouble: { emoji: "⚠️", glyph: "!" },
  stopped: { emoji: "⏹️", glyph: "■" },
  skipped: { emoji: "–", glyph: "–" },
  blocked: { emoji: "⛔", glyph: "·" },
  broken: { emoji: "❓", glyph: "?" },
  running: { emoji: "⏳", glyph: "…" },
  waiting: { emoji: "·", glyph: "·" },
} as const satisfies Record<string, { emoji: string; /** One column wide. */ glyph: string }>;
export type Sign = keyof typeof signs;

/** How an outcome is shown. */
export interface Look {
  tone: Tone;
  sign: Sign;
  /** As a list names it. */
  word: string;
}

/** The sign where emoji are at home. */
export function emojiOf({ sign }: Look): string {
  return signs[sign].emoji;
}

/** The sign in text, one column wide. */
export function glyphOf({ sign }: Look): string {
  return signs[sign].glyph;
}

/** Where a run stands. */
export const runLooks: Record<RunState, Look> = {
  queued: { tone: "live", sign: "waiting", word: "queued" },
  running: { tone: "live", sign: "running", word: "running" },
  passed: { tone: "good", sign: "passed", word: "passed" },
  failed: { tone: "bad", sign: "failed", word: "failed" },
  timed_out: { tone: "bad", sign: "timedOut", word: "timed out" },
  infra: { tone: "trouble", sign: "trouble", word: "CI trouble" },
  cancelled: { tone: "quiet", sign: "stopped", word: "cancelled" },
  superseded: { tone: "quiet", sign: "stopped", word: "replaced" },
  expired: { tone: "quiet", sign: "stopped", word: "expired" },
};

/** The word for where a run stands, as the beginning of a sentence: `Timed out`. */
export function titleOf(state: RunState): string {
  return sentence(runLooks[state].word);
}

/** A text as the beginning of a sentence. */
export function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** How a run ended, as what was tested is said to have fared: `3fa9c1b of miniflux` … */
export const runVerbs: Record<RunOutcome, string> = {
  passed: "passed",
  failed: "failed",
  infra: "could not be tested",
  cancelled: "was cancelled",
  timed_out: "ran out of time",
};

/** What became of a stage. */
export const stageLooks: Record<StageOutcome | Unreported, Look> = {
  passed: { tone: "good", sign: "passed", word: "passed" },
  failed: { tone: "bad", sign: "failed", word: "failed" },
  infra: { tone: "trouble", sign: "trouble", word: "CI trouble" },
  skipped: { tone: "quiet", sign: "skipped", word: "skipped" },
  blocked: { tone: "quiet", sign: "blocked", word: "blocked" },
  running: { tone: "live", sign: "running", word: "running" },
  waiting: { tone: "quiet", sign: "waiting", word: "waiting" },
  broken: { tone: "trouble", sign: "broken", word: "broken off" },
  unreached: { tone: "quiet", sign: "skipped", word: "not reached" },
};
