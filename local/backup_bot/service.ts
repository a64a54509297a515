import { join } from "node:path";
import { waitFor } from "../../common/time.ts";
import type { Docker } from "../docker/client.ts";
import { StackError } from "../host/errors.ts";
import { findService, FINGERPRINT, fingerprint, removeOwnStack, taskStates } from "../docker/own_stack.ts";
import { OURS, type Paths } from "../host/paths.ts";
import type { Step } from "../host/progress.ts";

const STACK = "cc-ci-backup-bot";
const SERVICE = `${STACK}_app`;
const REPOSITORY = `${STACK}_repository`;
const READY_MS = 180_000;

export const BOT_LOG = `docker service logs ${SERVICE}`;

export interface BackupBotOptions {
  paths: Paths;
  step: Step;
  /** Tag of the image to run. */
  image: string;
  signal: AbortSignal;
}

/**
 * The backup bot as a Swarm service with the label by which abra finds one. Its restic repository is a volume, which
 * goes when the stack goes; its program is this checkout's.
 */
export async function ensureBackupBot(docker: Docker, options: BackupBotOptions): Promise<void> {
  const { step, image, paths } = options;
  const ingredients = { image, paths, volumes: await volumesFolder(docker) };
  // The bot runs with the Deno that runs this program. Another Deno is no reason to replace a bot that runs.
  const made = JSON.stringify(serviceSpec({ ...ingredients, deno: "" }));
  const wanted = fingerprint(made + (await docker.getImage(image).inspect()).Id);
  const current = await findService(docker, SERVICE);
  if (current?.fingerprint === wanted && await backupBotReady(docker)) {
    step.done("already running");
    return;
  }
  if (current?.fingerprint !== wanted) {
    if (current !== undefined) await removeOwnStack(docker, { stack: STACK, volumes: false });
    step.update("starting the service");
    const spec = serviceSpec({ ...ingredients, deno: await Deno.realPath(Deno.execPath()) });
    await docker.createService({ ...spec, Labels: { ...spec.Labels, [FINGERPRINT]: wanted } });
  }
  step.update("waiting for its repository");
  try {
    await waitFor(() => backupBotReady(docker), {
      what: "the backup bot to have its repository ready",
      timeoutMs: READY_MS,
      everyMs: 150,
      signal: options.signal,
    });
  } catch (cause) {
    options.signal.throwIfAborted();
    throw new StackError("Could not start the backup bot", {
      cause,
      hint: `${await taskStates(docker, SERVICE)}\nIts log: ${BOT_LOG}`,
    });
  }
}

/** Whether its container can be asked for backups. */
export async function backupBotReady(docker: Docker): Promise<boolean> {
  const filters = { label: [`com.docker.swarm.service.name=${SERVICE}`], status: ["running"] };
  const [container] = await docker.listContainers({ filters });
  if (container === undefined) return false;
  try {
    const exec = await docker.getContainer(container.Id).exec({ Cmd: ["test", "-e", "/run/ready"] });
    (await exec.start({ Detach: true })).destroy(); // an answer left unread keeps this process alive
    const ended = async () => {
      const { Running, ExitCode } = await exec.inspect();
      return Running ? undefined : { ready: ExitCode === 0 };
    };
    return (await waitFor(ended, { what: "an answer", timeoutMs: 5_000, everyMs: 30 })).ready;
  } catch {
    return false;
  }
}

/** When its service was made, if it is there. */
export async function backupBotSince(docker: Docker): Promise<Date | undefined> {
  const service = await findService(docker, SERVICE);
  return service === undefined ? undefined : new Date(service.createdAt);
}

/** Removes the service and its repository with all snapshots. */
export function removeBackupBot(docker: Docker): Promise<boolean> {
  return removeOwnStack(docker, { stack: STACK, volumes: true });
}

/** Where the engine keeps its volumes. */
async function volumesFolder(docker: Docker): Promise<string> {
  const { DockerRootDir }: { DockerRootDir: string } = await docker.info();
  return join(DockerRootDir, "volumes");
}

interface Ingredients {
  image: string;
  paths: Paths;
  /** The program that runs the bot's. */
  deno: string;
  volumes: string;
}

function serviceSpec({ image, paths, deno, volumes }: Ingredients) {
  const labels = { "com.docker.stack.namespace": STACK, [OURS]: paths.cache };
  const bind = (source: string, target: string, writable = false) => ({
    Type: "bind" as const,
    Source: source,
    Target: target,
    ReadOnly: !writable,
  });
  return {
    Name: SERVICE,
    Labels: { ...labels, "coop-cloud.backupbot.enabled": "true" },
    TaskTemplate: {
      ContainerSpec: {
        Image: image,
        Labels: labels,
        Init: true,
        StopGracePeriod: 2_000_000_000,
        Env: [
          "RESTIC_REPOSITORY=/backups/restic",
          // restic has no repository without one. Who can read this one can read the volumes themselves.
          "RESTIC_PASSWORD=local",
          // restic's cache need not last: the repository lies on the same disk.
          "RESTIC_CACHE_DIR=/tmp/restic",
        ],
        Mounts: [
          bind("/var/run/docker.sock", "/var/run/docker.sock"),
          bind(volumes, "/var/lib/docker/volumes", true),
          bind(deno, "/opt/deno"),
          bind(join(paths.repo, "common"), "/opt/cc-ci/common"),
          bind(join(paths.repo, "local", "backup_bot"), "/opt/cc-ci/local/backup_bot"),
          {
            Type: "volume" as const,
            Source: REPOSITORY,
            Target: "/backups",
            VolumeOptions: { NoCopy: true, Labels: labels, DriverConfig: { Name: "local", Options: {} } },
          },
        ],
      },
      RestartPolicy: { Condition: "any" as const, Delay: 1_000_000_000 },
    },
    Mode: { Replicated: { Replicas: 1 } },
    EndpointSpec: { Mode: "dnsrr" as const },
  };
}
