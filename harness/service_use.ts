import type { ResourceUse } from "../protocol/result.ts";
import type { Usage } from "./cgroup.ts";

/** One container at one moment. */
export interface ContainerSample extends Usage {
  id: string;
  service: string;
}

/** Adds samples of containers up to what their services used. */
export class ServiceUse {
  #peaks = new Map<string, number>();
  /** CPU time of each container when it was first and when it was last seen. */
  #times = new Map<string, { service: string; from: number; to: number }>();
  #first = true;

  /** Takes all containers as they are at one moment. What the first moment finds has worked for an earlier stage. */
  add(samples: readonly ContainerSample[]): void {
    const memory = new Map<string, number>();
    for (const { id, service, memoryBytes, cpuSeconds } of samples) {
      memory.set(service, (memory.get(service) ?? 0) + memoryBytes);
      const known = this.#times.get(id);
      if (known === undefined) {
        this.#times.set(id, { service, from: this.#first ? cpuSeconds : 0, to: cpuSeconds });
      } else known.to = Math.max(known.to, cpuSeconds);
    }
    for (const [service, bytes] of memory) {
      this.#peaks.set(service, Math.max(bytes, this.#peaks.get(service) ?? 0));
    }
    this.#first = false;
  }

  /** @param disk bytes by service, where they are known */
  report(disk: ReadonlyMap<string, number | null>): ResourceUse[] {
    return [...this.#peaks].map(([service, peakMemoryBytes]) => {
      const times = [...this.#times.values()].filter((one) => one.service === service);
      const cpuSeconds = times.reduce((sum, { from, to }) => sum + to - from, 0);
      return {
        service,
        peakMemoryBytes,
        cpuSeconds: Math.round(cpuSeconds * 1000) / 1000,
        diskBytes: disk.get(service) ?? null,
      };
    }).sort((a, b) => b.peakMemoryBytes - a.peakMemoryBytes);
  }
}
