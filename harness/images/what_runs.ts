import { InfraFailure } from "../run/stage.ts";
import type { ServiceObject } from "../swarm/schema.ts";
import type { Swarm } from "../swarm/swarm.ts";
import { findImage } from "./engine.ts";
import type { Obtained } from "./obtain.ts";
import { referenceOf } from "./reference.ts";

/**
 * Demands that the services of a stack run the images that the run has obtained. abra and Swarm's agent each ask the
 * registry once more, and a tag may be moved meanwhile.
 * @throws {InfraFailure} when one of them was
 */
export async function requireObtained(
  swarm: Swarm,
  { stack, obtained }: { stack: string; obtained: readonly Obtained[] },
): Promise<void> {
  const asked = obtained.filter(({ from }) => from === "registry");
  if (asked.length === 0) return;
  const moved = movedByDeploy(await swarm.services(stack), asked) ?? await movedByPull(swarm, asked);
  if (moved === null) return;
  throw new InfraFailure(`The tag of "${moved.image}" was moved while the run went on`, {
    detail: `It was ${moved.was} at first, and then ${moved.is}`,
  });
}

interface Moved {
  image: string;
  was: string;
  is: string;
}

/** An image that was given a digest at the deploy, as a client does that asks the registry, and another one than ours. */
export function movedByDeploy(
  services: readonly Pick<ServiceObject, "Spec">[],
  obtained: readonly Obtained[],
): Moved | null {
  for (const { Spec } of services) {
    const [name = "", is] = (Spec.TaskTemplate.ContainerSpec?.Image ?? "").split("@");
    if (is === undefined) continue;
    const known = obtained.filter(({ image }) => fullName(image) === fullName(name));
    const [first] = known;
    if (first === undefined || known.some(({ digest }) => digest === is)) continue;
    return { image: first.image, was: first.digest ?? first.id, is };
  }
  return null;
}

/** An image that the engine has pulled anew: Swarm's agent does so for each task whose image is named by a tag. */
export async function movedByPull(swarm: Swarm, obtained: readonly Obtained[]): Promise<Moved | null> {
  for (const { image, id } of obtained) {
    const now = await findImage(swarm, referenceOf(image));
    if (now !== null && now.id !== id) return { image, was: id, is: now.id };
  }
  return null;
}

/** One name for all spellings. A digest is left out, so that what was pinned is looked for by its tag. */
function fullName(image: string): string {
  const [name = ""] = image.split("@");
  const { registry, repository, version } = referenceOf(name);
  return `${registry} ${repository}:${version}`;
}
