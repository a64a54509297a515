/**
 * The local stack as a host: the host's own program brings up Swarm, proxy, backup bot and Drone, by the settings and
 * secrets that an operator would write. What a host has around it, this machine brings along: a forge, a certificate,
 * published recipes, images, and an owner of the pipelines who logs in at Drone.
 */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import * as z from "zod";
import { serviceFetch } from "../../common/ingress.ts";
import { UsageError } from "../../common/errors.ts";
import { exec } from "../../common/exec.ts";
import type { FileLock } from "../../common/file_lock.ts";
import { exists, writeAtomically } from "../../common/files.ts";
import { stackOf } from "../../harness/run/names.ts";
import { startCommand } from "../../programs/start.ts";
import { type Docker, SOCKET } from "../docker/client.ts";
import { findService } from "../docker/own_stack.ts";
import { ensureDaemon } from "../drone/daemon.ts";
import { runner } from "../drone/daemons.ts";
import { DRONE_URL, PIPELINES } from "../drone/files.ts";
import {
  activatePipelines,
  type DroneOptions,
  type DroneReady,
  droneSettings,
  readyDrone,
} from "../drone/mod.ts";
import { ensureDronePrograms } from "../drone/programs.ts";
import { ORG } from "../gitea/seed.ts";
import { ensureHostImages } from "../host_apps/images.ts";
import { publishHostRecipes } from "../host_apps/publish.ts";
import { writePrivate } from "../host/accounts.ts";
import { StackError } from "../host/errors.ts";
import { BASE_DOMAIN, DRONE_HOST, FORGE_HOST, INGRESS, type Paths, PORTS } from "../host/paths.ts";
import { inStep } from "../host/progress.ts";
import { ensureRelay } from "../traefik/relay_process.ts";
import { type Certificates, ensureInsideCertificates } from "../traefik/tls.ts";
import { lockStack } from "./lock.ts";
import { waitForRoute } from "./services.ts";

/** This machine's address on docker_gwbridge, as settings of a host have it unless told otherwise. */
export const HOST_GATEWAY = "172.18.0.1";
/** Milliseconds that a call may take: images are unpacked in it, and services start for the first time. */
const CALL_MS = 900_000;

function hostFiles(paths: Paths) {
  const root = join(paths.state, "host");
  const at = (name: string) => join(root, name);
  return {
    root,
    settings: at("host.json"),
    secrets: at("secrets"),
    certificates: at("certificates"),
    recipes: at("recipes"),
    abra: at("abra"),
    home: at("home"),
    made: join(paths.state, "tls-inside"),
  };
}

/** Whether the stack of this cache is brought up as a host, or is to be from now on. */
export async function isAsHost(paths: Paths, asked = false): Promise<boolean> {
  return asked || await exists(hostFiles(paths).root);
}

/** The turn of one start, and how it is to bring up the stack. */
export interface Turn {
  lock: FileLock;
  asHost: boolean;
}

/**
 * Waits for the turn of a start. Only then it is looked how the stack is brought up: a stop that has the turn before
 * takes a stack like production down, and with it what this one would find.
 */
export async function takeTurn(
  paths: Paths,
  { likeProduction, ...wait }: { likeProduction: boolean | undefined } & Parameters<typeof lockStack>[1],
): Promise<Turn> {
  const lock = await lockStack(paths, wait);
  try {
    return { lock, asHost: await isAsHost(paths, likeProduction) };
  } catch (error) {
    lock[Symbol.dispose]();
    throw error;
  }
}

