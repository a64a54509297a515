import { httpAddress } from "../../common/ingress.ts";
import type { WatchedBrowser } from "../browser/types.ts";
import type { Settings } from "../run/settings.ts";

/**
 * Starts a browser that reaches the given domains and nothing else.
 * @param options.family name of the run by which it is found when the run is cleaned up, if that is not this process's
 * own
 */
export async function browserFor(
  domains: readonly string[],
  { settings, family }: { settings: Settings; family?: string },
): Promise<WatchedBrowser> {
  const { openBrowser } = await import("../browser/browser.ts"); // large, and not needed before a deploy
  return await openBrowser({
    ingress: settings.INGRESS,
    ingressHttp: httpAddress(settings),
    ...(settings.CA_FILE === undefined ? {} : { ca: settings.CA_FILE }),
    domains,
    ...(family === undefined ? {} : { family }),
  });
}
