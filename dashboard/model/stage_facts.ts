import type { StageName, StageOutcome } from "../../protocol/result.ts";
import type { Progress } from "./progress.ts";

/** What charts and histories need of a stage that has ended. */
export interface StageFact {
  name: StageName;
  outcome: StageOutcome;
  seconds: number;
  /** Each of the versions from which it upgraded, if they were several. */
  bases?: { version: string; outcome: StageOutcome }[];
}

/** A stage as it is stored. */
type Packed = [StageName, StageOutcome, seconds: number, bases?: [version: string, StageOutcome][]];

/** The stages of a run that have ended, as they are stored beside it: a recipe's page shows those of many runs. */
export function packStages({ stages }: Progress): string {
  return JSON.stringify(
    stages.flatMap(({ name, report }): Packed[] => {
      if (report === null) return [];
      const { result, seconds, bases } = report;
      return bases === undefined
        ? [[name, result, seconds]]
        : [[name, result, seconds, bases.map((one) => [one.version, one.result])]];
    }),
  );
}

/** @param text as {@linkcode packStages} made it */
export function unpackStages(text: string): StageFact[] {
  const packed = JSON.parse(text) as Packed[];
  return packed.map(([name, outcome, seconds, bases]) => ({
    name,
    outcome,
    seconds,
    ...(bases && { bases: bases.map(([version, outcome]) => ({ version, outcome })) }),
  }));
}

/** Whether it is known what the services of a finished run used. */
export function isMeasured({ result }: Progress): boolean {
  return result !== null && result.stages.some((stage) => stage.resources.length > 0);
}
