import type { Buffer } from "node:buffer";
import { dirname } from "node:path";
import { pack } from "tar-stream";
import { change } from "../run/faults.ts";
import type { VolumeFile } from "../../enrolment/deploy_schema.ts";
import type { Checked } from "../confinement/engine/mod.ts";
import { part, serviceSpec } from "../confinement/engine/service_spec.ts";
import { entriesOf, itemsOf } from "../recipe/compose_values.ts";
import { StageFailure } from "../run/stage.ts";
import { withDomains } from "./settings.ts";
import { collect, DockerError, type Swarm } from "../swarm/swarm.ts";

/** Bytes of an archive; a `recipe.yml` does not hold so much. */
const MOST_BYTES = 16 * 1024 * 1024;
const STACK_LABEL = "com.docker.stack.namespace";

/** A place of a service at which a volume is mounted, as the engine is told of it. */
interface Mounted {
  image: string;
  mount: Record<string, unknown>;
}

/**
 * Puts the files of `recipe.yml` into the volumes of an app that has not been deployed yet. What a published version does
 * not have is left out.
 * @throws {StageFailure} as the enrolment's mistake for a volume that the commit under test does not have
 */
export async function fillVolumes(
  swarm: Swarm,
  app: {
    files: readonly VolumeFile[];
    domain: string;
    stack: string;
    checked: Pick<Checked, "model">;
    at: "head" | "base";
    log: (line: string) => void;
  },
): Promise<void> {
  const { domain, stack, checked, at, log } = app;
  const files = app.files.map((one) => ({ ...one, content: withDomains(one.content, domain) }));
  const unknown = await writeVolumeFiles(swarm, { files, stack, checked });
  for (const { volume, path } of files) {
    if (!unknown.includes(volume)) log(`Wrote ${path} into volume ${volume}`);
  }
  const [first] = unknown;
  if (first === undefined) return;
  const message = `recipe.yml: files names volume "${first}", and no service mounts one of that name`;
  if (at === "head") throw new StageFailure(message, { code: "enrolment.volume", fault: "enrolment" });
  log(message);
}

/**
 * Writes files into the volumes of a stack that has none yet. A container of the service's image, which is never started,
 * mounts the volume as Swarm will: the engine makes the volume, and fills it with what the image has there, as for the
 * service itself. The files belong to root, and everybody may read them.
 * @returns names of volumes that no service mounts
 * @throws {DockerError}
 */
async function writeVolumeFiles(
  swarm: Swarm,
  options: { files: readonly VolumeFile[]; stack: string; checked: Pick<Checked, "model"> },
): Promise<string[]> {
  const { files, stack, checked } = options;
  const unknown: string[] = [];
  for (const [volume, of] of Map.groupBy(files, (one) => one.volume)) {
    const mounted = mountedAt(volume, { stack, checked });
    if (mounted === null) unknown.push(volume);
    else await write(swarm, { files: of, volume, stack, mounted });
  }
  return unknown;
}

function mountedAt(
  key: string,
  { stack, checked: { model } }: { stack: string; checked: Pick<Checked, "model"> },
): Mounted | null {
  for (const [name, service] of entriesOf(model.services)) {
    const at = itemsOf(part(service).volumes).findIndex(([, mount]) =>
      part(mount).source === key && (part(mount).type ?? "volume") === "volume"
    );
    if (at === -1) continue;
    const { TaskTemplate: template } = serviceSpec(name, { model, stack });
    const { Image: image, Mounts: mounts } = part(part(template).ContainerSpec);
    return { image: String(image), mount: part(itemsOf(mounts)[at]?.[1]) };
  }
  return null;
}

async function write(
  swarm: Swarm,
  { files, volume, stack, mounted }: {
    files: readonly VolumeFile[];
    volume: string;
    stack: string;
    mounted: Mounted;
  },
): Promise<void> {
  const bytes = await archiveOf(files);
  try {
    const { id } = await change("a container that writes into a volume", () =>
      swarm.docker.createContainer({
        Image: mounted.image,
        Cmd: ["true"],
        Labels: { [STACK_LABEL]: stack },
        HostConfig: { Mounts: [{ ...mounted.mount, ReadOnly: false }] } as never,
      }));
    try {
      await swarm.docker.getContainer(id).putArchive(bytes, { path: String(mounted.mount.Target) });
    } finally {
      await swarm.remove({ kind: "container", id, name: `of volume ${volume}` });
    }
  } catch (cause) {
    if (cause instanceof DockerError) throw cause;
    throw new DockerError(`write files into volume "${volume}" before the app starts`, { cause });
  }
}

/** The files with the folders that lead to them. */
async function archiveOf(files: readonly VolumeFile[]): Promise<Buffer> {
  const archive = pack();
  const folders = new Set<string>();
  for (const { path, content } of files) {
    const above: string[] = [];
    for (let folder = dirname(path); folder !== "."; folder = dirname(folder)) above.unshift(folder);
    for (const folder of above) {
      if (folders.has(folder)) continue;
      folders.add(folder);
      archive.entry({ name: folder, type: "directory", mode: 0o755 });
    }
    archive.entry({ name: path, mode: 0o644 }, content);
  }
  archive.finalize();
  return await collect(archive as unknown as NodeJS.ReadableStream, MOST_BYTES);
}
