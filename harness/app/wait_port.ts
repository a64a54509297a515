import { connect } from "node:net";
import { describeError } from "../../common/errors.ts";
import { connected } from "../../common/connected.ts";
import { type Clock, formatSeconds, pollUntil } from "../../common/time.ts";
import { InfraFailure, StageFailure } from "../run/stage.ts";
import { addressOf } from "../swarm/reach.ts";
import { serviceNames } from "../swarm/service_names.ts";
import { DockerError, type Swarm } from "../swarm/swarm.ts";
import { StackWatch } from "./stack_watch.ts";

const POLL_MS = 200;
const CONNECT_MS = 5_000;
const TAIL_LINES = 50;

export interface PortOptions {
  swarm: Swarm;
  stack: string;
  /** When the deploy was called, milliseconds since the epoch. */
  since: number;
  service: string;
  port: number;
  /** Connections in a row that it must take, `apartMs` apart. */
  times: number;
  apartMs: number;
  timeoutMs: number;
  log: (line: string) => void;
  signal: AbortSignal;
  clock: Clock;
}

/**
 * Waits until a service of the app takes connections at a port of its container, and its stack stands.
 * @throws {StageFailure} `ready.tcp` with the last log lines of the service; `ready.service` where the app has none of
 * that name, which is the enrolment's mistake
 */
export async function waitPort(options: PortOptions): Promise<void> {
  const { swarm, stack, service, port, times, apartMs, timeoutMs, log, signal, clock } = options;
  await requireService(options);
  const what = `Port ${port} of service "${service}"`;
  const started = clock.elapsed();
  const watch = new StackWatch(options, clock);
  log(`Waiting for port ${port} of service "${service}" to take connections`);
  let good = 0;
  await pollUntil(async () => {
    const refused = await refusal(options);
    good = refused === null ? good + 1 : 0;
    if (refused !== null) {
      await watch.mayBeReady();
      return { missing: refused };
    }
    if (good < times) return { missing: `taken ${good} of ${times} times in a row` };
    const decision = await watch.look();
    if (decision.state === "waiting") return { missing: `Docker shows ${decision.text}` };
    log(`${what} takes connections after ${formatSeconds(clock.elapsed() - started)}`);
    return { done: undefined };
  }, {
    everyMs: times > 1 ? apartMs : POLL_MS,
    clock,
    signal,
    onChange: (text) => log(`${what}: ${text}`),
    limit: {
      ms: timeoutMs,
      error: async (text) =>
        new StageFailure(`${what} takes no connections, which ready in recipe.yml asks for: ${text}`, {
          code: "ready.tcp",
          detail: `Tried for ${formatSeconds(timeoutMs)}`,
          tail: await swarm.containerOf(stack, service).then(
            ({ Id }) => swarm.logs(Id, TAIL_LINES),
            () => [],
          ),
        }),
    },
  });
}

async function requireService({ swarm, stack, service }: PortOptions): Promise<void> {
  const names = await serviceNames(swarm, stack);
  if (names.includes(service)) return;
  throw new StageFailure(`recipe.yml: ready names service "${service}", and the app has none of that name`, {
    code: "ready.service",
    fault: "enrolment",
    detail: `The app's services: ${names.join(", ")}`,
  });
}

/** Why the port takes no connection now; null: it does. */
async function refusal({ swarm, stack, service, port, signal }: PortOptions): Promise<string | null> {
  try {
    const host = await addressOf(swarm, { stack, service });
    const late = AbortSignal.any([signal, AbortSignal.timeout(CONNECT_MS)]);
    (await connected(connect({ host, port }), { signal: late })).destroy();
    return null;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof DockerError) {
      if (error.code === "docker.away") throw new InfraFailure(error.message, { cause: error });
      return error.message;
    }
    return error instanceof DOMException && error.name === "TimeoutError"
      ? "no answer"
      : describeError(error);
  }
}
