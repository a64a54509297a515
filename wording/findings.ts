import { formatBytes } from "../common/bytes.ts";
import { formatSeconds } from "../common/time.ts";
import {
  type BaseReport,
  blockedBy,
  type LintFinding,
  type RunResult,
  type StageName,
  type StageReport,
} from "../protocol/result.ts";
import { stageLooks } from "./outcomes.ts";
import { enumerate } from "./verdict.ts";

/** What the reports say about a run beyond its verdict, gathered from the stages; without markup. */

/** Less than this share of the page counts as no change that anybody would see. */
const VISIBLE = 0.0005;

const severities = ["error", "warning", "note"] as const satisfies readonly LintFinding["severity"][];

/** Everything lint found, errors first, then warnings. */
export function findingsOf(result: RunResult): LintFinding[] {
  const all = result.stages.flatMap((stage) => stage.findings);
  return severities.flatMap((severity) => all.filter((one) => one.severity === severity));
}

/** What lint found that keeps the run from being clean, errors first. */
export function uncleanFindings(result: RunResult): LintFinding[] {
  return findingsOf(result).filter(({ severity }) => severity !== "note");
}

/** What keeps the run from being clean and is no finding of lint, once each. */
export function otherBlemishes(result: RunResult): { where: string; text: string }[] {
  const stages = new Map<string, StageName[]>();
  for (const stage of result.stages) {
    for (const text of blemishesOf(stage)) stages.set(text, [...stages.get(text) ?? [], stage.name]);
  }
  return [...stages].map(([text, names]) => ({ where: enumerate(names), text }));
}

/** A stage's blemishes without those that name one of its findings: lint's warnings are both. */
export function blemishesOf(stage: StageReport): string[] {
  return stage.blemishes.filter((text) => !stage.findings.some(({ rule }) => text.endsWith(`[${rule}]`)));
}

/** `1 lint error, 2 lint warnings, 3 blemishes`; null for a run without any. */
export function uncleanText(result: RunResult): string | null {
  const findings = uncleanFindings(result);
  const errors = findings.filter((one) => one.severity === "error").length;
  const counts: [number, string, string][] = [
    [errors, "lint error", "lint errors"],
    [findings.length - errors, "lint warning", "lint warnings"],
    [otherBlemishes(result).length, "blemish", "blemishes"],
  ];
  const parts = counts.filter(([count]) => count > 0)
    .map(([count, one, many]) => `${count} ${count === 1 ? one : many}`);
  return parts.length === 0 ? null : parts.join(", ");
}

/**
 * The versions from which it was upgraded, if they are several, what the enrolment changed, and what it says that no
 * run can show, by title; without those of which there is none.
 */
export function runLists(
  { customised = [], gaps = [], stages }: Pick<RunResult, "customised" | "gaps" | "stages">,
): { title: string; items: string[] }[] {
  const count = customised.length;
  const bases = stages.flatMap(({ bases = [] }) => bases);
  return [
    { title: `Upgraded from ${bases.length} versions`, items: bases.map(baseText) },
    { title: `The enrolment sets ${count} ${count === 1 ? "thing" : "things"}`, items: customised },
    { title: "Not looked at, and not counted", items: gaps.map(({ what, reason }) => `${what}: ${reason}`) },
  ].filter(({ items }) => items.length > 0);
}

/** How the upgrade from one of several versions ended: `1.0.0+1.1: passed, 41 s`. */
function baseText({ version, result, seconds, cause, reason }: BaseReport): string {
  const how = result === "blocked" ? blockedBy(reason ?? "an earlier stage") : stageLooks[result].word;
  const why = cause === undefined ? "" : `: ${cause}`;
  return `${version}: ${how}${why}${result === "blocked" ? "" : `, ${formatSeconds(seconds * 1000)}`}`;
}

/** `compose.yml, line 12` */
export function placeOf({ file, line }: Pick<LintFinding, "file" | "line">): string {
  return line === undefined ? file : `${file}, line ${line}`;
}

/**
 * How the page changed by the upgrade; null when nobody compared. That it looks the same is no news of an upgrade that
 * failed: beside lost data it would read like a comfort.
 */
export function visualText({ visual, stages }: RunResult): string | null {
  if (visual === null) return null;
  if (visual.changed < VISIBLE) {
    const passed = stages.some(({ name, result }) => name === "upgrade" && result === "passed");
    return passed ? "The page looks the same before and after the upgrade" : null;
  }
  const percent = visual.changed * 100;
  const shown = percent < 10 ? percent.toFixed(1) : percent.toFixed(0);
  return `${percent < 0.1 ? "Less than 0.1" : shown} % of the page's pixels changed by the upgrade`;
}

/** What a screenshot shows: its stage, and what the test called it. */
export function pictureTitle(stage: StageName, file: string): string {
  const bare = file.replace(/\.png$/, "");
  const title = stage;
  if (bare === stage) return title;
  return `${title} · ${bare.startsWith(`${stage}-`) ? bare.slice(stage.length + 1) : bare}`;
}

/** What one service used at most, whichever stage it was in. */
export interface ServicePeak {
  service: string;
  memoryBytes: number;
  /** Over all stages. */
  cpuSeconds: number;
  diskBytes: number | null;
}

/** By service, the largest memory first. */
export function servicePeaks(stages: readonly StageReport[]): ServicePeak[] {
  const peaks = new Map<string, ServicePeak>();
  for (const use of stages.flatMap((stage) => stage.resources)) {
    const known = peaks.get(use.service);
    peaks.set(use.service, {
      service: use.service,
      memoryBytes: Math.max(use.peakMemoryBytes, known?.memoryBytes ?? 0),
      cpuSeconds: use.cpuSeconds + (known?.cpuSeconds ?? 0),
      diskBytes: largest(use.diskBytes, known?.diskBytes ?? null),
    });
  }
  return [...peaks.values()].sort((a, b) => b.memoryBytes - a.memoryBytes);
}

/** `Memory at peak: db 48 MB, app 12 MB · images 230 MB`; null when nothing was measured. */
export function resourcesText(result: RunResult): string | null {
  const peaks = servicePeaks(result.stages).map(({ service, memoryBytes }) =>
    `${service} ${formatBytes(memoryBytes)}`
  );
  const bytes = imageBytes(result);
  const parts = [
    ...(peaks.length === 0 ? [] : [`Memory at peak: ${peaks.join(", ")}`]),
    ...(bytes === 0 ? [] : [`images ${formatBytes(bytes)}`]),
  ];
  return parts.length === 0 ? null : parts.join(" · ");
}

/** Bytes of all images; one that several services use counts once. */
export function imageBytes({ images }: RunResult): number {
  const sizes = new Map(images.map(({ image, bytes }) => [image, bytes]));
  return [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0);
}

function largest(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : Math.max(a, b);
}
