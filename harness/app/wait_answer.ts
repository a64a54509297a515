import { describeError } from "../../common/errors.ts";
import { type Clock, formatSeconds, pollUntil, systemClock } from "../../common/time.ts";
import { findRouteFault, isGatewayAnswer } from "./route_fault.ts";
import { isNobodys, learnNobodysAnswer, type NobodysAnswer, type SeenAnswer } from "./nobodys_answer.ts";
import { hasRoute, proxyApi, proxyEntryPoints, type ProxyView } from "./proxy_view.ts";
import { StackWatch } from "./stack_watch.ts";
import { type OwnAnswer, SteadyAnswer } from "./steady_answer.ts";
import { type Visit, visits } from "./visit.ts";
import type { Settings } from "../run/settings.ts";
import { takeSnapshot } from "../swarm/snapshot.ts";
import { InfraFailure, StageFailure } from "../run/stage.ts";
import type { Swarm } from "../swarm/swarm.ts";

const POLL_MS = 200;
/** Milliseconds for which the proxy may offer another certificate, because it does not know the app's router yet. */
const CERTIFICATE_MS = 15_000;
/** Lines that are read of a log; what is alike among them is shown once. */
const TAIL_LINES = 200;
const FAULT_LOOK_MS = 5_000;
/** Milliseconds without a way to the app after which its labels and sockets are looked at. */
const NO_WAY_MS = 20_000;

export interface AnswerOptions {
  swarm: Swarm;
  stack: string;
  domain: string;
  /** When the deploy was called, milliseconds since the epoch. */
  since: number;
  health: { path: string; status: readonly number[] };
  /** The key of `recipe.yml` that asks for this answer. @default "health" */
  key?: "health" | "ready";
  /** Number of good answers in a row that it takes. @default 1 */
  times?: number;
  /** Milliseconds between these. @default 0 */
  apartMs?: number;
  settings: Settings;
  timeoutMs: number;
  log: (line: string) => void;
  signal: AbortSignal;
  clock?: Clock;
  /** Makes a part of a name that nobody uses. */
  random?: () => string;
}

/**
 * Waits until `https://<domain><path>` answers with an expected status. Whatever that status is, the answer has to be
 * the app's and not the proxy's own, and the stack has to stand, so that an app which crashes after it had converged is
 * reported as crashed and not as a missing answer. The wait ends early when the proxy finds no way to a healthy app,
 * or the app has settled on another answer.
 * @throws {StageFailure} with the last answer and the last log lines of service `app`
 */
