import { formatBytes } from "../../common/bytes.ts";
import { type Room, roomAt } from "../run/disk.ts";
import type { Settings } from "../run/settings.ts";
import { InfraFailure } from "../run/stage.ts";
import type { RunContext } from "./context.ts";

/** How much more a layer takes at least than the bytes in which it is sent. */
const UNPACKED = 2;

/** What has to be free before anything is deployed. */
export type Wanted = Pick<Settings, "MIN_FREE_GB" | "MIN_FREE_INODES">;

type SpaceRun = Pick<RunContext, "swarm"> & { plan: Pick<RunContext["plan"], "settings"> };

/**
 * Demands that the disk of the run folders and that of Docker have room: a full disk can ruin the Swarm.
 * @param options.pull bytes in which images will be sent to Docker @default 0
 * @returns bytes that Docker's disk has beyond that; null: nobody may look
 * @throws {InfraFailure} with the numbers, where one has not
 */
export async function requireFreeSpace(run: SpaceRun, { pull = 0 } = {}): Promise<number | null> {
  const { settings } = run.plan;
  const { DockerRootDir: docker } = await run.swarm.info();
  const atRuns = await roomAt(settings.RUNS);
  const atDocker = await roomAt(docker);
  if (atRuns !== null) requireRoom(settings.RUNS, { room: atRuns, wanted: settings, pull: 0 });
  if (atDocker === null) return null;
  requireRoom(docker, { room: atDocker, wanted: settings, pull });
  return atDocker.bytes.free - minBytes(settings);
}

/**
 * Waits until the next app may be deployed, and demands room for it then: an app that has to go first takes what it
 * used along.
 * @throws {InfraFailure} as {@linkcode requireFreeSpace}
 */
export async function roomToDeploy(run: SpaceRun & Pick<RunContext, "room">): Promise<void> {
  await run.room;
  await requireFreeSpace(run);
}

/** @throws {InfraFailure} with the numbers, where a disk has less room than is wanted */
export function requireRoom(
  path: string,
  { room: { bytes, inodes }, wanted, pull }: { room: Room; wanted: Wanted; pull: number },
): void {
  const least = minBytes(wanted);
  const kept = `${formatBytes(least)} must be free before anything is deployed (CCCI_MIN_FREE_GB)`;
  if (bytes.free < least) {
    throw new InfraFailure(`Only ${formatBytes(bytes.free)} are free at "${path}"`, {
      detail: `At least ${kept}`,
    });
  }
  if (inodes !== null && inodes.free < wanted.MIN_FREE_INODES) {
    const total = inodes.free + inodes.used;
    throw new InfraFailure(`Only ${inodes.free} of ${total} inodes are free at "${path}"`, {
      detail:
        `At least ${wanted.MIN_FREE_INODES} must be free before anything is deployed (CCCI_MIN_FREE_INODES)`,
    });
  }
  const taken = UNPACKED * pull;
  if (bytes.free < least + taken) {
    const images = `the images that are missing take at least ${formatBytes(taken)}`;
    throw new InfraFailure(`Only ${formatBytes(bytes.free)} are free at "${path}", and ${images}`, {
      detail: `Their layers are sent in ${formatBytes(pull)}, and ${kept}`,
    });
  }
}

function minBytes({ MIN_FREE_GB: gigabytes }: Wanted): number {
  return gigabytes * 1e9;
}
