import { join } from "node:path";
import { pollUntil } from "../../common/time.ts";
import { FileLock } from "../../common/file_lock.ts";
import { runFolders } from "../../harness/run/folder.ts";
import { HostError } from "../errors.ts";
import type { HostSettings } from "../settings.ts";

const POLL_MS = 1_000;

/**
 * Holds new runs back: the bridge tells people why, and takes their commands up afterwards.
 * @param state the bridge's state folder
 */
export async function holdRuns(state: string, why: string): Promise<void> {
  await Deno.mkdir(state, { recursive: true });
  const path = join(state, "maintenance");
  await Deno.writeTextFile(path, `${why}\n`);
  await Deno.chmod(path, 0o644); // the bridge is another user, whatever the caller keeps from others
}

/** Lets runs start again. @returns whether they were held back */
export async function releaseRuns(state: string): Promise<boolean> {
  try {
    await Deno.remove(join(state, "maintenance"));
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** @throws {HostError} wrong, where the bridge that starts runs is another host's */
export function requireBridge({ runnerOf }: Pick<HostSettings, "runnerOf">): void {
  if (runnerOf === undefined) return;
  throw new HostError("wrong", `The runs of this host are started by the bridge of ${runnerOf.domain}`, {
    hint: `Hold them back there, or stop "cc-ci-runner.service" here once no run goes on.`,
  });
}

/** Names of the runs that go on at this host: each holds the lock of its folder. */
export async function liveRuns({ runs }: Pick<HostSettings, "runs">): Promise<string[]> {
  const live: string[] = [];
  for (const folder of await runFolders(runs)) {
    if (await folder.state() !== "open") continue;
    using lock = await FileLock.take(folder.lock);
    if (lock === null) live.push(folder.path);
  }
  return live;
}

/**
 * Waits until no run goes on any more, at any host.
 * @param options.ms how long at most
 * @param options.builds numbers of the builds that go on or wait, as Drone has them
 * @throws {HostError} not yet, with what goes on, or why that cannot be said
 */
export async function waitForRuns(
  settings: Pick<HostSettings, "runs">,
  { ms, builds, log, signal }: {
    ms: number;
    builds: () => Promise<number[]>;
    log: (line: string) => void;
    signal: AbortSignal;
  },
): Promise<void> {
  await pollUntil<true>(async () => {
    const all = [...await liveRuns(settings), ...await openAtDrone(builds)];
    return all.length === 0 ? { done: true } : { missing: all.join(", ") };
  }, {
    everyMs: POLL_MS,
    signal,
    onChange: (text) => log(`Waiting for ${text}`),
    limit: {
      ms,
      error: (text) =>
        new HostError("not yet", `Runs go on, as far as can be seen: ${text}`, {
          hint:
            "Wait for them or cancel them, a build whose runner has died on Drone's page; new ones are held back meanwhile.",
        }),
    },
  });
}

async function openAtDrone(builds: () => Promise<number[]>): Promise<string[]> {
  try {
    return (await builds()).map((number) => `build ${number} of Drone`);
  } catch (error) {
    if (error instanceof HostError) return [`what is not known: ${error.message}`];
    throw error;
  }
}
