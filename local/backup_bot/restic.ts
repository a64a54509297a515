import { exec, type ExecResult } from "../../common/exec.ts";
import { systemClock } from "../../common/time.ts";
import { BotError } from "./engine.ts";

/** A snapshot as restic lists it. */
export interface Snapshot {
  /** RFC 3339. */
  time: string;
  id: string;
  short_id: string;
}

const LIMIT_MS = 3_600_000;
/** Forgetting locks out everything else; it takes about a second. */
const LOCKED_MS = 120_000;
const PAUSE_MS = 500;

export type Restic = (args: string[]) => Promise<string>;

/** Runs restic on the repository that the environment names; waits while another run has it locked. */
export async function restic(args: string[]): Promise<string> {
  const started = systemClock.now();
  while (true) {
    const result = await exec(["restic", ...args], { timeoutMs: LIMIT_MS });
    if (result.success) return result.stdout;
    if (!/already locked/.test(result.stderr) || systemClock.now() - started > LOCKED_MS) {
      throw failure(result);
    }
    await exec(["restic", "unlock", "--quiet"]); // only removes locks whose process is gone
    await systemClock.sleep(PAUSE_MS);
  }
}

function failure(result: ExecResult): BotError {
  const said = (result.stderr.trim() || result.stdout.trim()).split("\n").slice(-3).join("; ");
  return new BotError(`"restic ${result.argv[1]}" ended with exit code ${result.code}: ${said}`);
}

/** The snapshots of one stack, oldest first. */
export async function snapshotsOf(stack: string, run: Restic): Promise<Snapshot[]> {
  const printed = await run(["snapshots", "--json", "--quiet", "--tag", stack]);
  const snapshots: Snapshot[] = JSON.parse(printed || "[]") ?? [];
  return snapshots.toSorted((a, b) => a.time < b.time ? -1 : 1);
}
