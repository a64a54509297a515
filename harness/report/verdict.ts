import type { RunResult, StageReport } from "../../protocol/result.ts";
import { CcciError } from "../../common/errors.ts";

/** `3fa9c1b+U of miniflux failed in upgrade: …` without markup. */
export function headline(result: RunResult): string {
  throw new CcciError("todo", result.run);
}

/** What a stage's line says beside its name: cause, reason or proofs. */
export function stageText(report: StageReport): string {
  throw new CcciError("todo", report.name);
}
