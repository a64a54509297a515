import type { Swarm } from "../swarm/swarm.ts";
import { findImage } from "./engine.ts";
import { hideLogin } from "./login.ts";
import { askManifest } from "./manifest.ts";
import { isSettled } from "./obtain.ts";
import { isName, referenceOf } from "./reference.ts";
import type { SizeOptions } from "./size.ts";

/**
 * Whether an image could be had: the engine has it, or its registry has. Nothing is pulled. What nobody can tell counts
 * as no.
 */
export async function isToBeHad(
  swarm: Swarm,
  image: string,
  { findLogin, hide, signal }: SizeOptions,
): Promise<boolean> {
  if (!isName(image)) return false;
  const reference = referenceOf(image);
  const present = await findImage(swarm, reference);
  if (present !== null && isSettled(reference, present)) return true;
  const login = await findLogin(reference.registry);
  if (login !== null) hideLogin(login, hide);
  return await askManifest(reference, { login, signal }).then(({ ok }) => ok, () => false);
}