/** @throws {UsageError} where the stack cannot be brought up as a host */
export async function refuseAsHost(
  docker: Docker,
  { engineIsOurs, engine }: { engineIsOurs: boolean; engine: string | undefined },
): Promise<void> {
  if (!engineIsOurs) {
    throw new UsageError(
      "Could not bring the stack up like production: this machine has a Docker Engine of its own",
      {
        hint: "On a host of its own docs/install.md does the same; for a try-out stop that engine first",
      },
    );
  }
  if (engine === "local") {
    throw new UsageError(
      "Could not give runs to the bridge itself: a stack like production has Drone for them",
      {
        hint: "Leave --engine out, or --like-production",
      },
    );
  }
  const { Swarm }: { Swarm?: { LocalNodeState?: string } } = await docker.info();
  if (Swarm?.LocalNodeState !== "active") return;
  if (await findService(docker, "cc-ci-traefik_app") === undefined) return;
  throw new UsageError("Could not bring the stack up like production: it runs already in the other way", {
    hint: 'Take it down first: "./cc-ci down"',
  });
}

export interface AsHostOptions extends DroneOptions {
  docker: Docker;
  certificates: Certificates;
  /** The abra that the host's program calls. */
  abra: string;
}

/**
 * Has the host's program bring up what it brings up, and does in between what an operator does.
 * @returns settings of the bridge
 */
export async function bringUpAsHost(options: AsHostOptions): Promise<Record<string, string>> {
  const { paths, progress, gateway, docker, certificates } = options;
  await ensureHostImages(docker, options);
  const ready = await inStep(progress, "Pipelines on the forge", () => readyDrone(options));
  await writeHost(options, ready);
  const call = () => callHost(options);
  let outcome = await call();
  await inStep(progress, "Way to the forge", async () => {
    const inside = await ensureInsideCertificates(paths);
    await ensureRelay({ paths, gateway: HOST_GATEWAY, inside, proxy: "gateway" });
    await writeForgeRoute(docker);
    await waitForRoute(`https://${FORGE_HOST}/api/healthz`, certificates);
  });
  if (outcome === "not yet") outcome = await call();
  if (outcome === "not yet") {
    await inStep(progress, "Log in at Drone", async () => {
      const ca = await Deno.readTextFile(certificates.ca);
      const fetch = serviceFetch({ base: BASE_DOMAIN, ingress: { address: INGRESS, ca } });
      await activatePipelines(ready, { drone: DRONE_URL, gateway, fetch });
    });
    outcome = await call();
  }
  if (outcome !== "converged") {
    throw new StackError("The host's program does not come to an end", {
      hint: `It says what is missing: ${hostCommand(paths, "all").join(" ")}`,
    });
  }
  await inStep(progress, "Drone's runner", async (step) => {
    const programs = await ensureDronePrograms(options);
    await ensureDaemon(runnerOf({ ...options, programs, secrets: ready.secrets }), step);
  });
  return droneSettings(paths, ready);
}

/** Settings and secrets as an operator writes them, and what they lead to. */
async function writeHost(
  { paths, docker, certificates, abra }: AsHostOptions,
  { secrets, app, commit }: DroneReady,
): Promise<void> {
  const files = hostFiles(paths);
  await Deno.mkdir(files.certificates, { recursive: true });
  await Deno.copyFile(certificates.cert, join(files.certificates, "fullchain.pem"));
  await Deno.copyFile(certificates.key, join(files.certificates, "privkey.pem"));
  const { DockerRootDir }: { DockerRootDir: string } = await docker.info();
  const forge = { host: FORGE_HOST, address: HOST_GATEWAY, ca: certificates.ca };
  await publishHostRecipes(files.recipes, { volumes: join(DockerRootDir, "volumes"), forge });
  const values = {
    drone_token: secrets.token,
    drone_rpc_secret: secrets.rpc,
    drone_client_id: app.id,
    drone_client_secret: app.secret,
    // Who can read this one can read the volumes themselves.
    restic_password: "local",
  };
  for (const [name, value] of Object.entries(values)) await writePrivate(join(files.secrets, name), value);
  await Deno.writeTextFile(
    files.settings,
    JSON.stringify(
      {
        domain: BASE_DOMAIN,
        forge: { url: `https://${FORGE_HOST}`, org: ORG },
        // A host is reached from everywhere, and this machine by itself and its containers.
        gateway: { address: HOST_GATEWAY, publish: HOST_GATEWAY },
        proxy: { ingress: `${HOST_GATEWAY}:443` },
        ca: certificates.ca,
        certificates: files.certificates,
        drone: { repository: PIPELINES, commit },
        backupBot: {},
        recipes: pathToFileURL(files.recipes).href,
        docker: SOCKET,
        abra,
        abraDir: files.abra,
        made: files.made,
        runs: paths.runs,
        secrets: files.secrets,
        home: files.home,
      },
      null,
      2,
    ) + "\n",
  );
}

