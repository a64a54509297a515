import { describeError } from "../../common/errors.ts";
import { ingressFetch, ingressOf } from "../../common/ingress.ts";
import { type Clock, formatSeconds, pollUntil, systemClock } from "../../common/time.ts";
import { decide } from "../swarm/converge.ts";
import { stackFailure } from "../swarm/wait_converged.ts";
import { findRouteFault, isProxyAnswer } from "./route_fault.ts";
import type { Settings } from "../run/settings.ts";
import { takeSnapshot } from "../swarm/snapshot.ts";
import { InfraFailure, StageFailure } from "../run/stage.ts";
import type { Swarm } from "../swarm/swarm.ts";

const POLL_MS = 200;
const STACK_LOOK_MS = 1_000;
/** Milliseconds for which the proxy may offer another certificate, because it does not know the app's router yet. */
const CERTIFICATE_MS = 15_000;
const TAIL_LINES = 50;
const FAULT_LOOK_MS = 5_000;
/**
 * Milliseconds in which the proxy has looked at Swarm several times. If it has found no way to a healthy app by then,
 * the recipe's labels are the reason.
 */
const NO_WAY_MS = 60_000;
/** The same for an app whose readiness nothing shows, for example because it has no health check. */
const NO_WAY_UNTOLD_MS = 240_000;

export interface AnswerOptions {
  swarm: Swarm;
  stack: string;
  domain: string;
  /** When the deploy was called, milliseconds since the epoch. */
  since: number;
  health: { path: string; status: number };
  /** Number of good answers in a row that it takes. @default 1 */
  times?: number;
  settings: Settings;
  timeoutMs: number;
  log: (line: string) => void;
  signal: AbortSignal;
  clock?: Clock;
}

/**
 * Waits until `https://<domain><path>` answers with the expected status, and looks at the stack meanwhile, so that an
 * app which crashes after it had converged is reported as crashed and not as a missing answer. The wait ends early when
 * the proxy finds no way to a healthy app.
 * @throws {StageFailure} with the last answer and the last log lines of service `app`
 */
export async function waitAnswer(options: AnswerOptions): Promise<void> {
  const { domain, health, timeoutMs, log, signal, times = 1, clock = systemClock } = options;
  const url = `https://${domain}${health.path}`;
  const get = ingressFetch(await ingressOf(options.settings), { timeoutMs: 10_000 });
  const started = clock.elapsed();
  const stack = new StackWatch(options, clock);
  const way = new WayWatch(options, clock);
  const failure = async ({ text, detail }: NoAnswer) =>
    new StageFailure(`${url} does not answer with status ${health.status}: ${text}`, {
      code: "health.answer",
      detail,
      tail: await appLogs(options),
    });
  log(`Waiting for ${url} to answer ${health.status}`);
  await pollUntil(async () => {
    const answer = await askOften(get, { url, signal, wanted: health.status, times });
    const passed = clock.elapsed() - started;
    if (answer.status === health.status) {
      log(`${url} answers ${answer.status} after ${formatSeconds(passed)}`);
      return { done: undefined };
    }
    if (answer.certificate && passed > CERTIFICATE_MS) {
      throw new InfraFailure(`The certificate offered for ${domain} is not valid: ${answer.text}`);
    }
    if (!await stack.mayBeReady()) way.forget();
    const wayless = await way.see(answer);
    if (wayless !== null) throw await failure(wayless);
    return { missing: answer.text };
  }, {
    everyMs: POLL_MS,
    clock,
    signal,
    onChange: (text) => log(`${url}: ${text}`),
    limit: {
      ms: timeoutMs,
      error: (text) =>
        failure({ text, detail: `Asked for ${formatSeconds(timeoutMs)}; Docker shows the app as running` }),
    },
  });
}

/** Why the wait is over without a good answer. */
interface NoAnswer {
  text: string;
  detail: string;
}

