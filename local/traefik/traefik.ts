import { ingressFetch } from "../../common/ingress.ts";
import { waitFor } from "../../common/time.ts";
import type { Docker } from "../docker/client.ts";
import { StackError } from "../host/errors.ts";
import { findService, FINGERPRINT, fingerprint, removeOwnStack, taskStates } from "../docker/own_stack.ts";
import { BASE_DOMAIN, DRONE_HOST, FORGE_HOST, INGRESS, OURS, type Paths, PORTS } from "../host/paths.ts";
import { requireFreePorts } from "../host/ports.ts";
import type { Step } from "../host/progress.ts";
import { PROXY } from "../docker/swarm.ts";
import { type Certificates, INSIDE } from "./tls.ts";

const STACK = "cc-ci-traefik";
const SERVICE = `${STACK}_app`;
const TRAEFIK_HOST = `traefik.${BASE_DOMAIN}`;
/** Where this host, and nobody else, reaches Traefik's API. */
export const TRAEFIK_URL = `https://${TRAEFIK_HOST}`;
const READY_MS = 180_000;
const INSIDE_CA = "/etc/traefik/inside-ca.pem";

export interface TraefikOptions {
  paths: Paths;
  step: Step;
  /** Tag of the image to run. */
  image: string;
  /** Where the relay takes what is for the forge, the dashboard and the bridge. */
  gateway: string;
  certificates: Certificates;
  /** By these the relay shows who it is. */
  inside: Certificates;
  signal: AbortSignal;
}

/** Traefik as a Swarm service on ports 80 and 443 of loopback, answering over verified HTTPS. */
export async function ensureTraefik(docker: Docker, options: TraefikOptions): Promise<void> {
  const { paths, step, image, certificates } = options;
  const objects = {
    dynamic: dynamicConfig(options.gateway),
    insideCa: await Deno.readTextFile(options.inside.ca),
    cert: await Deno.readTextFile(certificates.cert),
    key: await Deno.readTextFile(certificates.key),
  };
  const wanted = fingerprint(JSON.stringify([image, objects, staticArgs(options.gateway)]));
  const current = await findService(docker, SERVICE);
  if (current?.fingerprint === wanted && await answersOnce(certificates)) {
    step.done("already running");
    return;
  }
  if (current?.fingerprint !== wanted) {
    if (current !== undefined) await removeTraefik(docker);
    requireFreePorts();
    step.update("starting the service");
    await createService(docker, { image, objects, wanted, cache: paths.cache, gateway: options.gateway });
  }
  step.update("waiting for its first answer");
  try {
    await waitFor(() => answersOnce(certificates), {
      what: `Traefik to answer at ${TRAEFIK_URL}/ping`,
      timeoutMs: READY_MS,
      everyMs: 150,
      signal: options.signal,
    });
  } catch (cause) {
    options.signal.throwIfAborted();
    throw new StackError("Could not start Traefik", {
      cause,
      hint: `${await taskStates(docker, SERVICE)}\nIts log: docker service logs ${SERVICE}`,
    });
  }
}

/** Whether the ingress answers right now, certificate verified. */
export async function answersOnce(certificates: Pick<Certificates, "ca">): Promise<boolean> {
  try {
    const ca = await Deno.readTextFile(certificates.ca);
    const response = await ingressFetch({ address: INGRESS, ca }, { timeoutMs: 3_000 })(
      `${TRAEFIK_URL}/ping`,
    );
    return response.status === 200;
  } catch {
    return false;
  }
}

/** Cache folder of the stack whose Traefik runs in this engine, if one does. */
export async function traefikOwner(docker: Docker): Promise<string | undefined> {
  const info: { Swarm?: { ControlAvailable?: boolean } } = await docker.info();
  return info.Swarm?.ControlAvailable === true ? (await findService(docker, SERVICE))?.owner : undefined;
}

/** When our Traefik service was made, if it is there. */
export async function traefikSince(docker: Docker): Promise<Date | undefined> {
  const service = await findService(docker, SERVICE);
  return service === undefined ? undefined : new Date(service.createdAt);
}

/** Removes service, secrets and configs; resolves when the ports and the containers are gone. */
export function removeTraefik(docker: Docker): Promise<boolean> {
  return removeOwnStack(docker, { stack: STACK, volumes: true });
}

function staticArgs(gateway: string): string[] {
  return [
    "--global.checknewversion=false",
    "--global.sendanonymoususage=false",
    "--log.level=INFO",
    "--api=true",
    "--api.dashboard=false",
    "--ping=true",
    "--ping.manualrouting=true",
    "--entrypoints.web.address=:80",
    "--entrypoints.web.http.redirections.entrypoint.to=web-secure",
    "--entrypoints.web.http.redirections.entrypoint.scheme=https",
    "--entrypoints.web-secure.address=:443",
    // What comes from this host may say for whom it comes: the relay does, by which apps find their way here.
    `--entrypoints.web-secure.proxyprotocol.trustedips=${gateway}`,
    "--providers.swarm=true",
    "--providers.swarm.endpoint=unix:///var/run/docker.sock",
    "--providers.swarm.exposedbydefault=false",
    `--providers.swarm.network=${PROXY}`,
    // Traefik looks every 15 s by default, and holds back what it saw until 2 s after the change before: each would be
    // the largest single delay of a run.
    "--providers.swarm.refreshseconds=1",
    "--providers.providersthrottleduration=100ms",
    "--providers.file.filename=/etc/traefik/dynamic.yml",
    "--providers.file.watch=false",
  ];
}

