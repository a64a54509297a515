import stringWidth from "string-width";
import type { StageName, StageReport } from "../../protocol/result.ts";
import { formatSeconds } from "../../common/time.ts";
import { oneLine } from "../../common/plain_text.ts";
import { truncate } from "../../wording/text.ts";
import { glyphOf, stageLooks, type Tone } from "../../wording/outcomes.ts";
import { stageText } from "../../wording/verdict.ts";

/** Colours, or nothing where colours are not wanted. */
export type Painter = Record<"bold" | "dim" | "red" | "green" | "yellow" | "cyan", (text: string) => string>;

export function paint(color: boolean): Painter {
  const code = (open: number, close: number) => (text: string) =>
    color ? `\u001b[${open}m${text}\u001b[${close}m` : text;
  return {
    bold: code(1, 22),
    dim: code(2, 22),
    red: code(31, 39),
    green: code(32, 39),
    yellow: code(33, 39),
    cyan: code(36, 39),
  };
}

/** The colour of each tone in a terminal. */
export const colours = {
  good: "green",
  bad: "red",
  trouble: "yellow",
  live: "cyan",
  quiet: "dim",
} as const satisfies Record<Tone, keyof Painter>;

/** A stage as the list shows it. */
export interface ShownStage {
  name: StageName;
  /** When it started, in milliseconds since the epoch. */
  since: number | null;
  report: StageReport | null;
  /** Its newest log line. */
  doing: string;
}

const frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const NAME_WIDTH = 13;
const TIME_WIDTH = 12;

/** One line of the live list: sign, name, what it says, time at the right. */
export function stageLine(
  stage: ShownStage,
  { now, width, paint }: { now: number; width: number; paint: Painter },
): string {
  const room = Math.max(0, width - NAME_WIDTH - TIME_WIDTH - 6);
  const title = stage.name.padEnd(NAME_WIDTH);
  if (stage.report !== null) {
    const text = fit(oneLine(stageText(stage.report)), room);
    const time = formatSeconds(stage.report.seconds * 1000).padStart(TIME_WIDTH);
    const look = stageLooks[stage.report.result];
    const tint = paint[colours[look.tone]];
    const quiet = stage.report.result === "failed" ? tint : paint.dim;
    return `  ${tint(glyphOf(look))} ${title} ${quiet(text)} ${paint.dim(time)}`;
  }
  if (stage.since === null) return paint.dim(`  ${glyphOf(stageLooks.waiting)} ${title}`);
  const elapsed = Math.max(0, now - stage.since);
  const frame = frames[Math.floor(elapsed / 120) % frames.length] ?? "·";
  const time = formatSeconds(elapsed).padStart(TIME_WIDTH);
  return `  ${paint.cyan(frame)} ${paint.bold(title)} ${paint.dim(fit(stage.doing, room))} ${time}`;
}

function fit(text: string, width: number): string {
  const cut = truncate(text, width);
  return cut + " ".repeat(Math.max(0, width - stringWidth(cut)));
}
