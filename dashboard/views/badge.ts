import type { levels } from "../../protocol/result.ts";
import { subjectName } from "../../wording/verdict.ts";
import { runLooks, type Tone } from "../../wording/outcomes.ts";
import { makeBadge } from "badge-maker";
import { type Standing, testedAt } from "./recipe_standing.ts";
import { formatRoughly } from "../../common/time.ts";
import type { Run } from "../model/run.ts";

/** Styles of a badge, as `?type=` names them. */
export const badgeTypes = ["level", "status"] as const;
export type BadgeType = (typeof badgeTypes)[number];

/** Backgrounds for labels in white. */
const colours: Record<Tone, string> = {
  good: "#2f7a25",
  bad: "#c2282d",
  trouble: "#8a6500",
  live: "#2563b8",
  quiet: "#6b7280",
};
const levelColours: OnePer<typeof levels> = [
  "#c2282d",
  "#b8520a",
  "#8a6500",
  "#5d7410",
  "#2f7a25",
  "#0b7a53",
];

type OnePer<T> = { [at in keyof T]: string };

/** The badge of a recipe, as SVG; `undefined` stands for a recipe nobody has heard of. */
export function badge(standing: Standing | undefined, options: { type: BadgeType; now: number }): string {
  return makeBadge({ label: "cc-ci", labelColor: "#3b4148", ...says(standing, options) });
}

/** What each style says of a run that has ended. */
const styles: Record<BadgeType, (face: Run) => { text: string; color: string }> = {
  level: (face) =>
    face.level === null
      ? styles.status(face)
      : { text: `level ${face.level}`, color: levelColours[face.level] ?? colours.quiet },
  status: ({ state }) => ({ text: runLooks[state].word, color: colours[runLooks[state].tone] }),
};

function says(
  standing: Standing | undefined,
  options: { type: BadgeType; now: number },
): { message: string; color: string } {
  if (standing === undefined) return { message: "unknown recipe", color: colours.quiet };
  const { face, active } = standing;
  if (
    active?.state === "running" && (face === null || options.type === "status" && active.class === face.class)
  ) {
    return { message: runLooks.running.word, color: colours.live };
  }
  if (face === null) {
    if (active !== null) return { message: runLooks.queued.word, color: colours.live };
    const untested = standing.latest === null || standing.beside !== null;
    return { message: untested ? "not tested yet" : "no result yet", color: colours.quiet };
  }
  const subject = face.class === "pr" ? `${subjectName(face.subject)}: ` : "";
  const age = ` · ${formatRoughly(options.now - testedAt(face))}${standing.stale ? " old" : ""}`;
  const { text, color } = styles[options.type](face);
  return { message: subject + text + age, color: standing.stale ? colours.quiet : color };
}
