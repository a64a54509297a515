import type { ResourceUse, StageName, StageOutcome, StageReport } from "../../protocol/result.ts";
import { emptyReport } from "../run/stage.ts";

/** What became of a stage for one of the versions from which the run upgrades. */
export interface BasePart {
  version: string;
  report: StageReport;
}

/** What counts most when the parts of a stage did not end alike. */
const worst: readonly StageOutcome[] = ["failed", "infra", "blocked", "skipped", "passed"];

/** One report of all parts of a stage: it ends as the worst of them does, and names each. */
export function together(name: StageName, parts: readonly BasePart[]): StageReport {
  const [first, ...more] = parts;
  if (first === undefined) return emptyReport(name, "skipped");
  if (more.length === 0) return first.report;
  const all = parts.map(({ report }) => report);
  const { version, report } =
    worst.flatMap((result) => parts.filter((one) => one.report.result === result))[0] ??
      first;
  return {
    ...report,
    ...(report.cause === undefined ? {} : { cause: `${report.cause} (upgrade from ${version})` }),
    proofs: unique(all.flatMap(({ proofs }) => proofs)),
    notes: unique(all.flatMap(({ notes }) => notes)),
    screenshots: unique(all.flatMap(({ screenshots }) => screenshots)),
    blemishes: unique(all.flatMap(({ blemishes }) => blemishes)),
    findings: all.flatMap(({ findings }) => findings),
    resources: atMost(all.flatMap(({ resources }) => resources)),
    bases: parts.map(({ version, report: { result, seconds, cause, reason } }) => ({
      version,
      result,
      seconds,
      ...(cause === undefined ? {} : { cause }),
      ...(reason === undefined ? {} : { reason }),
    })),
  };
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}

/** What each service used: at most of what it holds, altogether of what it does. */
function atMost(uses: readonly ResourceUse[]): ResourceUse[] {
  const services = Map.groupBy(uses, ({ service }) => service);
  return [...services].map(([service, some]) => {
    const disks = some.flatMap(({ diskBytes }) => diskBytes === null ? [] : [diskBytes]);
    return {
      service,
      peakMemoryBytes: Math.max(...some.map(({ peakMemoryBytes }) => peakMemoryBytes)),
      cpuSeconds: some.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
      diskBytes: disks.length === 0 ? null : Math.max(...disks),
    };
  });
}
