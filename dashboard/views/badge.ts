import { makeBadge } from "badge-maker";
import { type Standing, testedAt } from "./recipe_standing.ts";
import { formatRoughly } from "../../common/time.ts";
import { stateWords, subjectText } from "./words.ts";

export type BadgeType = "level" | "status";

const grey = "#6b7280";
const blue = "#2563b8";
const levelColours = ["#c2282d", "#b8520a", "#8a6500", "#5d7410", "#2f7a25", "#0b7a53"];
const stateColours: Partial<Record<string, string>> = {
  passed: "#2f7a25",
  failed: "#c2282d",
  timed_out: "#c2282d",
};

/** The badge of a recipe, as SVG; `undefined` stands for a recipe nobody has heard of. */
export function badge(standing: Standing | undefined, options: { type: BadgeType; now: number }): string {
  return makeBadge({ label: "cc-ci", labelColor: "#3b4148", ...says(standing, options) });
}

function says(
  standing: Standing | undefined,
  options: { type: BadgeType; now: number },
): { message: string; color: string } {
  if (standing === undefined) return { message: "unknown recipe", color: grey };
  const { face, active } = standing;
  if (
    active?.state === "running" && (face === null || options.type === "status" && active.class === face.class)
  ) {
    return { message: "running", color: blue };
  }
  if (face === null) {
    if (active !== null) return { message: "queued", color: blue };
    return { message: standing.latest === null ? "not tested yet" : "no result yet", color: grey };
  }
  const about = face.class === "pr" ? `${subjectText(face.subject)}: ` : "";
  const age = ` · ${formatRoughly(options.now - testedAt(face))}${standing.stale ? " old" : ""}`;
  const { text, color } = options.type === "level" && face.level !== null
    ? { text: `level ${face.level}`, color: levelColours[face.level] ?? grey }
    : { text: stateWords[face.state], color: stateColours[face.state] ?? grey };
  return { message: about + text + age, color: standing.stale ? grey : color };
}
