import { splitAddress } from "../../common/ingress.ts";
import { INSIDE } from "../../common/own_certificate.ts";
import { HostError } from "../errors.ts";
import { droneDomain, type HostSettings } from "../settings.ts";
import type { SeenApp, SeenMade } from "./seen.ts";
import { NOTHING, type Plan, type Step } from "./step.ts";

const INSIDE_TRANSPORT = "cc-ci-inside";

/** The file of ours among those that the proxy reads routes from. */
export const ROUTES_FILE = "10-cc-ci.yml";

/**
 * Ways to what runs on the host itself. Other containers share the network between, so what passes there is encrypted,
 * and for these services alone. JSON is YAML.
 * @param insideCa PEM of the authority that signed the services' certificate
 */
export function routes(settings: HostSettings, insideCa: string): string {
  const { domain, gateway, dashboard, bridge, drone } = settings;
  const router = (rule: string, service: string) => ({ rule, service, entryPoints: ["web-secure"], tls: {} });
  const server = (port: number) => ({
    loadBalancer: {
      serversTransport: INSIDE_TRANSPORT,
      servers: [{ url: `https://${gateway.address}:${port}` }],
    },
  });
  const http = {
    routers: {
      "cc-ci-dashboard": router(`Host(\`${domain}\`)`, "cc-ci-dashboard"),
      "cc-ci-bridge": router(`Host(\`${domain}\`) && Path(\`/hook\`)`, "cc-ci-bridge"),
      ...(drone === undefined ? {} : { "cc-ci-drone-rpc": closedRpc(settings, drone.runners) }),
    },
    serversTransports: {
      [INSIDE_TRANSPORT]: { serverName: INSIDE, rootCAs: [insideCa], disableHTTP2: true },
    },
    services: { "cc-ci-dashboard": server(dashboard.port), "cc-ci-bridge": server(bridge.port) },
  };
  return `${JSON.stringify({ http }, null, 2)}\n`;
}

/** Keeps everybody from where runners ask whom Traefik sees by another address than the runner's. */
function closedRpc(settings: HostSettings, runners: readonly string[]) {
  const allowed = [runnersAddress(settings), ...runners].map((address) => `!ClientIP(\`${address}\`)`);
  return {
    rule: [`Host(\`${droneDomain(settings)}\`)`, "PathPrefix(`/rpc`)", ...allowed].join(" && "),
    service: "noop@internal",
    entryPoints: ["web-secure"],
    priority: 1_000_000,
    tls: {},
  };
}

/**
 * The address by which Traefik sees this host's runner. What asks an address of the host's own on the network comes from
 * that very address, and nobody from elsewhere does. What asks the loopback address goes through Docker's own proxy and
 * comes from the gateway, as containers of this host do, apps under test among them, and visitors by IPv6: of these the
 * secret `drone_rpc_secret` alone keeps Drone's builds.
 */
function runnersAddress({ proxy, gateway }: HostSettings): string {
  const [address] = splitAddress(proxy.ingress);
  return /^[\d.]+$/.test(address) && !address.startsWith("127.") ? address : gateway.address;
}

/** Writes our file of routes where it is missing or another one. */
export function planRoutes(settings: HostSettings, { stack, seen, made }: {
  stack: string;
  seen: Pick<SeenApp, "routes">;
  made: Pick<SeenMade, "insideCa">;
}): Plan {
  // A further host has no such services.
  if (settings.runnerOf !== undefined) return NOTHING;
  if (made.insideCa === null) {
    return {
      steps: [],
      blocked: new HostError("not yet", "The services behind the proxy have no certificate", {
        hint: 'Make it first, with "cc-ci-host swarm".',
      }),
    };
  }
  const text = routes(settings, made.insideCa);
  const step: Step = {
    action: { kind: "write-route", stack, file: ROUTES_FILE, text },
    does: `Write the proxy's routes to dashboard and bridge to "${ROUTES_FILE}"`,
  };
  if (seen.routes !== null) {
    return { steps: seen.routes[ROUTES_FILE] === text ? [] : [step], blocked: null };
  }
  return {
    steps: [],
    blocked: new HostError("not yet", "The proxy has no folder for routes", {
      hint: 'Bring the proxy up first, with "cc-ci-host proxy".',
    }),
  };
}