function hostCommand(paths: Paths, part: string): string[] {
  return [...startCommand("host", { home: paths.programs }), part, "--settings", hostFiles(paths).settings];
}

const said = z.object({
  outcome: z.string(),
  parts: z.array(z.object({ message: z.string().optional(), hint: z.string().optional() })).default([]),
  message: z.string().optional(),
});

/** Calls the host's program for everything. @throws {StackError} where it says that something is wrong */
async function callHost({ paths, progress, signal }: AsHostOptions): Promise<"converged" | "not yet"> {
  return await inStep(progress, "cc-ci-host all", async (step) => {
    const show = (chunk: Uint8Array) => {
      const line = new TextDecoder().decode(chunk).trim().split("\n").findLast((one) => !one.startsWith("{"));
      if (line) step.update(line.trim().slice(0, 90));
    };
    const argv = [...hostCommand(paths, "all"), "--json"];
    const env = paths.programs.form === "bundle" ? { DENO_DIR: join(paths.state, "deno-dir", "host") } : {};
    const { stdout, stderr } = await exec(argv, {
      cwd: paths.repo,
      env,
      signal,
      timeoutMs: CALL_MS,
      onOutput: show,
    });
    signal.throwIfAborted();
    const last = stdout.trim().split("\n").at(-1) ?? "";
    if (!last.startsWith("{")) {
      throw new StackError("The host's program did not say what came of it", { hint: stderr });
    }
    const { outcome, parts, message } = said.parse(JSON.parse(last));
    const whys = [message, ...parts.map((part) => part.message)].filter((why) => why !== undefined);
    if (outcome === "converged" || outcome === "not yet") {
      step.done(whys.length === 0 ? "as it should be" : `so far: ${whys.join("; ")}`);
      return outcome;
    }
    throw new StackError(`The host's program says: ${whys.join("; ")}`, {
      hint: stderr.trim().split("\n").slice(-6).join("\n"),
    });
  });
}

/** The forge of a host lies elsewhere; here it is behind the host's own proxy. JSON is YAML. */
async function writeForgeRoute(docker: Docker): Promise<void> {
  const stack = stackOf(`traefik.${BASE_DOMAIN}`);
  const { Mountpoint } = await docker.getVolume(`${stack}_file-providers`).inspect();
  const name = "cc-ci-local-forge";
  const rule = `Host(\`${FORGE_HOST}\`)`;
  const servers = [{ url: `https://${HOST_GATEWAY}:${PORTS.gitea}` }];
  const http = {
    routers: { [name]: { rule, service: name, entryPoints: ["web-secure"], tls: {} } },
    services: { [name]: { loadBalancer: { serversTransport: "cc-ci-inside", servers } } },
  };
  await writeAtomically(join(Mountpoint, "20-cc-ci-local.yml"), JSON.stringify({ http }));
}

/** The runner asks Drone through the proxy, and knows its name by the file that the host's program made, as on a host. */
function runnerOf(options: AsHostOptions & Pick<Parameters<typeof runner>[0], "programs" | "secrets">) {
  const { paths, certificates } = options;
  const hosts = join(hostFiles(paths).made, "hosts");
  const plain = runner(options);
  const mount = 'mount --bind "$0" /etc/hosts && exec "$@"';
  const values = {
    ...plain.settings.values,
    DRONE_RPC_PROTO: "https",
    DRONE_RPC_HOST: DRONE_HOST,
    SSL_CERT_FILE: certificates.ca,
  };
  return {
    ...plain,
    argv: ["unshare", "--mount", "--propagation", "slave", "sh", "-c", mount, hosts, ...plain.argv],
    settings: { ...plain.settings, values },
  };
}
