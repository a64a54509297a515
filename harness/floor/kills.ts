import * as z from "zod";
import { followLines } from "../swarm/stream_lines.ts";
import { STACK_LABEL, type Swarm } from "../swarm/swarm.ts";

/** A process of an app that the kernel ended because its container had no memory left. */
export interface MemoryKill {
  service: string;
  /** Bytes that the compose file itself allows the container; null: it says nothing. */
  allowed: number | null;
}

const event = z.object({
  Actor: z.object({ ID: z.string(), Attributes: z.record(z.string(), z.string()).default({}) }),
});
const inspected = z.object({ HostConfig: z.object({ Memory: z.number().default(0) }) });

/** Listens for such ends until `signal` aborts. Trouble is an early end. */
export async function followKills(
  swarm: Swarm,
  stack: string,
  options: { signal: AbortSignal; take: (kill: MemoryKill) => void },
): Promise<void> {
  const filters = { type: ["container"], event: ["oom"], label: [`${STACK_LABEL}=${stack}`] };
  await followLines(() => swarm.docker.getEvents({ filters: JSON.stringify(filters) }), {
    signal: options.signal,
    async take(line) {
      const kill = await killOf(swarm, { stack, line });
      if (kill !== null) options.take(kill);
    },
  });
}

async function killOf(
  swarm: Swarm,
  { stack, line }: { stack: string; line: string },
): Promise<MemoryKill | null> {
  const { ID: id, Attributes: attributes } = event.parse(JSON.parse(line)).Actor;
  const name = attributes["com.docker.swarm.service.name"] ?? "";
  const container = await swarm.ask(
    "look at a container",
    () => swarm.docker.getContainer(id).inspect(),
    inspected,
  )
    .catch(() => null); // gone already, and whose limit it met cannot be told
  if (container === null) return null;
  const allowed = container.HostConfig.Memory;
  return {
    service: name.startsWith(`${stack}_`) ? name.slice(stack.length + 1) : name,
    allowed: allowed > 0 ? allowed : null,
  };
}
