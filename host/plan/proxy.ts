import { stackOf } from "../../harness/run/names.ts";
import type { Certificate } from "../certificate.ts";
import { type HostSettings, proxyDomain } from "../settings.ts";
import { planApp, type WantedApp } from "./app.ts";
import { planRoutes } from "./routes.ts";
import type { SeenApp, SeenMade, Services } from "./seen.ts";
import type { Plan } from "./step.ts";

/**
 * The recipe traefik with a certificate that was issued for it, and a folder for routes. The certificate's version is
 * named after its digest, so that a renewed one is a step like any other.
 */
export function wantedProxy(settings: HostSettings, certificate: Certificate): WantedApp {
  const { version } = certificate;
  return {
    recipe: "traefik",
    domain: proxyDomain(settings),
    version: settings.proxy.version ?? null,
    settings: {
      COMPOSE_FILE: "compose.yml:compose.wildcard.yml",
      WILDCARDS_ENABLED: "1",
      SECRET_WILDCARD_CERT_VERSION: version,
      SECRET_WILDCARD_KEY_VERSION: version,
      FILE_PROVIDER_DIRECTORY_ENABLED: "1",
    },
    secrets: [
      { name: "ssl_cert", version, value: certificate.chain },
      { name: "ssl_key", version, value: certificate.key },
    ],
  };
}

/** The app, and then its routes, which need the volume that comes with it. */
export function planProxy(
  settings: HostSettings,
  { wanted, seen, made }: {
    wanted: WantedApp;
    seen: SeenApp & { model: Services | null };
    made: Pick<SeenMade, "insideCa">;
  },
): Plan {
  const app = planApp(wanted, seen);
  if (app.blocked !== null) return app;
  const stack = stackOf(wanted.domain);
  const there = { ...seen, routes: seen.routes ?? {} };
  const routes = planRoutes(settings, { stack, seen: there, made });
  return { steps: [...app.steps, ...routes.steps], blocked: routes.blocked };
}
