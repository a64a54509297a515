import { waitFor } from "../../common/time.ts";
import { isCommandOf } from "../../programs/start.ts";
import { isOurs } from "../../harness/run/names.ts";
import { type Docker, orNothing } from "../docker/client.ts";
import { BASE_DOMAIN, OURS, type Paths } from "../host/paths.ts";
import { commandLine, findProcesses, isRunning, type ProcessId, stopProcess } from "../host/process.ts";

const STACK_LABEL = "com.docker.stack.namespace";
/** A keeper that is told to end takes its app down first; the harness promises to be done within 60 s. */
const KEEPER_MS = 75_000;

/** Ends test runs that still go on, letting their keepers tear down. Answers how many there were. */
export async function stopRuns(paths: Paths): Promise<number> {
  // Known by their settings: each run of this stack is told of this stack's CA.
  const ours = (pid: number) => {
    try {
      return Deno.readTextFileSync(`/proc/${pid}/environ`).split("\0").includes(
        `CCCI_CA_FILE=${paths.tls}/ca.pem`,
      );
    } catch {
      return false;
    }
  };
  const isHarness = (argv: string[]) => isCommandOf("harness", argv);
  const runs = findProcesses(isHarness).filter((id) => ours(id.pid));
  const keepers = runs.filter((id) => commandLine(id.pid).includes("keeper"));
  await Promise.all(keepers.map((id) => stopProcess(id, { graceMs: KEEPER_MS })));
  await Promise.all(
    runs.filter((id: ProcessId) => isRunning(id)).map((id) => stopProcess(id, { graceMs: 5_000 })),
  );
  return runs.length;
}

/**
 * Whether an object in Docker is of an app under test.
 * @param stack its stack label; secrets that abra makes carry none, and there the name begins with the stack's
 */
export function belongsToRun(name: string, stack: string | undefined): boolean {
  const suffix = `_${BASE_DOMAIN.replaceAll(".", "_")}`;
  return isOurs(stack ?? name.slice(0, name.indexOf(suffix) + suffix.length), BASE_DOMAIN);
}

/**
 * Removes what apps under test left in the engine: everything of stacks named as runs name them. In an engine of
 * our own nothing else can belong to anybody, so there all that is left goes.
 */
export async function sweepApps(docker: Docker, { everything }: { everything: boolean }): Promise<string[]> {
  const mine = (name: string | undefined, labels: Record<string, string> | undefined) =>
    everything || belongsToRun(name ?? "", labels?.[STACK_LABEL]);
  const removed: string[] = [];
  async function remove(what: string, removal: () => Promise<unknown>): Promise<void> {
    await orNothing(removal());
    removed.push(what);
  }
  for (const service of await docker.listServices()) {
    if (!mine(service.Spec?.Name, service.Spec?.Labels)) continue;
    await remove(`service ${service.Spec?.Name}`, () => docker.getService(service.ID).remove());
  }
  const containers = async () =>
    (await docker.listContainers({ all: true })).filter(({ Names, Labels }) =>
      mine(Names[0]?.replace(/^\//, ""), Labels)
    );
  for (const container of await containers()) {
    await remove(
      `container ${container.Names[0]}`,
      () => docker.getContainer(container.Id).remove({ force: true, v: true }),
    ).catch(() => {}); // its removal by Swarm may be under way: waited for below
  }
  await waitFor(async () => (await containers()).length === 0, {
    what: "the containers of removed services to go",
    timeoutMs: 120_000,
  });
  for (const secret of await docker.listSecrets()) {
    if (!mine(secret.Spec?.Name, secret.Spec?.Labels)) continue;
    await remove(`secret ${secret.Spec?.Name}`, () => docker.getSecret(secret.ID).remove());
  }
  for (const config of await docker.listConfigs()) {
    if (!mine(config.Spec?.Name, config.Spec?.Labels)) continue;
    await remove(`config ${config.Spec?.Name}`, () => docker.getConfig(config.ID).remove());
  }
  for (const volume of (await docker.listVolumes()).Volumes ?? []) {
    if (!mine(volume.Name, volume.Labels ?? {})) continue;
    await remove(`volume ${volume.Name}`, () => docker.getVolume(volume.Name).remove());
  }
  for (const network of await docker.listNetworks()) {
    if (["bridge", "host", "none", "ingress", "docker_gwbridge"].includes(network.Name)) continue;
    if (network.Labels?.[OURS] !== undefined || !mine(network.Name, network.Labels)) continue;
    await removeNetwork(docker, network.Id);
    removed.push(`network ${network.Name}`);
  }
  return removed;
}

/** A network that a task is just leaving is refused for some seconds, and so is one whose endpoints outlived a crash. */
export async function removeNetwork(docker: Docker, id: string): Promise<void> {
  const network = docker.getNetwork(id);
  await waitFor(async () => {
    try {
      await orNothing(network.remove());
    } catch {
      const there = await orNothing(network.inspect());
      for (const endpoint of Object.values(there?.Containers ?? {})) {
        const name: unknown = endpoint.Name;
        if (typeof name === "string") {
          await network.disconnect({ Container: name, Force: true }).catch(() => {});
        }
      }
      return false;
    }
    return await orNothing(network.inspect()) === undefined;
  }, { what: "a network to be given up by its last container", timeoutMs: 120_000 });
}
