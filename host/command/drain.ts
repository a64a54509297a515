import { complain, write } from "../../common/output.ts";
import { credentialsFolder, credentialsIn } from "../credentials.ts";
import { holdRuns, releaseRuns, requireBridge, waitForRuns } from "../reconcile/drain.ts";
import { type HostSettings, readSettings } from "../settings.ts";
import { openBuilds } from "../world/drone_api.ts";
import { hostDrone } from "../world/host_world.ts";

export interface DrainOptions {
  minutes: number;
  why: string;
  off?: boolean;
  /** State folder of the bridge. */
  state: string;
  json?: boolean;
  settings: string;
  signal: AbortSignal;
}

/** Holds new runs back and waits until those under way have ended, or lets runs start again. */
export async function drain(options: DrainOptions): Promise<void> {
  const { state, off = false, signal } = options;
  const settings = await readSettings(options.settings);
  requireBridge(settings);
  if (off) {
    write(await releaseRuns(state) ? "Runs start again\n" : "Runs were not held back\n");
  } else {
    // First of all, so that nothing is held back where Drone cannot be asked, as without its token.
    const builds = await buildsOf(settings, signal);
    await holdRuns(state, options.why);
    await waitForRuns(settings, { ms: options.minutes * 60_000, builds, log: complain, signal });
    write('No run goes on, and none starts until "cc-ci-host drain --off"\n');
  }
  if (options.json) write(`${JSON.stringify({ outcome: "converged", held: !off })}\n`);
}

/** Asks Drone, where this host has one, for the builds that go on at any host or wait for a runner. */
async function buildsOf(settings: HostSettings, signal: AbortSignal): Promise<() => Promise<number[]>> {
  const { drone } = settings;
  if (drone === undefined) return () => Promise.resolve([]);
  const api = await hostDrone(settings, { credentials: credentialsIn(credentialsFolder(settings)), signal });
  return () => openBuilds(api, drone.repository);
}
