import type { StageName, StageReport } from "../../protocol/result.ts";
import type { Lane } from "../run/names.ts";

/**
 * What a run has made of an app that it left up, in a few words: of two, one was restored and the other upgraded.
 * @param of.base published version that the app was to be upgraded from; null: no upgrade of it was tried
 */
export function describeKept(
  of: { lane: Lane; base: string | null; stages: readonly StageReport[] },
): string {
  const { lane, base, stages } = of;
  const from = base === null ? "" : ` from ${base}`;
  const made = (stage: StageName, words: string) => {
    const result = stages.find(({ name }) => name === stage)?.result;
    if (result === "passed") return [words];
    return result === "failed" ? [`${stage}${lane === "upgrade" ? from : ""} failed`] : [];
  };
  const all = lane === "upgrade"
    ? made("upgrade", `upgraded${from}`)
    : [...made("install", "installed"), ...made("restore", "restored")];
  return all.join(", ") || `for ${lane}`;
}
