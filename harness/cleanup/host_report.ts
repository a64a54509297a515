import { join } from "node:path";
import * as z from "zod";
import { type HostReport, hostReport } from "../../protocol/dashboard_api.ts";
import { freeBytes } from "../run/disk.ts";
import { writeAtomically } from "../../common/files.ts";

/** What the latest pass of the janitor came to, beside the run folders. */
const noteOf = (runs: string) => join(runs, ".janitor.json");
const note = hostReport.shape.janitor.unwrap();

/** Leaves what a pass of the janitor came to for the next reports on this host. */
export async function noteJanitor(runs: string, pass: z.infer<typeof note>): Promise<void> {
  await Deno.mkdir(runs, { recursive: true });
  await writeAtomically(noteOf(runs), JSON.stringify(pass));
}

/**
 * How this host is. Docker is not asked anything: it may hang, and a sign of life must not wait for it.
 * @param disks folders that runs fill; the fullest one's disk counts
 */
export async function reportHost(runs: string, disks: readonly string[]): Promise<HostReport> {
  const free = await Promise.all(disks.map(freeBytes));
  const known = free.filter((bytes) => bytes !== null);
  return { freeBytes: known.length === 0 ? null : Math.min(...known), janitor: await latestPass(runs) };
}

async function latestPass(runs: string): Promise<HostReport["janitor"]> {
  try {
    return note.parse(JSON.parse(await Deno.readTextFile(noteOf(runs))));
  } catch {
    return null; // there was none yet
  }
}
