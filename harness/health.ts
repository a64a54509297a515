import { describeError } from "../common/errors.ts";
import { type Ingress, ingressFetch, readCa } from "../common/ingress.ts";
import { formatSeconds, systemClock } from "../common/time.ts";
import { decide } from "./converge.ts";
import { stackFailure } from "./converge_wait.ts";
import type { Settings } from "./settings.ts";
import { takeSnapshot } from "./snapshot.ts";
import { InfraFailure, StageFailure } from "./stage.ts";
import type { Swarm } from "./swarm.ts";

const POLL_MS = 200;
const STACK_LOOK_MS = 1_000;
/** Before the proxy knows the app's router it may offer another certificate; after this it will not change. */
const CERTIFICATE_MS = 15_000;
const TAIL_LINES = 50;

export interface AnswerOptions {
  swarm: Swarm;
  stack: string;
  domain: string;
  /** When the deploy was called. */
  since: number;
  health: { path: string; status: number };
  settings: Settings;
  timeoutMs: number;
  log: (line: string) => void;
  signal: AbortSignal;
}

/** How the proxy in front of the apps is reached. */
export async function ingressOf(settings: Settings): Promise<Ingress> {
  return {
    address: settings.INGRESS,
    ...(settings.CA_FILE === undefined ? {} : { ca: await readCa(settings.CA_FILE) }),
  };
}

/**
 * Waits until `https://<domain><path>` answers with the expected status, while keeping an eye on the stack: an app
 * that crashes after it had converged is told as such and not as a missing answer.
 * @throws {StageFailure} with the last answer and the last log lines of service `app`
 */
export async function waitAnswer(options: AnswerOptions): Promise<void> {
  const { domain, health, signal } = options;
  const url = `https://${domain}${health.path}`;
  const get = ingressFetch(await ingressOf(options.settings), { timeoutMs: 10_000 });
  const started = Date.now();
  let last = "";
  let lookedAt = started;
  options.log(`Waiting for ${url} to answer ${health.status}`);
  while (true) {
    signal.throwIfAborted();
    const answer = await ask(get, { url, signal });
    if (answer.status === health.status) {
      options.log(`${url} answers ${answer.status} after ${formatSeconds(Date.now() - started)}`);
      return;
    }
    if (answer.text !== last) options.log(`${url}: ${answer.text}`);
    last = answer.text;
    if (answer.certificate && Date.now() - started > CERTIFICATE_MS) {
      throw new InfraFailure(`The certificate offered for ${domain} is not valid: ${answer.text}`);
    }
    if (Date.now() - lookedAt > STACK_LOOK_MS) {
      lookedAt = Date.now();
      const decision = decide(await takeSnapshot(options.swarm, options.stack), options.since);
      if (decision.state === "failed") throw await stackFailure(options.swarm, decision.failure);
    }
    if (Date.now() - started > options.timeoutMs) {
      throw new StageFailure(`${url} does not answer with status ${health.status}: ${last}`, {
        code: "health.answer",
        detail: `Asked for ${formatSeconds(options.timeoutMs)}; Docker shows the app as running`,
        tail: await appLogs(options),
      });
    }
    await systemClock.sleep(POLL_MS, signal);
  }
}

async function ask(get: typeof fetch, about: { url: string; signal: AbortSignal }) {
  try {
    const response = await get(about.url, { signal: about.signal });
    const body = await response.text();
    const unknown = response.status === 404 && body.trim() === "404 page not found";
    const text = unknown ? "status 404, the proxy knows no such app (yet)" : `status ${response.status}`;
    return { status: response.status, text, certificate: false };
  } catch (error) {
    about.signal.throwIfAborted();
    const text = describeError(error);
    return { status: null, text, certificate: /certificate|self.signed|issuer/i.test(text) };
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
