import { droneDomain, type HostSettings } from "../settings.ts";
import type { SeenApp } from "./seen.ts";
import type { Plan, Step } from "./step.ts";
import { HostError } from "../errors.ts";

/** The file of ours among those that the proxy reads routes from. */
export const ROUTES_FILE = "10-cc-ci.yml";

/** Ways to what runs on the host itself. JSON is YAML. */
export function routes(settings: HostSettings): string {
  const { domain, gateway, dashboard, bridge, drone } = settings;
  const router = (rule: string, service: string) => ({ rule, service, entryPoints: ["web-secure"], tls: {} });
  const server = (port: number) => ({
    loadBalancer: { servers: [{ url: `http://${gateway.address}:${port}` }] },
  });
  const http = {
    routers: {
      "cc-ci-dashboard": router(`Host(\`${domain}\`)`, "cc-ci-dashboard"),
      "cc-ci-bridge": router(`Host(\`${domain}\`) && Path(\`/hook\`)`, "cc-ci-bridge"),
      ...(drone === undefined ? {} : { "cc-ci-drone-rpc": closedRpc(settings, drone.runners) }),
    },
    services: { "cc-ci-dashboard": server(dashboard.port), "cc-ci-bridge": server(bridge.port) },
  };
  return `${JSON.stringify({ http }, null, 2)}\n`;
}

/** Whoever may ask where runners ask reads every secret, so nobody but runners gets there. */
function closedRpc(settings: HostSettings, runners: readonly string[]) {
  // What comes from the host itself comes from the gateway.
  const allowed = [settings.gateway.address, ...runners].map((address) => `!ClientIP(\`${address}\`)`);
  return {
    rule: [`Host(\`${droneDomain(settings)}\`)`, "PathPrefix(`/rpc`)", ...allowed].join(" && "),
    service: "noop@internal",
    entryPoints: ["web-secure"],
    priority: 1_000_000,
    tls: {},
  };
}

/** Writes our file of routes where it is missing or another one. */
export function planRoutes(settings: HostSettings, { stack, seen }: {
  stack: string;
  seen: Pick<SeenApp, "routes">;
}): Plan {
  const text = routes(settings);
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
