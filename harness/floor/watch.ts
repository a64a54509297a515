import { formatBytes } from "../../common/bytes.ts";
import { type Clock, systemClock } from "../../common/time.ts";
import { freeBytes } from "../run/disk.ts";
import { InfraFailure, StageFailure } from "../run/stage.ts";
import type { Swarm } from "../swarm/swarm.ts";
import type { MemoryKill } from "./kills.ts";
import type { AppLimits } from "./limits.ts";
import { writtenBytes } from "./written.ts";

const LOOK_MS = 500;
/** The disk is added up at least this often, and when it has lost a part of what the app may write. */
const ADD_UP_MS = 10_000;
const PART = 0.1;
/** Part of the memory that an app may use below which it was not near that limit; samples come once a second. */
const NEAR = 0.5;
/** Containers of one app that run at one time; confinement counts what is asked for, this what there is. */
const CONTAINERS = 80;
/** How long work that was told to stop may take to do so. */
const STOP_MS = 10_000;

/** How the watch learns of what an app uses. */
export interface Gauges {
  /** Bytes still free on Docker's disk, or null where that cannot be seen: a glance. */
  free: () => Promise<number | null>;
  /** Bytes that the app takes up there: work. */
  written: () => Promise<number | null>;
  /** Ends all that runs of the app. */
  stop: () => Promise<void>;
  /** Bytes of memory that this machine could still give anybody: a glance. */
  available: () => number;
}

/**
 * Sees to it that an app as a whole uses no more than it may. What each container may use the kernel watches; sums,
 * and the disk, nobody but we. An app that uses more is ended at once.
 */
export class AppWatch {
  #limits: AppLimits;
  #gauges: Gauges;
  #clock: Clock;
  #end = new AbortController();
  #excess = Promise.withResolvers<never>();
  /** The most memory that the app was seen to use. */
  #most = 0;
  /** What the machine could still give at the last two looks: the kernel's kill has freed some since. */
  #available: number[] = [];

  constructor(limits: AppLimits, gauges: Gauges, { clock = systemClock }: { clock?: Clock } = {}) {
    this.#limits = limits;
    this.#gauges = gauges;
    this.#clock = clock;
    this.#excess.promise.catch(() => {}); // there may be nobody who waits for it
  }

  /** Whether the app was ended. */
  get ended(): boolean {
    return this.#end.signal.aborted;
  }

  /**
   * Memory of all containers together, as it is now.
   * @param several services that have more than one container now, as in an update with `order: start-first`
   */
  sawMemory(bytes: number, several: readonly string[] = []): void {
    const { memoryBytes } = this.#limits;
    this.#most = Math.max(this.#most, bytes);
    if (bytes <= memoryBytes) return;
    const beside = several.length === 0
      ? ""
      : `, with more than one container of service "${several.join('", "')}" at a time`;
    this.#exceed(`Used more than ${formatBytes(memoryBytes)} of memory${beside}`);
  }

  /**
   * The kernel ended a process for want of memory: that of its container, or of the machine, which looks the same.
   * @returns false where the compose file allows less than the floor, so that this was the cause
   */
  sawKill({ service, allowed }: MemoryKill): boolean {
    const { memoryBytes } = this.#limits;
    if (allowed !== null && allowed < memoryBytes) return false;
    // Where the machine could not have given the app what it may use, the app cannot have used it up.
    if (this.#most < NEAR * memoryBytes && Math.min(...this.#available) < NEAR * memoryBytes) {
      const cause =
        `No memory was left on this machine when the kernel ended a process of service "${service}"`;
      this.#endWith(new InfraFailure(cause));
      return true;
    }
    this.#exceed(`Used more than ${formatBytes(memoryBytes)} of memory, in service "${service}"`);
    return true;
  }

  /** Number of containers that run. */
  sawContainers(count: number): void {
    if (count > CONTAINERS) this.#exceed(`Used more than ${CONTAINERS} containers`);
  }

  /**
   * Does the work and watches meanwhile.
   * @param work gets a signal to stop by
   * @throws {StageFailure} `floor.exceeded` when the app used more than it may; otherwise what the work throws
   */
  async during(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const over = new AbortController();
    void this.#watch(over.signal);
    try {
      const working = work(this.#end.signal);
      working.catch(() => {});
      try {
        await Promise.race([working, this.#excess.promise]);
      } finally {
        if (this.#end.signal.aborted) {
          const patience = this.#clock.sleep(STOP_MS, over.signal).catch(() => {});
          await Promise.race([working.catch(() => {}), patience]);
        }
      }
      this.#end.signal.throwIfAborted();
    } catch (error) {
      throw this.#end.signal.aborted ? this.#end.signal.reason : error;
    } finally {
      over.abort();
    }
  }

  #exceed(what: string): void {
    this.#endWith(new StageFailure(what, { code: "floor.exceeded" }));
  }

  #endWith(failure: StageFailure | InfraFailure): void {
    if (this.#end.signal.aborted) return;
    this.#end.abort(failure);
    this.#gauges.stop().catch(() => {}).then(() => this.#excess.reject(failure));
  }

  #lookAtMachine(): void {
    this.#available = [...this.#available.slice(-1), this.#gauges.available()];
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const { diskBytes } = this.#limits;
    this.#lookAtMachine();
    const first = await this.#gauges.free();
    let free = first;
    let at = this.#clock.elapsed();
    try {
      while (true) {
        await this.#clock.sleep(LOOK_MS, signal);
        this.#lookAtMachine();
        const now = await this.#gauges.free();
        const lost = free === null || now === null ? 0 : free - now;
        if (lost < PART * diskBytes && this.#clock.elapsed() - at < ADD_UP_MS) continue;
        // What cannot be added up is what the disk has lost since the work began.
        const written = await this.#gauges.written().catch(() => null) ??
          (first === null || now === null ? 0 : first - now);
        if (written > diskBytes) {
          return this.#exceed(`Used more than ${formatBytes(diskBytes)} of disk`);
        }
        [free, at] = [now, this.#clock.elapsed()];
      }
    } catch { /* the work is over */ }
  }
}

/** The gauges of a real app. */
export async function gaugesOf(swarm: Swarm, stack: string): Promise<Gauges> {
  const { DockerRootDir: root } = await swarm.info();
  return {
    free: () => freeBytes(root),
    written: () => writtenBytes(swarm, { stack, root }),
    stop: () => swarm.stop(stack),
    available: () => Deno.systemMemoryInfo().available,
  };
}
