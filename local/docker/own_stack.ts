import { createHash } from "node:crypto";
import { waitFor } from "../../common/time.ts";
import { type Docker, orNothing } from "./client.ts";
import { OURS } from "../host/paths.ts";

/** Label of a service of ours: a hash over what it was made from, so that a start knows whether it is stale. */
export const FINGERPRINT = `${OURS}.fingerprint`;

/** A service that the local stack itself runs in Swarm. */
export interface OwnService {
  fingerprint: string;
  /** ISO 8601. */
  createdAt: string;
  /** Cache folder of the stack it belongs to. */
  owner: string;
}

/** Hash of what a service is made from. First 12 hex digits. */
export function fingerprint(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}

export async function findService(docker: Docker, name: string): Promise<OwnService | undefined> {
  const found = (await docker.listServices({ filters: { name: [name] } }))
    .find((service) => service.Spec?.Name === name);
  if (found === undefined) return undefined;
  const labels: Record<string, string> = found.Spec?.Labels ?? {};
  return {
    fingerprint: labels[FINGERPRINT] ?? "",
    createdAt: found.CreatedAt ?? "",
    owner: labels[OURS] ?? "",
  };
}

/** States of a service's tasks and their errors, for a hint. */
export async function taskStates(docker: Docker, service: string): Promise<string> {
  const tasks: { Status?: { State?: string; Err?: string } }[] = await docker.listTasks({
    filters: { service: [service] },
  });
  return tasks.map((task) => `Task ${task.Status?.State ?? "?"}: ${task.Status?.Err ?? "no error given"}`)
    .join("\n");
}

/**
 * Removes everything of one of our own stacks; resolves when it is gone.
 * @param options.volumes false keeps what it has stored
 * @returns whether it had a service
 */
export async function removeOwnStack(
  docker: Docker,
  { stack, volumes }: { stack: string; volumes: boolean },
): Promise<boolean> {
  const filters = { label: [`com.docker.stack.namespace=${stack}`] };
  const services = await docker.listServices({ filters });
  for (const service of services) await orNothing(docker.getService(service.ID).remove());
  for (const container of await docker.listContainers({ all: true, filters })) {
    await docker.getContainer(container.Id).remove({ force: true, v: true }).catch(() => {});
  }
  await waitFor(async () => (await docker.listContainers({ all: true, filters })).length === 0, {
    what: `the containers of ${stack} to go away`,
    timeoutMs: 120_000,
    everyMs: 100,
  });
  for (const config of await docker.listConfigs({ filters })) {
    await docker.getConfig(config.ID).remove().catch(() => {});
  }
  for (const secret of await docker.listSecrets({ filters })) {
    await docker.getSecret(secret.ID).remove().catch(() => {});
  }
  for (const volume of volumes ? (await docker.listVolumes({ filters })).Volumes ?? [] : []) {
    await orNothing(docker.getVolume(volume.Name).remove());
  }
  return services.length > 0;
}
