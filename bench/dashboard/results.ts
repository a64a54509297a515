import { commitId, type Subject } from "../../protocol/params.ts";
import { type RunResult, stageNames, type StageReport } from "../../protocol/result.ts";

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
  const stages: StageReport[] = stageNames.map((name) => ({
    name,
    result: bad && name === "upgrade" ? "failed" : "passed",
    seconds: 2 + (number + name.length) % 20,
    ...(cause !== null && name === "upgrade" ? { cause } : {}),
    proofs: ["answers at /healthz", "page opened"],
    notes: [],
    screenshots: [`${name}.png`],
    tail: bad && name === "upgrade"
      ? Array.from({ length: 10 }, (_, at) => `db: could not read page ${at}`)
      : [],
    findings: [],
    resources: KINDS.map((service, at) => ({
      service,
      peakMemoryBytes: (20 + (number + at * 7) % 60) * 1e6,
      cpuSeconds: 1 + number % 5,
      diskBytes: 4e6 + at * 1e6,
    })),
    blemishes: number % 3 === 0 && name === "install" ? ["Console: a picture was not found"] : [],
  }));
  return {
    schema: 1,
    run,
    recipe,
    subject,
    commit: commitId.parse(number.toString(16).padStart(40, "0")),
    dirty: false,
    base: `1.${Math.floor(number / 10) % 20}.0+2.0`,
    result: bad ? "failed" : "passed",
    stage: bad ? "upgrade" : null,
    cause,
    level: bad ? 1 : number % 3 === 0 ? 4 : 5,
    stages,
    startedAt: new Date(startedAt).toISOString(),
    finishedAt: new Date(startedAt + 90_000).toISOString(),
    seconds: 90,
    imposedSeconds: 40,
    versions: { suite: "0.1.0", abra: "0.11.0", docker: "29.2.1", browser: "Chromium 156" },
    abraStandIn: false,
    notes: [],
    images: KINDS.map((service) => ({ service, image: `example/${service}:1`, bytes: 200e6 })),
    visual: null,
    leftovers: [],
  };
}
