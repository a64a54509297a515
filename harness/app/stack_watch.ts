import type { Clock } from "../../common/time.ts";
import { decide, type Decision } from "../swarm/converge.ts";
import { takeSnapshot } from "../swarm/snapshot.ts";
import type { Swarm } from "../swarm/swarm.ts";
import { stackFailure } from "../swarm/wait_converged.ts";

const STACK_LOOK_MS = 1_000;

/** A stack, and when its deploy was called, in milliseconds since the epoch. */
export interface WatchedStack {
  swarm: Swarm;
  stack: string;
  since: number;
}

/** Looks from time to time whether the stack still stands. */
export class StackWatch {
  readonly #watched: WatchedStack;
  readonly #clock: Clock;
  #lookedAt: number;

  constructor(watched: WatchedStack, clock: Clock) {
    this.#watched = watched;
    this.#clock = clock;
    this.#lookedAt = clock.elapsed();
  }

  /** @returns false when Docker has just shown that the app is not ready @throws {StageFailure} when it has crashed */
  async mayBeReady(): Promise<boolean> {
    if (this.#clock.elapsed() - this.#lookedAt <= STACK_LOOK_MS) return true;
    return (await this.look()).state === "converged";
  }

  /** What Docker shows now. @throws {StageFailure} when the app has crashed */
  async look(): Promise<Exclude<Decision, { state: "failed" }>> {
    this.#lookedAt = this.#clock.elapsed();
    const { swarm, stack, since } = this.#watched;
    const decision = decide(await takeSnapshot(swarm, stack), since);
    if (decision.state === "failed") throw await stackFailure(swarm, decision.failure);
    return decision;
  }
}
