import { formatSeconds, pollUntil } from "../../common/time.ts";
import { describeError } from "../../common/errors.ts";
import type { Settings } from "../run/settings.ts";
import { InfraFailure, type StageContext } from "../run/stage.ts";
import type { ServiceObject } from "../swarm/schema.ts";
import { nameInStack } from "../swarm/service_names.ts";
import type { Swarm } from "../swarm/swarm.ts";
import { differences, type LabelledService, proxyLabels } from "./label_view.ts";
import { type AskProxy, proxyApi, ProxyError } from "./proxy_view.ts";

const POLL_MS = 200;
/** Milliseconds; after a look at Swarm Traefik may hold a change back for 2 s (`providersThrottleDuration`). */
const PROXY_LAG_MS = 2_300;
/** Milliseconds that a look at Swarm may take on a busy host, where nothing that the proxy shows says that it is over. */
const UNSEEN_LOOK_MS = 10_000;
/** Milliseconds after which a proxy that still shows what was before is broken, and not only slow. */
const STUCK_MS = 60_000;

export interface TakenUpOptions {
  swarm: Swarm;
  stack: string;
  settings: Settings;
  /**
   * Since when the Engine has had the labels and wanted the tasks that it has and wants now, by the clock's
   * `elapsed()`.
   */
  since: number;
  /** Resolves when no container of the version before runs any more. */
  gone: Promise<void>;
  ctx: Pick<StageContext, "log" | "note" | "signal" | "clock">;
}

/**
 * Waits until the proxy has taken up what the Engine has now. Until then an answer may have come on the way of before:
 * an update that changes only labels replaces no task, and the old route goes on working for seconds.
 *
 * Where neither a label of the proxy's nor an endpoint has changed, only containers can be old ones, and an answer comes
 * from a new one once they are gone: networks, configs and whatever else a container is made with make new ones.
 * Otherwise Traefik's API shows its routers and servers. Without the API, the proxy has looked once its interval is
 * over and the time that a look may take on a busy host.
 * @throws {InfraFailure} when the proxy does not take it up
 */
export async function waitTakenUp(options: TakenUpOptions): Promise<void> {
  const { swarm, stack, settings, since, gone, ctx } = options;
  const { clock, signal } = ctx;
  const looked = since + settings.PROXY_REFRESH_S * 1000 + PROXY_LAG_MS;
  const nextLook = () => clock.sleep(Math.max(0, looked - clock.elapsed()), signal);
  const services = await labelledServices(swarm, stack);
  // No API shows what the proxy knows of endpoints, and a new one replaces no task.
  if (services.some(({ moved }) => moved)) await nextLook();
  if (!services.some(hasNewLabels)) return await Promise.race([gone, nextLook()]);
  const ask = await proxyApi(settings);
  if (ask !== null) {
    try {
      return await waitShown(ask, { ...options, looked });
    } catch (error) {
      if (!(error instanceof ProxyError)) throw error;
      ctx.note(`${error.message}, so its next look was waited for`);
      ctx.log(describeError(error));
    }
  }
  await clock.sleep(Math.max(0, looked + UNSEEN_LOOK_MS - clock.elapsed()), signal);
  ctx.log(`The proxy has looked at Swarm since the deploy, as it does every ${settings.PROXY_REFRESH_S} s`);
}

/** Whether the latest update has changed what the labels tell the proxy. */
function hasNewLabels({ labels, before }: LabelledService): boolean {
  const [is, was] = [proxyLabels(labels), proxyLabels(before)];
  return [...Object.keys(is), ...Object.keys(was)].some((name) => is[name] !== was[name]);
}

/**
 * Waits until the proxy's view is that of the Engine, or shows nothing old although it has looked again: a label that is
 * new has no old value that would show, so that a look which is late can only be waited for.
 */
async function waitShown(ask: AskProxy, options: TakenUpOptions & { looked: number }): Promise<void> {
  const { swarm, stack, since, looked, ctx } = options;
  const { clock, signal, log } = ctx;
  await pollUntil(async () => {
    const after = clock.elapsed() > looked + UNSEEN_LOOK_MS;
    const [services, view] = await Promise.all([labelledServices(swarm, stack), ask(signal)]);
    const missing = differences(view, services);
    if (missing.length === 0) {
      log("The proxy's API shows the routers and servers that the labels ask for");
      return { done: undefined };
    }
    const text = missing.map((one) => one.text).join("; ");
    if (!after || missing.some((one) => one.older)) return { missing: text };
    log(`The proxy has looked at Swarm since the deploy; its API does not show: ${text}`);
    return { done: undefined };
  }, {
    everyMs: POLL_MS,
    clock,
    signal,
    onChange: (text) => log(`Waiting for the proxy to take up: ${text}`),
    limit: {
      ms: Math.max(0, looked - clock.elapsed()) + STUCK_MS,
      error: (text) =>
        new InfraFailure(`The proxy did not take up in ${formatSeconds(clock.elapsed() - since)}: ${text}`),
    },
  });
}

/** The services that the proxy has to do with. */
async function labelledServices(swarm: Swarm, stack: string): Promise<LabelledService[]> {
  const [services, tasks] = await Promise.all([swarm.services(stack), swarm.tasks(stack)]);
  return services.flatMap((service) => {
    const before = service.PreviousSpec?.Labels ?? null;
    const labels = service.Spec.Labels;
    const isLabelled = [labels, before].some((one) => Object.keys(proxyLabels(one)).length > 0);
    if (!isLabelled) return [];
    const running = tasks.filter((task) =>
      task.ServiceID === service.ID && task.DesiredState === "running" && task.Status.State === "running"
    );
    return [{
      name: nameInStack(service, stack),
      labels,
      before,
      moved: isOther(service.Spec.EndpointSpec, service.PreviousSpec?.EndpointSpec),
      tasks: running.map((task) =>
        task.NetworksAttachments.flatMap(({ Addresses: addresses }) =>
          (addresses ?? []).map((address) => address.replace(/\/\d+$/, ""))
        )
      ),
    }];
  });
}

type Endpoint = NonNullable<ServiceObject["PreviousSpec"]>["EndpointSpec"];

/** Whether a service has another endpoint than before its latest update; one that was never updated has the same. */
function isOther(now: Endpoint, before: Endpoint | undefined): boolean {
  const said = (endpoint: Endpoint) =>
    [endpoint?.Mode ?? "vip", ...(endpoint?.Ports ?? []).map((port) => JSON.stringify(port)).toSorted()]
      .join();
  return before !== undefined && said(now) !== said(before);
}
