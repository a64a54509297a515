import { preconditions } from "../checks/preconditions.ts";
import { credentialsFolder, credentialsIn } from "../credentials.ts";
import { readSettings } from "../settings.ts";
import { hostWorld } from "../world/host_world.ts";
import { reportFindings } from "./output.ts";

/** Looks whether all is there that the host needs. @returns the exit code */
export async function check(
  options: { settings: string; json?: boolean; signal: AbortSignal },
): Promise<number> {
  const settings = await readSettings(options.settings);
  const credentials = credentialsIn(credentialsFolder(settings));
  const world = hostWorld(settings, { credentials, signal: options.signal, log: () => {} });
  return reportFindings(await preconditions(settings, { world, credentials, now: Date.now() }), options);
}
