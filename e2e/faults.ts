import type { Role } from "../harness/run/fault_mark.ts";

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
  const random = randomFrom(options.seed);
  const drawn = boundaries.map((boundary) => ({ boundary, order: random() }))
    .toSorted((a, b) => a.order - b.order).slice(0, options.count);
  let turn = 0;
  return drawn.map(({ boundary }) => {
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

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
