import { headline } from "../views/headline.ts";
import type { RunDetail } from "../model/run.ts";
import type { Deps } from "../views/deps.ts";
import { shapeOf, StageHead } from "./stages.tsx";
import { Verdict } from "./verdict.tsx";

/** Parts of a run's page that change while it goes on; each replaces the element of its id. */
export interface RunFragments {
  /** When this differs from the page's own, the page has to be loaded anew. */
  shape: string;
  fragments: { id: string; html: string }[];
}

export function runFragments(
  run: RunDetail,
  options: { deps: Pick<Deps, "store" | "enrolments">; now: number },
): RunFragments {
  const { now } = options;
  return {
    shape: shapeOf(run),
    fragments: [
      { id: "verdict", html: String(<Verdict run={run} headline={headline(run, options)} now={now} />) },
      ...run.progress.stages.map((stage) => ({
        id: `stage-${stage.name}`,
        html: String(<StageHead run={run} stage={stage} now={now} />),
      })),
    ],
  };
}