/** Routes to what runs on the host itself. JSON is YAML. */
export function dynamicConfig(gateway: string): string {
  const router = (rule: string, service: string) => ({ rule, service, entryPoints: ["web-secure"], tls: {} });
  // Other containers share that network, so what passes there is encrypted, and for the services alone.
  const server = (port: number) => ({
    loadBalancer: { serversTransport: "cc-ci-inside", servers: [{ url: `https://${gateway}:${port}` }] },
  });
  return JSON.stringify(
    {
      http: {
        routers: {
          "cc-ci-git": router(`Host(\`${FORGE_HOST}\`)`, "cc-ci-git"),
          "cc-ci-dashboard": router(`Host(\`${BASE_DOMAIN}\`)`, "cc-ci-dashboard"),
          "cc-ci-bridge": router(`Host(\`${BASE_DOMAIN}\`) && Path(\`/hook\`)`, "cc-ci-bridge"),
          // The path by which runners ask Drone is not routed from outside: whoever may ask there reads every secret.
          "cc-ci-drone": router(`Host(\`${DRONE_HOST}\`) && !PathPrefix(\`/rpc\`)`, "cc-ci-drone"),
          "cc-ci-ping": router(`Host(\`${TRAEFIK_HOST}\`)`, "ping@internal"),
          // A connection from this host comes from the gateway, one from an app comes from the app's own address.
          "cc-ci-api": router(
            `Host(\`${TRAEFIK_HOST}\`) && PathPrefix(\`/api/\`) && ClientIP(\`${gateway}\`)`,
            "api@internal",
          ),
        },
        services: {
          "cc-ci-git": server(PORTS.gitea),
          "cc-ci-dashboard": server(PORTS.dashboard),
          "cc-ci-bridge": server(PORTS.bridge),
          "cc-ci-drone": server(PORTS.drone),
        },
        serversTransports: {
          "cc-ci-inside": { serverName: INSIDE, rootCAs: [INSIDE_CA], disableHTTP2: true },
        },
      },
      tls: {
        certificates: [{ certFile: "/run/secrets/wildcard.pem", keyFile: "/run/secrets/wildcard-key.pem" }],
        // A name that the certificate does not cover is refused, not answered with a made-up certificate.
        options: { default: { sniStrict: true } },
      },
    },
    null,
    2,
  );
}

interface ServiceParts {
  image: string;
  gateway: string;
  objects: { dynamic: string; insideCa: string; cert: string; key: string };
  wanted: string;
  cache: string;
}

async function createService(
  docker: Docker,
  { image, objects, wanted, cache, gateway }: ServiceParts,
): Promise<void> {
  const labels = { "com.docker.stack.namespace": STACK, [OURS]: cache };
  // Secrets and configs can't be changed, so each content has a name of its own.
  const store = async (kind: "secret" | "config", name: string, content: string) => {
    const unique = `${STACK}_${name}_${fingerprint(content)}`;
    const spec = { Name: unique, Labels: labels, Data: btoa(content) };
    const filters = { name: [unique] };
    if (kind === "secret") {
      const there = (await docker.listSecrets({ filters })).find((secret) => secret.Spec?.Name === unique);
      return { id: there?.ID ?? (await docker.createSecret(spec)).id, name: unique };
    }
    const there = (await docker.listConfigs({ filters })).find((config) => config.Spec?.Name === unique);
    return { id: there?.ID ?? (await docker.createConfig(spec)).id, name: unique };
  };
  const dynamic = await store("config", "dynamic", objects.dynamic);
  const insideCa = await store("config", "inside-ca", objects.insideCa);
  const cert = await store("secret", "cert", objects.cert);
  const key = await store("secret", "key", objects.key);
  const file = (name: string) => ({ Name: name, UID: "0", GID: "0", Mode: 0o400 });
  const port = (number: number) => ({
    Protocol: "tcp" as const,
    TargetPort: number,
    PublishedPort: number,
    PublishMode: "host" as const,
  });
  await docker.createService({
    Name: SERVICE,
    Labels: { ...labels, [FINGERPRINT]: wanted },
    TaskTemplate: {
      ContainerSpec: {
        Image: image,
        Args: staticArgs(gateway),
        Labels: labels,
        StopGracePeriod: 2_000_000_000,
        Mounts: [{
          Type: "bind",
          Source: "/var/run/docker.sock",
          Target: "/var/run/docker.sock",
          ReadOnly: true,
        }],
        Secrets: [
          { SecretID: cert.id, SecretName: cert.name, File: file("wildcard.pem") },
          { SecretID: key.id, SecretName: key.name, File: file("wildcard-key.pem") },
        ],
        Configs: [
          { ConfigID: dynamic.id, ConfigName: dynamic.name, File: file("/etc/traefik/dynamic.yml") },
          { ConfigID: insideCa.id, ConfigName: insideCa.name, File: file(INSIDE_CA) },
        ],
      },
      Networks: [{ Target: (await docker.getNetwork(PROXY).inspect()).Id }],
      RestartPolicy: { Condition: "any", Delay: 1_000_000_000 },
    },
    Mode: { Replicated: { Replicas: 1 } },
    EndpointSpec: { Mode: "dnsrr", Ports: [port(80), port(443)] },
  });
}
