import type { ResourceUse } from "../../protocol/result.ts";

/** One container at one moment. */
export interface ContainerSample {
  id: string;
  service: string;
  /** Without file cache that the kernel could drop at once, as `docker stats` counts it. */
  memoryBytes: number;
  /** Without any file cache. */
  heldBytes: number;
  /** CPU time since the container started. */
  cpuSeconds: number;
}

/** Sums up samples of containers to what their services used. */
export class ServiceUse {
  /** The last sample of each container that lives. */
  #living = new Map<string, ContainerSample>();
  #peaks = new Map<string, number>();
  /** CPU time of each container when it was first and when it was last seen. */
  #times = new Map<string, { service: string; from: number; to: number }>();

  /**
   * @param past.worked whether the container may have run before the first look. What it used until its first sample
   * then does not count
   */
  add(sample: ContainerSample, past: { worked: boolean }): void {
    const { id, service, cpuSeconds } = sample;
    this.#living.set(id, sample);
    const time = this.#times.get(id) ?? { service, from: past.worked ? cpuSeconds : 0, to: cpuSeconds };
    this.#times.set(id, { ...time, to: Math.max(time.to, cpuSeconds) });
    const memory = [...this.#living.values()].filter((one) => one.service === service)
      .reduce((sum, one) => sum + one.memoryBytes, 0);
    this.#peaks.set(service, Math.max(memory, this.#peaks.get(service) ?? 0));
  }

  /** Bytes of memory that all containers which live hold, by the last that was heard of each. */
  heldNow(): number {
    return [...this.#living.values()].reduce((sum, one) => sum + one.heldBytes, 0);
  }

  /** Services with more than one container that lives: an update may start the new one beside the old one. */
  severalNow(): string[] {
    const services = [...this.#living.values()].map((one) => one.service);
    return [...new Set(services.filter((service, at) => services.indexOf(service) !== at))];
  }

  /** Has to be called when the container has ended. */
  end(id: string): void {
    this.#living.delete(id);
  }

  /** @param disk bytes by service, where known */
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