export async function waitAnswer(options: AnswerOptions): Promise<void> {
  const { domain, health, timeoutMs, log, signal, times = 1, apartMs = 0, clock = systemClock } = options;
  const { key = "health" } = options;
  const url = `https://${domain}${health.path}`;
  const visit = await visits(options.settings);
  const started = clock.elapsed();
  const stack = new StackWatch(options, clock);
  const proxy = new ProxysOwn(options, visit);
  const way = new WayWatch(options, { proxy, clock });
  const wanted = health.status.join(" or ");
  const steady = new SteadyAnswer(clock, () => isHealthy(options));
  const whose = key === "health" ? "" : `, which ${key} in recipe.yml asks for`;
  const failure = async ({ text, detail }: NoAnswer) =>
    new StageFailure(`${url} does not answer with status ${wanted}${whose}: ${text}`, {
      code: `${key}.answer`,
      detail,
      tail: await appLogs(options),
    });
  log(`Waiting for ${url} to answer ${wanted}`);
  await pollUntil(async () => {
    let asked = await ask(visit, { url, signal, proxy });
    for (let good = 1; isGood(asked, health.status) && good < times; good++) {
      if (apartMs > 0) await clock.sleep(apartMs, signal);
      asked = await ask(visit, { url, signal, proxy });
    }
    const passed = clock.elapsed() - started;
    if (isGood(asked, health.status)) {
      const decision = await stack.look();
      if (decision.state === "waiting") {
        return { missing: `${asked.text}, but Docker shows ${decision.text}` };
      }
      log(`${url} answers ${asked.status} after ${formatSeconds(passed)}`);
      return { done: undefined };
    }
    if (asked.certificate && passed > CERTIFICATE_MS) {
      throw new InfraFailure(`The certificate offered for ${domain} is not valid: ${asked.text}`);
    }
    if (!await stack.mayBeReady()) {
      way.forget();
      steady.forget();
    }
    const wayless = await way.see(asked);
    if (wayless !== null) throw await failure(wayless);
    // What `ready` asks for may come long after the app's own health: that is why it is asked for.
    const settled = key === "ready" ? null : await steady.see(asked.own);
    if (settled !== null) throw await failure({ text: asked.text, detail: settled });
    return { missing: asked.text };
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
  /** The answer, if the app gave it. */
  own: OwnAnswer | null;
}

function isGood(asked: Asked, wanted: readonly number[]): boolean {
  return asked.status !== null && wanted.includes(asked.status) && !asked.noWay;
}

async function ask(
  visit: (url: string, signal: AbortSignal) => Promise<Visit>,
  { url, signal, proxy }: { url: string; signal: AbortSignal; proxy: ProxysOwn },
): Promise<Asked> {
  const seen = await visit(url, signal);
  if (seen.answer === null) {
    return { status: null, text: seen.text, noWay: false, certificate: seen.certificate, own: null };
  }
  const { status, body, headers } = seen.answer;
  const asked = { status, text: `status ${status}`, certificate: false, own: null };
  if (isGatewayAnswer(status, body)) return { ...asked, noWay: true };
  if (!await proxy.gave(seen.answer)) {
    return { ...asked, noWay: false, own: { status, location: headers.get("location") ?? null } };
  }
  return { ...asked, text: `status ${status}, the proxy knows no such app (yet)`, noWay: true };
}

/** Tells answers that the proxy gives to whatever it has no router for from those of the app. */
class ProxysOwn {
  readonly #options: AnswerOptions;
  readonly #visit: (url: string, signal: AbortSignal) => Promise<Visit>;
  #nobodys: Promise<NobodysAnswer | null> | null = null;
  /** Whether the proxy showed a route when it was asked last. */
  #routed = false;

  constructor(
    options: AnswerOptions,
    visit: (url: string, signal: AbortSignal) => Promise<Visit>,
  ) {
    this.#options = options;
    this.#visit = visit;
  }

  async gave(answer: SeenAnswer): Promise<boolean> {
    const nobodys = await (this.#nobodys ??= this.#learn());
    // Where the proxy says nothing to unknown names, a 404 for a known one may be its own.
    const alike = nobodys === null ? answer.status === 404 : isNobodys(answer, nobodys);
    if (!alike) return false;
    // The route has to have been there before the request and after it: it may have come in between.
    const before = this.#routed;
    this.#routed = await this.#hasRoute();
    return !(before && this.#routed);
  }

  #learn(): Promise<NobodysAnswer | null> {
    const { domain, health, signal, random = () => crypto.randomUUID().slice(0, 8) } = this.#options;
    return learnNobodysAnswer(domain, {
      ask: async (name) => (await this.#visit(`https://${name}${health.path}`, signal)).answer,
      random,
    });
  }

  /** Whether the proxy's API shows that every path of the domain leads to the app, so that the answer is the app's. */
  async #hasRoute(): Promise<boolean> {
    const view = await this.view();
    return view !== null && hasRoute(view, this.#options.domain);
  }

  /** What the proxy's API shows now; null where it shows nothing. */
  async view(): Promise<ProxyView | null> {
    return await this.#ask(await proxyApi(this.#options.settings));
  }

  /** The names of the proxy's entry points; null where its API shows none. */
  async entryPoints(): Promise<string[] | null> {
    return await this.#ask(await proxyEntryPoints(this.#options.settings));
  }

  async #ask<T>(ask: ((signal: AbortSignal) => Promise<T>) | null): Promise<T | null> {
    const { signal, log } = this.#options;
    try {
      return await ask?.(signal) ?? null;
    } catch (error) {
      signal.throwIfAborted();
      log(describeError(error));
      return null;
    }
  }
}

/**
 * Measures for how long the proxy has found no way to the app, and then looks into labels and sockets for the reason.
 */
class WayWatch {
  readonly #options: AnswerOptions;
  readonly #proxy: ProxysOwn;
  readonly #clock: Clock;
  #askedAt: number;
  /**
   * Since when the proxy has answered nothing else, by the clock's `elapsed()`; null: its last answer was another one.
   */
  #since: number | null = null;
  /** Why there is no way, as a complete look has found it since then. A later look may fail, as on a busy host. */
  #why: string | null = null;

  constructor(options: AnswerOptions, { proxy, clock }: { proxy: ProxysOwn; clock: Clock }) {
    this.#options = options;
    this.#proxy = proxy;
    this.#clock = clock;
    this.#askedAt = clock.elapsed();
  }

  /**
   * Starts the measurement anew. Called while Docker shows that the app is not ready: that the proxy finds no way to it
   * is then to be expected.
   */
  forget(): void {
    this.#since = null;
    this.#why = null;
  }

  /** @returns why waiting any longer would not help, or null to go on waiting */
  async see({ noWay, text }: Asked): Promise<NoAnswer | null> {
    const now = this.#clock.elapsed();
    if (!noWay) this.forget();
    else this.#since ??= now;
    const ms = this.#since === null ? 0 : now - this.#since;
    if (ms < NO_WAY_MS || now - this.#askedAt < FAULT_LOOK_MS) return null;
    this.#askedAt = now;
    const { swarm, stack, domain } = this.#options;
    const [view, entryPoints] = await Promise.all([this.#proxy.view(), this.#proxy.entryPoints()]);
    const fault = await findRouteFault(swarm, { stack, domain, view, entryPoints });
    const { certainAfterMs, shown } = fault;
    const why = fault.complete ? fault.why : this.#why ?? fault.why;
    this.#why = why;
    const points = entryPoints === null ? "" : ` (the proxy has ${entryPoints.join(", ")})`;
    if (ms < certainAfterMs) return null;
    const advice = shown === "ended"
      ? "its command has to go on for as long as it serves visitors, and its log says what it did instead"
      : `look at traefik.enable, at the labels of its router (rule, service, middlewares, tls, entrypoints${points}), ` +
        "at the port in loadbalancer.server.port, and at its network";
    return {
      text: why === null ? text : `${text}; ${why}`,
      detail: `The proxy has answered so for ${
        formatSeconds(ms)
      }, and Docker shows the app as ${shown}: ${advice}`,
    };
  }
}

/** Whether the app's own check says that it works. */
async function isHealthy({ swarm, stack }: AnswerOptions): Promise<boolean> {
  const { services } = await takeSnapshot(swarm, stack);
  const app = services.find(({ name }) => name === "app");
  return app?.tasks.some(({ health }) => health === "healthy") ?? false;
}

async function appLogs(options: AnswerOptions): Promise<string[]> {
  try {
    const { Id: id } = await options.swarm.containerOf(options.stack, "app");
    return await options.swarm.logs(id, TAIL_LINES);
  } catch {
    return [];
  }
}
