import { describeError } from "../../common/errors.ts";
import { ingressFetch, ingressOf } from "../../common/ingress.ts";
import { type Clock, formatSeconds, systemClock } from "../../common/time.ts";
import { decide } from "../swarm/converge.ts";
import { stackFailure } from "../swarm/wait_converged.ts";
import { findRouteFault, isProxyAnswer } from "./route_fault.ts";
import type { Settings } from "../run/settings.ts";
import { takeSnapshot } from "../swarm/snapshot.ts";
import { InfraFailure, StageFailure } from "../run/stage.ts";
import type { Swarm } from "../swarm/swarm.ts";

const POLL_MS = 200;
const STACK_LOOK_MS = 1_000;
/** Before the proxy knows the app's router it may offer another certificate; after this it will not change. */
const CERTIFICATE_MS = 15_000;
const TAIL_LINES = 50;
const FAULT_LOOK_MS = 5_000;
/** The proxy has looked at Swarm several times by then: what keeps it from a healthy app are the recipe's labels. */
const NO_WAY_MS = 60_000;
/** The same where nobody says that the app is ready, because it has no health check. */
const NO_WAY_UNTOLD_MS = 240_000;

export interface AnswerOptions {
  swarm: Swarm;
  stack: string;
  domain: string;
  /** When the deploy was called. */
  since: number;
  health: { path: string; status: number };
  /** Good answers wanted on end. @default 1 */
  times?: number;
  settings: Settings;
  timeoutMs: number;
  log: (line: string) => void;
  signal: AbortSignal;
  clock?: Clock;
}

/**
 * Waits until `https://<domain><path>` answers with the expected status, while keeping an eye on the stack: an app
 * that crashes after it had converged is told as such and not as a missing answer. A proxy that finds no way to a
 * healthy app is not waited for until the stage's time is over.
 * @throws {StageFailure} with the last answer and the last log lines of service `app`
 */
export async function waitAnswer(options: AnswerOptions): Promise<void> {
  const { domain, health, signal, swarm, stack, times = 1, clock = systemClock } = options;
  const url = `https://${domain}${health.path}`;
  const get = ingressFetch(await ingressOf(options.settings), { timeoutMs: 10_000 });
  const started = clock.now();
  const passed = () => clock.now() - started;
  let last = "";
  let lookedAt = started;
  let noWaySince: number | null = null;
  let good = 0;
  let askedAt = started;
  const failure = async (text: string, detail: string) =>
    new StageFailure(`${url} does not answer with status ${health.status}: ${text}`, {
      code: "health.answer",
      detail,
      tail: await appLogs(options),
    });
  options.log(`Waiting for ${url} to answer ${health.status}`);
  while (true) {
    signal.throwIfAborted();
    const answer = await ask(get, { url, signal });
    good = answer.status === health.status ? good + 1 : 0;
    if (good > 0 && good < times) continue;
    if (good > 0) {
      options.log(`${url} answers ${answer.status} after ${formatSeconds(passed())}`);
      return;
    }
    if (answer.text !== last) options.log(`${url}: ${answer.text}`);
    last = answer.text;
    if (answer.certificate && passed() > CERTIFICATE_MS) {
      throw new InfraFailure(`The certificate offered for ${domain} is not valid: ${answer.text}`);
    }
    if (clock.now() - lookedAt > STACK_LOOK_MS) {
      lookedAt = clock.now();
      const decision = decide(await takeSnapshot(swarm, stack), options.since);
      if (decision.state === "failed") throw await stackFailure(swarm, decision.failure);
      if (decision.state !== "converged") noWaySince = null; // it is not ready, and nobody says that it was
    }
    noWaySince = answer.noWay ? noWaySince ?? clock.now() : null;
    const noWayFor = noWaySince === null ? 0 : clock.now() - noWaySince;
    if (noWayFor >= NO_WAY_MS && clock.now() - askedAt >= FAULT_LOOK_MS) {
      askedAt = clock.now();
      const { why, certain } = await findRouteFault(swarm, { stack, domain });
      if (certain || noWayFor >= NO_WAY_UNTOLD_MS) {
        const text = why === null ? last : `${last}; ${why}`;
        throw await failure(
          text,
          `The proxy has answered so for ${formatSeconds(noWayFor)}, and Docker shows the app as ${
            certain ? "healthy" : "running"
          }: look at the labels of its router, the port in loadbalancer.server.port, and its network`,
        );
      }
    }
    if (passed() > options.timeoutMs) {
      throw await failure(
        last,
        `Asked for ${formatSeconds(options.timeoutMs)}; Docker shows the app as running`,
      );
    }
    await clock.sleep(POLL_MS, signal);
  }
}

async function ask(get: typeof fetch, about: { url: string; signal: AbortSignal }) {
  try {
    const response = await get(about.url, { signal: about.signal });
    const body = await response.text();
    const noWay = isProxyAnswer(response.status, body);
    const unknown = noWay && response.status === 404;
    const text = unknown ? "status 404, the proxy knows no such app (yet)" : `status ${response.status}`;
    return { status: response.status, text, certificate: false, noWay };
  } catch (error) {
    about.signal.throwIfAborted();
    const text = describeError(error);
    return { status: null, text, noWay: false, certificate: /certificate|self.signed|issuer/i.test(text) };
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
