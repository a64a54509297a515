import type { Role } from "../harness/run/fault_mark.ts";
import { draw } from "./draw.ts";

/** A point that a run got to, as its `boundaries.txt` says. */
export interface Boundary {
  /** The process that got there. */
  by: "keeper" | "worker";
  name: string;
  /** When, milliseconds since the epoch. */
  at: number;
}

/** A process to kill, and where. */
export interface Fault {
  victim: Role;
  boundary: Boundary;
}

/** How a run may end whose process was killed. */
export type Ending = "cancelled" | "infra" | "passed";

export function parseBoundaries(text: string): Boundary[] {
  return text.split("\n").flatMap((line) => {
    const [by, name, at] = line.split("\t");
    if ((by !== "keeper" && by !== "worker") || name === undefined || at === undefined) return [];
    return [{ by, name, at: Date.parse(at) }];
  });
}

/**
 * One kill for each boundary, or for as many as asked for, drawn by the seed; the victims take turns. The worker can
 * only be killed where it runs.
 */
export function chooseFaults(
  boundaries: readonly Boundary[],
  options: { seed: number; count: number },
): Fault[] {
  let turn = 0;
  return draw(boundaries, options).map((boundary) => {
    const victims: Role[] = boundary.by === "worker" ? ["worker", "keeper", "front"] : ["keeper", "front"];
    return { boundary, victim: victims[turn++ % victims.length] ?? "keeper" };
  });
}

/** Results that a run may have whose process died there. */
export function endings({ victim, boundary }: Fault): Ending[] {
  if (victim === "worker") return ["infra"];
  if (victim === "keeper") return boundary.name === "keeper: has written the result" ? ["passed"] : ["infra"];
  const torndown = boundary.by === "keeper" &&
    !/^keeper: (has planned|has the slot|starts|has looked)/.test(boundary.name);
  // Shortly before the worker's end, the run may have passed before the keeper learns of the front's death.
  return torndown ? ["passed"] : ["cancelled", "passed"];
}
