import { join } from "node:path";
import * as z from "zod";
import { type HostFacts, type HostReport, hostReport } from "../../protocol/dashboard_api.ts";
import { roomAt } from "../run/disk.ts";
import { writeAtomically } from "../../common/files.ts";

/** File beside the run folders that holds the outcome of the janitor's latest pass. */
const noteOf = (runs: string) => join(runs, ".janitor.json");
const note = hostReport.shape.janitor.unwrap();

/** Writes down the outcome of a pass of the janitor. The next reports from this host include it. */
export async function noteJanitor(runs: string, pass: z.infer<typeof note>): Promise<void> {
  await Deno.mkdir(runs, { recursive: true });
  await writeAtomically(noteOf(runs), JSON.stringify(pass));
}

/**
 * The state of this host for the dashboard. Docker is not asked, because it may hang, and the heartbeat that carries
 * this report must not wait for it.
 * @param options.disks folders that runs fill; the least free space among their disks is reported
 * @param options.facts what the run has found out
 */
export async function reportHost(
  runs: string,
  { disks, facts }: { disks: readonly string[]; facts: HostFacts },
): Promise<HostReport> {
  const rooms = (await Promise.all(disks.map(roomAt))).filter((room) => room !== null);
  const inodes = rooms.flatMap((room) => room.inodes === null ? [] : [room.inodes.free]);
  return {
    ...facts,
    freeBytes: rooms.length === 0 ? null : Math.min(...rooms.map(({ bytes }) => bytes.free)),
    ...(inodes.length === 0 ? {} : { freeInodes: Math.min(...inodes) }),
    janitor: await latestPass(runs),
  };
}

async function latestPass(runs: string): Promise<HostReport["janitor"]> {
  try {
    return note.parse(JSON.parse(await Deno.readTextFile(noteOf(runs))));
  } catch {
    return null; // no pass has ended on this host yet
  }
}
