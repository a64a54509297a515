import { commitId, type Subject } from "../../protocol/params.ts";
import { type RunResult, stageNames, type StageReport } from "../../protocol/result.ts";
import { sampleResult, sampleStage } from "../../protocol/testing/sample_result.ts";

/** What differs between the results of made-up runs. */
export interface Made {
  run: string;
  recipe: string;
  subject: Subject;
  /** Decides about times, verdict and versions. */
  number: number;
  /** Milliseconds since the epoch. */
  startedAt: number;
}

const KINDS = ["app", "db"];

/** A result as a recipe of two services gets it: every seventh fails in its upgrade. */
export function madeResult({ run, recipe, subject, number, startedAt }: Made): RunResult {
  const bad = number % 7 === 0;
  const cause = bad ? "data written before the upgrade is gone" : null;
  const lost: Partial<StageReport> = cause === null ? {} : {
    result: "failed",
    cause,
    tail: Array.from({ length: 10 }, (_, at) => `db: could not read page ${at}`),
  };
  const stages = stageNames.map((name) =>
    sampleStage({
      name,
      seconds: 2 + (number + name.length) % 20,
      proofs: ["answers at /healthz", "page opened"],
      screenshots: [`${name}.png`],
      ...name === "upgrade" ? lost : {},
      resources: KINDS.map((service, at) => ({
        service,
        peakMemoryBytes: (20 + (number + at * 7) % 60) * 1e6,
        cpuSeconds: 1 + number % 5,
        diskBytes: 4e6 + at * 1e6,
      })),
      blemishes: number % 3 === 0 && name === "install" ? ["Console: a picture was not found"] : [],
    })
  );
  return sampleResult({
    run,
    recipe,
    subject,
    commit: commitId.parse(number.toString(16).padStart(40, "0")),
    base: `1.${Math.floor(number / 10) % 20}.0+2.0`,
    result: bad ? "failed" : "passed",
    stage: bad ? "upgrade" : null,
    cause,
    level: bad ? 1 : number % 3 === 0 ? 4 : 5,
    stages,
    startedAt: new Date(startedAt).toISOString(),
    finishedAt: new Date(startedAt + 90_000).toISOString(),
    seconds: 90,
    images: KINDS.map((service) => ({ service, image: `example/${service}:1`, bytes: 200e6 })),
  });
}
