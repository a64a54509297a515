import { complaints, unknownEntryPoints } from "./label_view.ts";
import type { ProxyView } from "./proxy_view.ts";
import { isAlive, isDone, type TaskState } from "../swarm/stack_state.ts";
import { takeSnapshot } from "../swarm/snapshot.ts";
import type { Swarm } from "../swarm/swarm.ts";
import { nameInStack } from "../swarm/service_names.ts";
import { execIn } from "../swarm/exec.ts";

/** Bodies of the answers that Traefik gives when the app behind a router cannot be reached, by status. */
const gatewayWords: Record<number, string> = {
  502: "Bad Gateway",
  503: "no available server",
  504: "Gateway Timeout",
};

/**
 * Whether this looks like the proxy's answer for an app that it cannot reach. No run expects such a status (see
 * `health.status`), so this only decides how long it is worth to wait.
 */
export function isGatewayAnswer(status: number, body: string): boolean {
  return gatewayWords[status] === body.trim();
}

/** Why the proxy does not get through to an app. */
export interface RouteFault {
  /** Why, as one part of a sentence for the cause; null when that is not known. */
  why: string | null;
  /** Whether the look was complete. When it was not, what an earlier one found still holds. */
  complete: boolean;
  /** Milliseconds after which it is certain that waiting longer cannot help. */
  certainAfterMs: number;
  /** What Docker shows the app as; `ended`: nothing of the service runs to which the proxy would lead visitors. */
  shown: "healthy" | "running" | "ended";
}

/**
 * Milliseconds in which the proxy has looked at Swarm again, if it says itself that the labels make no working router.
 */
const PROXY_SAYS_MS = 20_000;
/**
 * Milliseconds in which the proxy has looked at Swarm several times. If it has found no way to a healthy app by then,
 * the recipe's labels are the reason.
 */
const HEALTHY_MS = 60_000;
/** The same for an app whose readiness nothing shows, for example because it has no health check. */
const UNTOLD_MS = 240_000;

interface Socket {
  port: number;
  /** Whether it listens on loopback, so that only the container itself can reach it. */
  loopback: boolean;
}

/**
 * Compares what the app's labels tell the proxy with what the proxy says of them and with what the app's containers
 * listen on.
 * @param app.view what the proxy's API shows; null where it does not show anything
 * @param app.entryPoints the same for the names of its entry points
 */
export async function findRouteFault(
  swarm: Swarm,
  app: { stack: string; domain: string; view: ProxyView | null; entryPoints: readonly string[] | null },
): Promise<RouteFault> {
  const { stack, domain, view, entryPoints } = app;
  const services = (await swarm.services(stack)).map((service) => ({
    name: nameInStack(service, stack),
    labels: service.Spec.Labels,
  }));
  const routed = services.find(({ labels }) => routerFor(labels, domain));
  if (routed === undefined) {
    return {
      why: `no service has a router label with the rule Host(\`${domain}\`)`,
      complete: true,
      certainAfterMs: HEALTHY_MS,
      shown: "running",
    };
  }
  const tasks = (await takeSnapshot(swarm, stack)).services.find(({ name }) => name === routed.name)?.tasks ??
    [];
  if (tasks.some(isDone) && !tasks.some(isAlive)) {
    return {
      why: `service "${routed.name}", to which visitors are led, has ended without an error`,
      complete: true,
      certainAfterMs: PROXY_SAYS_MS,
      shown: "ended",
    };
  }
  const shown = isHealthy(tasks) ? "healthy" : "running";
  const against = view === null ? [] : complaints(view, services);
  const unknown = entryPoints === null ? [] : unknownEntryPoints(entryPoints, services);
  if (against.length > 0) {
    return { why: [...against, ...unknown].join("; "), complete: true, certainAfterMs: PROXY_SAYS_MS, shown };
  }
  const sockets = await listening(swarm, { stack, service: routed.name });
  const why = [...unknown, sockets === null ? null : mismatch(routed, sockets)].filter((one) => one !== null);
  // A container that listens on nothing yet may be healthy all the same, if its check does not ask for an open port.
  return {
    why: why.length === 0 ? null : why.join("; "),
    complete: sockets !== null,
    certainAfterMs: shown === "healthy" && sockets?.length !== 0 ? HEALTHY_MS : UNTOLD_MS,
    shown,
  };
}

function routerFor(labels: Readonly<Record<string, string>>, domain: string): boolean {
  return Object.entries(labels).some(([name, value]) =>
    /^traefik\.http\.routers\.[^.]+\.rule$/i.test(name) && value.includes(domain)
  );
}

function isHealthy(tasks: readonly TaskState[]): boolean {
  const running = tasks.filter((task) => task.desired === "running" && task.state === "running");
  return running.length > 0 && running.every((task) => task.health === "healthy");
}

/** Says in what the port label and the container's sockets disagree; null when they agree. */
export function mismatch(
  service: { name: string; labels: Readonly<Record<string, string>> },
  sockets: readonly Socket[],
): string | null {
  const label = Object.entries(service.labels).find(([name]) =>
    /^traefik\.http\.services\.[^.]+\.loadbalancer\.server\.port$/i.test(name)
  );
  const open = [...new Set(sockets.filter((one) => !one.loopback).map((one) => one.port))].sort((a, b) =>
    a - b
  );
  const listens = `service "${service.name}" listens on ${open.length === 0 ? "no port" : open.join(", ")}`;
  if (label === undefined) {
    return open.length === 1 ? null : `${listens}, and no label loadbalancer.server.port says which to use`;
  }
  const port = Number(label[1]);
  if (open.includes(port)) return null;
  if (sockets.some((one) => one.port === port)) {
    return `service "${service.name}" listens on port ${port} of 127.0.0.1 only, where the proxy cannot reach it`;
  }
  return `the label says loadbalancer.server.port=${label[1]}, but ${listens}`;
}

/** Sockets on which a service's container listens; null where there is no running container, or none with a `cat`. */
async function listening(swarm: Swarm, at: { stack: string; service: string }): Promise<Socket[] | null> {
  try {
    const { Id: id } = await swarm.containerOf(at.stack, at.service);
    const { stdout } = await execIn(swarm, id, {
      argv: ["cat", "/proc/net/tcp", "/proc/net/tcp6"], // where there is no IPv6, cat still prints the first file
      timeoutMs: 15_000,
    });
    return stdout === "" ? null : listeningSockets(stdout);
  } catch {
    return null;
  }
}

/**
 * Reads `/proc/net/tcp` and `/proc/net/tcp6`. Addresses are hexadecimal in the byte order of the machine, and state
 * `0A` is LISTEN.
 */
export function listeningSockets(table: string): Socket[] {
  return [...table.matchAll(/^\s*\d+: ([0-9A-F]{8,32}):([0-9A-F]{4}) \S+ 0A /gm)].map((
    [, address = "", port = ""],
  ) => ({
    port: parseInt(port, 16),
    loopback: /^(0{16}FFFF0000)?[0-9A-F]{6}7F$|^0{24}01000000$/.test(address),
  }));
}