interface Asked {
  /** `null`: no answer. */
  status: number | null;
  /** The answer in a few words. */
  text: string;
  /** Whether the certificate was the reason for no answer. */
  certificate: boolean;
  /** Whether the proxy itself gave this answer, because it cannot reach the app. */
  noWay: boolean;
}

/** Asks up to `times` times, and stops at the first answer that is not the wanted one. @returns the last answer */
async function askOften(
  get: typeof fetch,
  { times, wanted, ...page }: { url: string; signal: AbortSignal; wanted: number; times: number },
): Promise<Asked> {
  for (let good = 1;; good++) {
    const answer = await ask(get, page);
    if (answer.status !== wanted || good >= times) return answer;
  }
}

async function ask(get: typeof fetch, { url, signal }: { url: string; signal: AbortSignal }): Promise<Asked> {
  try {
    const response = await get(url, { signal });
    const body = await response.text();
    const noWay = isProxyAnswer(response.status, body);
    const unknown = noWay && response.status === 404;
    const text = unknown ? "status 404, the proxy knows no such app (yet)" : `status ${response.status}`;
    return { status: response.status, text, certificate: false, noWay };
  } catch (error) {
    signal.throwIfAborted();
    const text = describeError(error);
    return { status: null, text, noWay: false, certificate: /certificate|self.signed|issuer/i.test(text) };
  }
}

/** Looks from time to time whether the stack still stands. */
class StackWatch {
  readonly #options: AnswerOptions;
  readonly #clock: Clock;
  #lookedAt: number;

  constructor(options: AnswerOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
    this.#lookedAt = clock.elapsed();
  }

  /** @returns false when Docker has just shown that the app is not ready @throws {StageFailure} when it has crashed */
  async mayBeReady(): Promise<boolean> {
    if (this.#clock.elapsed() - this.#lookedAt <= STACK_LOOK_MS) return true;
    this.#lookedAt = this.#clock.elapsed();
    const { swarm, stack, since } = this.#options;
    const decision = decide(await takeSnapshot(swarm, stack), since);
    if (decision.state === "failed") throw await stackFailure(swarm, decision.failure);
    return decision.state === "converged";
  }
}

/**
 * Measures for how long the proxy has found no way to the app, and then looks into labels and sockets for the reason.
 */
class WayWatch {
  readonly #options: AnswerOptions;
  readonly #clock: Clock;
  #askedAt: number;
  /**
   * Since when the proxy has answered nothing else, by the clock's `elapsed()`; null: its last answer was another one.
   */
  #since: number | null = null;

  constructor(options: AnswerOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
    this.#askedAt = clock.elapsed();
  }

  /**
   * Starts the measurement anew. Called while Docker shows that the app is not ready: that the proxy finds no way to it
   * is then to be expected.
   */
  forget(): void {
    this.#since = null;
  }

  /** @returns why waiting any longer would not help, or null to go on waiting */
  async see({ noWay, text }: Asked): Promise<NoAnswer | null> {
    const now = this.#clock.elapsed();
    this.#since = noWay ? this.#since ?? now : null;
    const ms = this.#since === null ? 0 : now - this.#since;
    if (ms < NO_WAY_MS || now - this.#askedAt < FAULT_LOOK_MS) return null;
    this.#askedAt = now;
    const { swarm, stack, domain } = this.#options;
    const { why, certain } = await findRouteFault(swarm, { stack, domain });
    if (!certain && ms < NO_WAY_UNTOLD_MS) return null;
    return {
      text: why === null ? text : `${text}; ${why}`,
      detail: `The proxy has answered so for ${formatSeconds(ms)}, and Docker shows the app as ${
        certain ? "healthy" : "running"
      }: look at the labels of its router, the port in loadbalancer.server.port, and its network`,
    };
  }
}

async function appLogs(options: AnswerOptions): Promise<string[]> {
  try {
    const { Id: id } = await options.swarm.containerOf(options.stack, "app");
    return await options.swarm.logs(id, TAIL_LINES);
  } catch {
    return [];
  }
}
