import { type Ingress, readCa } from "../../common/ingress.ts";
import type { Settings } from "./settings.ts";

/** How the proxy in front of the apps is reached. */
export async function ingressOf(settings: Settings): Promise<Ingress> {
  return {
    address: settings.INGRESS,
    ...(settings.CA_FILE === undefined ? {} : { ca: await readCa(settings.CA_FILE) }),
  };
}
