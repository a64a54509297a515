import * as z from "zod";
import type { Swarm } from "./swarm.ts";

/** What the Engine says of a container, about once a second. */
const frame = z.object({
  memory_stats: z.object({
    usage: z.number(),
    stats: z.object({
      /** Control groups version 2. */
      inactive_file: z.number().optional(),
      /** Version 1, where the field above leaves out what is below. */
      total_inactive_file: z.number().optional(),
    }).prefault({}),
  }),
  cpu_stats: z.object({ cpu_usage: z.object({ total_usage: z.number() }) }),
});

export interface ContainerStats {
  memoryBytes: number;
  cpuSeconds: number;
}

/** Reads one frame; null for that of a container which does not run (yet). */
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
  return {
    memoryBytes: Math.max(0, usage - cache),
    cpuSeconds: parsed.data.cpu_stats.cpu_usage.total_usage / 1e9,
  };
}

/** Listens to the Engine's statistics of a container until it ends or `signal` aborts. Trouble is an early end. */
export async function followStats(
  swarm: Swarm,
  container: string,
  options: { signal: AbortSignal; take: (stats: ContainerStats) => void },
): Promise<void> {
  const { signal, take } = options;
  try {
    const stream = await swarm.docker.getContainer(container).stats({ stream: true });
    const close = () => void (stream as unknown as { destroy(): void }).destroy();
    if (signal.aborted) close();
    signal.addEventListener("abort", close, { once: true });
    let rest = "";
    for await (const chunk of stream) {
      const lines = (rest + String(chunk)).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const stats = parseStats(line);
        if (stats !== null) take(stats);
      }
    }
  } catch { /* the container has gone, or nobody listens any more */ }
}
