import type { StageName, StageOutcome } from "../../protocol/result.ts";
import type { Progress } from "./progress.ts";

/** What charts and histories need of a stage that has ended. */
export interface StageFact {
  name: StageName;
  outcome: StageOutcome;
  seconds: number;
}

/** The stages of a run that have ended, as they are stored beside it: a recipe's page shows those of many runs. */
export function packStages({ stages }: Progress): string {
  return JSON.stringify(
    stages.flatMap(({ name, report }) => report === null ? [] : [[name, report.result, report.seconds]]),
  );
}

/** @param text as {@linkcode packStages} made it */
export function unpackStages(text: string): StageFact[] {
  const packed = JSON.parse(text) as [StageName, StageOutcome, number][];
  return packed.map(([name, outcome, seconds]) => ({ name, outcome, seconds }));
}

/** Whether it is known what the services of a finished run used. */
export function isMeasured({ result }: Progress): boolean {
  return result !== null && result.stages.some((stage) => stage.resources.length > 0);
}
