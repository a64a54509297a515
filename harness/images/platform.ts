import type { Swarm } from "../swarm/swarm.ts";

/** The kernel's names of machines, and those of the images that run there. */
const architectures: Record<string, string[]> = {
  x86_64: ["amd64", "386"],
  aarch64: ["arm64", "arm"],
  armv7l: ["arm"],
  i686: ["386"],
};

/** What machine the engine runs on, as in `linux/x86_64`. */
export async function hostPlatform(swarm: Swarm): Promise<string> {
  const { OSType, Architecture } = await swarm.info();
  return `${OSType}/${Architecture}`;
}

/** Whether an image, such as one for `linux/amd64`, runs on a host. One that says nothing of machines is tried. */
export function isFor(image: string, host: string): boolean {
  const [, architecture = ""] = image.split("/");
  const [, own = ""] = host.split("/");
  return architecture === "" || own === "" || (architectures[own] ?? [own]).includes(architecture);
}
