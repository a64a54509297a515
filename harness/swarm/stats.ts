import { followLines } from "./stream_lines.ts";
import * as z from "zod";
import type { Swarm } from "./swarm.ts";

/** What the Engine says of a container about once a second. */
const frame = z.object({
  memory_stats: z.object({
    usage: z.number(),
    stats: z.object({
      /** With control groups of version 2. */
      inactive_file: z.number().optional(),
      active_file: z.number().optional(),
      /** With version 1, whose `inactive_file` leaves out the groups below this one. */
      total_inactive_file: z.number().optional(),
      total_active_file: z.number().optional(),
    }).prefault({}),
  }),
  cpu_stats: z.object({ cpu_usage: z.object({ total_usage: z.number() }) }),
});

/** What a container uses: memory without file cache that could be dropped, and CPU time since its start. */
export interface ContainerStats {
  memoryBytes: number;
  /** What the kernel could not take back: without any of the files that it keeps in memory while there is room. */
  heldBytes: number;
  cpuSeconds: number;
}

/** Reads one frame. @returns null for a frame of a container that does not run (yet) */
export function parseStats(line: string): ContainerStats | null {
  let raw: unknown;
  try {
    raw = JSON.parse(line);
  } catch {
    return null;
  }
  const parsed = frame.safeParse(raw);
  if (!parsed.success) return null;
  const { usage, stats } = parsed.data.memory_stats;
  const cache = stats.total_inactive_file ?? stats.inactive_file ?? 0;
  const files = cache + (stats.total_active_file ?? stats.active_file ?? 0);
  return {
    memoryBytes: Math.max(0, usage - cache),
    heldBytes: Math.max(0, usage - files),
    cpuSeconds: parsed.data.cpu_stats.cpu_usage.total_usage / 1e9,
  };
}

/**
 * Passes on the Engine's statistics of a container until it ends or `signal` aborts. Trouble ends it early and is not
 * reported.
 */
export async function followStats(
  swarm: Swarm,
  container: string,
  options: { signal: AbortSignal; take: (stats: ContainerStats) => void },
): Promise<void> {
  await followLines(() => swarm.docker.getContainer(container).stats({ stream: true }), {
    signal: options.signal,
    take(line) {
      const stats = parseStats(line);
      if (stats !== null) options.take(stats);
    },
  });
}
