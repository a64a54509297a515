import { isOurs } from "../run/names.ts";
import type { DockerObject, Swarm } from "../swarm/swarm.ts";

/**
 * What Docker holds that does not belong to this suite's own apps. Containers and anonymous volumes are left out,
 * because they come and go with their services.
 */
export async function foreignObjects(swarm: Swarm, base: string): Promise<DockerObject[]> {
  return foreignAmong(await swarm.allObjects(), base);
}

/**
 * The part of {@linkcode foreignObjects} that asks nobody. An object without a label counts as ours when its name says
 * so.
 */
export function foreignAmong(
  objects: readonly (DockerObject & { stack: string | null })[],
  base: string,
): DockerObject[] {
  return objects.filter((object) => {
    if (object.kind === "container") return false;
    if (object.kind === "volume" && /^[0-9a-f]{64}$/.test(object.name)) return false;
    return ownerOf(object, base) === null;
  });
}

/** The stack of ours that an object belongs to, by its label or otherwise its name; null when it is not ours. */
export function ownerOf(object: { name: string; stack: string | null }, base: string): string | null {
  const owner = object.stack ?? object.name.split("_").slice(0, 1 + base.split(".").length).join("_");
  return isOurs(owner, base) ? owner : null;
}

/** Objects of the first list that are not in the second. */
export function disappeared(before: readonly DockerObject[], after: readonly DockerObject[]): DockerObject[] {
  const there = new Set(after.map(identity));
  return before.filter((object) => !there.has(identity(object)));
}

/** `volume "x"` for people. */
export function describeObject(object: DockerObject): string {
  return `${object.kind} "${object.name}"`;
}

function identity(object: DockerObject): string {
  return `${object.kind} ${object.id}`;
}
