import type { PublishedVersion } from "../recipe/versions.ts";
import type { RunContext } from "./context.ts";

/** What of a run is about the published version from which it upgrades. */
export type Based = Pick<
  RunContext,
  "base" | "baseObstacle" | "compose" | "checked" | "overrides" | "further" | "pictures"
>;

/**
 * The run as the upgrade from one more version sees it: what is about that version is its own, and all else, whenever
 * it changes, is the run's.
 */
export function fromBase<Run extends Based>(run: Run, base: PublishedVersion): Run {
  const own: Based = {
    base,
    baseObstacle: null,
    compose: {
      get head() {
        return run.compose.head;
      },
      base: null,
    },
    checked: {
      get install() {
        return run.checked.install;
      },
      base: null,
      upgrade: null,
    },
    overrides: {
      get install() {
        return run.overrides.install;
      },
      base: null,
      upgrade: null,
    },
    further: [],
    pictures: `-from-${base.version.replaceAll(/[^\w.-]/g, "-")}`,
  };
  return Object.assign(Object.create(run), own);
}

/** The run by each of its upgrades: it is itself the first. */
export function upgradesOf<Run extends Pick<RunContext, "further">>(run: Run): (Run | RunContext)[] {
  return [run, ...run.further];
}
