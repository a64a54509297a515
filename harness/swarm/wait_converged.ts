import { describeError } from "../../common/errors.ts";
import { type Clock, formatSeconds, pollUntil, systemClock } from "../../common/time.ts";
import { explainEnd } from "./container_end.ts";
import { decide, onlyCurrent } from "./converge.ts";
import { type Failure, isUnhealthyEnd, type Snapshot } from "./stack_state.ts";
import { takeSnapshot } from "./snapshot.ts";
import { InfraFailure, StageFailure } from "../run/stage.ts";
import { DockerError, type Swarm } from "./swarm.ts";

const POLL_MS = 200;
/** Milliseconds; an engine that restarts is back well before they are over. */
const DOCKER_AWAY_MS = 30_000;
/** Lines that are read of a log; what is alike among them is shown once. */
const TAIL_LINES = 200;

export interface ConvergeOptions {
  stack: string;
  /** When the deploy was called, milliseconds since the epoch. */
  since: number;
  /** Milliseconds that the app gets. */
  timeoutMs: number;
  log: (line: string) => void;
  signal: AbortSignal;
  clock?: Clock;
}

/** A stack that is as its specification says. */
export interface Converged {
  /** The snapshot that showed it. */
  snapshot: Snapshot;
  /** What is wrong although the stack runs, one sentence each. */
  blemishes: readonly string[];
  /** Since when Swarm has wanted no task of an older specification, by the clock's `elapsed()`. */
  currentSince: number;
}

/**
 * Waits until the stack is as its specification says.
 * @throws {StageFailure} with the last log lines of the task that is to blame
 * @throws {InfraFailure} when Docker does not answer
 */
export async function waitConverged(swarm: Swarm, options: ConvergeOptions): Promise<Converged> {
  const { stack, since, timeoutMs, log, signal, clock = systemClock } = options;
  let lastAnswer = clock.elapsed();
  let currentSince: number | null = null;
  /** What the last look at the stack showed; null before Docker has answered. */
  let waiting: { snapshot: Snapshot; stuck: string[] } | null = null;
  let missing = "Docker to answer";
  return await pollUntil<Converged>(async () => {
    const snapshot = await look(swarm, stack);
    if (snapshot instanceof DockerError) {
      if (clock.elapsed() - lastAnswer > DOCKER_AWAY_MS) {
        throw new InfraFailure("Docker stopped answering", {
          cause: snapshot,
          detail: describeError(snapshot),
        });
      }
      return { missing };
    }
    lastAnswer = clock.elapsed();
    const decision = decide(snapshot, since);
    currentSince = onlyCurrent(snapshot) ? currentSince ?? clock.elapsed() : null;
    if (decision.state === "converged") {
      const { blemishes } = decision;
      return { done: { snapshot, blemishes, currentSince: currentSince ?? clock.elapsed() } };
    }
    if (decision.state === "failed") throw await stackFailure(swarm, decision.failure);
    waiting = { snapshot, stuck: decision.stuck };
    missing = decision.text;
    return { missing };
  }, {
    everyMs: POLL_MS,
    clock,
    signal,
    onChange: (text) => log(`Waiting for ${text}`),
    limit: {
      ms: timeoutMs,
      error: (text) =>
        waiting === null
          ? new InfraFailure("Docker does not answer")
          : slowFailure(swarm, { ...waiting, text, ms: timeoutMs }),
    },
  });
}

async function look(swarm: Swarm, stack: string): Promise<Snapshot | DockerError> {
  try {
    return await takeSnapshot(swarm, stack);
  } catch (error) {
    if (error instanceof DockerError) return error;
    throw error;
  }
}

/**
 * Makes the failure of a stack into that of a stage, with the last log lines of the container to blame. What this
 * machine lacks is nobody's failure.
 */
export async function stackFailure(swarm: Swarm, failure: Failure): Promise<StageFailure | InfraFailure> {
  if (failure.host === true) return new InfraFailure(failure.message);
  const { kind, task } = failure;
  const health = kind === "unhealthy" || (task !== null && isUnhealthyEnd(task));
  return new StageFailure(failure.message, {
    code: `converge.${kind}`,
    ...await lastOf(swarm, { container: task?.container ?? null, health }),
  });
}

/** The failure of a stage whose app neither converged nor failed in its time. */
async function slowFailure(
  swarm: Swarm,
  seen: { snapshot: Snapshot; stuck: string[]; text: string; ms: number },
): Promise<StageFailure> {
  const service = seen.snapshot.services.find((one) => one.name === seen.stuck[0]);
  const task = service?.tasks.filter((one) => one.current && one.container !== null)
    .toSorted((a, b) => b.createdAt - a.createdAt)[0];
  return new StageFailure(`The app did not become healthy within ${formatSeconds(seen.ms)}: ${seen.text}`, {
    code: "converge.slow",
    ...await lastOf(swarm, { container: task?.container ?? null, health: task?.health !== "none" }),
  });
}

/** The last lines of a container, and what else is known of its end. */
async function lastOf(
  swarm: Swarm,
  { container, health }: { container: string | null; health: boolean },
): Promise<{ tail: string[]; detail?: string }> {
  if (container === null) return { tail: [] };
  const tail = await swarm.logs(container, TAIL_LINES);
  const known = await explainEnd(swarm, { container, tail, health });
  return known.length === 0 ? { tail } : { tail, detail: known.join("\n") };
}
