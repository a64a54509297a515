import { isOurs } from "../run/names.ts";
import type { DockerObject, Swarm } from "../swarm/swarm.ts";

/** What Docker holds that is not of this suite's own apps. Containers come and go with their services and are left out. */
export async function foreignObjects(swarm: Swarm, base: string): Promise<DockerObject[]> {
  return foreignAmong(await swarm.allObjects(), base);
}

/** The pure half of {@linkcode foreignObjects}: also leaves out what only bears the name of one of our stacks. */
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

/** The stack of ours that an object belongs to, by its label or else its name; null for what is not ours. */
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
