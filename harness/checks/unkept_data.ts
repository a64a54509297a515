import type { App } from "../app/app.ts";
import { namedVolumes, protectedVolumes } from "../recipe/backup_labels.ts";
import { type Compose, volumesOf } from "../recipe/compose.ts";
import { writtenSince } from "../swarm/exec.ts";

/** A place at which a service keeps data in a volume without a name. */
export interface Unkept {
  service: string;
  /** Path in its containers. */
  target: string;
}

/**
 * Finds where services have written files into volumes without a name, which an image or a compose file asks for:
 * Swarm gives each new container a new one, so that an update leaves the data behind. Volumes that are empty, or hold
 * only what the image brings, are left out.
 */
export async function unkeptData(app: Pick<App, "swarm" | "stack">): Promise<Unkept[]> {
  const { swarm, stack } = app;
  const running = (await swarm.containers(stack)).filter((one) => one.State === "running");
  const found = await Promise.all(
    running.flatMap((container) =>
      container.Mounts.filter((mount) => mount.Type === "volume" && /^[0-9a-f]{64}$/.test(mount.Name)).map(
        async ({ Destination: target }) => {
          const since = (container.Created ?? 0) * 1000;
          // A folder that changes while the engine packs it may end in an error; then nothing is known of it.
          if (!await writtenSince(swarm, container.Id, { path: target, since }).catch(() => false)) return [];
          const name = container.Labels["com.docker.swarm.service.name"] ?? container.Id.slice(0, 12);
          return [{ service: name.replace(`${stack}_`, ""), target }];
        },
      )
    ),
  );
  const byPlace = new Map(found.flat().map((one) => [`${one.service}\n${one.target}`, one]));
  return [...byPlace.values()];
}

/** What is wrong with a place of this kind, one sentence. */
export function unkeptBlemish({ service, target }: Unkept): string {
  return `Service "${service}" keeps data at ${target} in a volume that every update replaces`;
}

/** Why no data was looked for in an upgrade from this version, one sentence. */
export function whyNothingKept(
  base: Compose,
  app: { stack: string; unkept: readonly Unkept[] },
): string {
  const [first] = app.unkept;
  if (first !== undefined) {
    return `No data could be kept: what service "${first.service}" has at ${first.target} is in a volume ` +
      "that every update replaces";
  }
  if (volumesOf(base, app.stack).length === 0) return "No data to keep: the recipe has no volumes";
  if (namedVolumes(base, app.stack).length === 0) {
    return "No data to keep: the recipe's volumes are in memory";
  }
  return protectedVolumes(base, app.stack).length === 0
    ? "No data was looked for: the recipe's backup labels leave out all volumes"
    : "No data was looked for: nothing that ran could write to the recipe's volumes";
}
