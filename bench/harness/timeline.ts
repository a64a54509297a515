import type { RunEvent } from "../../protocol/events.ts";
import type { HarnessLap } from "./figures.ts";

/**
 * Seconds of each stage, of what comes before the first and after the last one, and of what lies between them in one
 * lane (the first app is removed before the second one is made).
 */
export function timeline(
  events: readonly RunEvent[],
  lap: { began: number; ended: number },
): Pick<HarnessLap, "steps" | "total" | "afterLast"> {
  const at = (event: RunEvent | undefined) => event === undefined ? NaN : Date.parse(event.t);
  const started = events.filter((event) => event.type === "stage.started");
  const finished = events.filter((event) => event.type === "stage.finished");
  const steps: Record<string, number> = { start: (at(started[0]) - lap.began) / 1000 };
  for (const event of finished) steps[event.report.name] = event.report.seconds;
  const teardown = finished.find((event) => event.report.name === "teardown");
  const last = finished.findLast((event) => event !== teardown);
  const total = (lap.ended - lap.began) / 1000;
  const end = (lap.ended - at(teardown)) / 1000;
  const known = Object.values(steps).reduce((sum, seconds) => sum + seconds, 0) + end;
  return {
    steps: { ...steps, between: Math.max(0, total - known), end },
    total,
    afterLast: (at(teardown) - at(last)) / 1000,
  };
}
