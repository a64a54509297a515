import { complain, write } from "../../common/output.ts";
import { credentialsFolder, credentialsIn } from "../credentials.ts";
import { partOf, partsOf } from "../reconcile/parts.ts";
import type { PartName } from "../reconcile/part_names.ts";
import { type Part, type Progress, reconcile } from "../reconcile/reconcile.ts";
import { takeTurn } from "../reconcile/turn.ts";
import { readSettings } from "../settings.ts";
import { hostWorld } from "../world/host_world.ts";
import { type PartReport, reportOf, reportParts } from "./output.ts";

export interface ConvergeOptions {
  dryRun?: boolean;
  json?: boolean;
  settings: string;
  signal: AbortSignal;
}

/**
 * Makes a part of the host, or all that its settings ask for, what it should be.
 * @returns the exit code
 */
export async function converge(name: PartName | "all", options: ConvergeOptions): Promise<number> {
  const { dryRun = false, signal } = options;
  const settings = await readSettings(options.settings);
  const credentials = credentialsIn(credentialsFolder(settings));
  const world = hostWorld(settings, { credentials, signal, log: (line) => complain(`  ${line}`) });
  const parts = (name === "all" ? partsOf(settings) : [name])
    .map((one) => partOf(one, settings, { world, credentials, now: Date.now }));
  using _turn = dryRun ? null : await takeTurn(`${settings.abraDir}.lock`, { signal, log: complain });
  return reportParts(await convergeParts(parts, { dryRun, signal }), options);
}

/** Makes parts what they should be, one after the other, or says what that would take. */
export async function convergeParts(
  parts: readonly Part[],
  options: { dryRun: boolean; signal: AbortSignal },
): Promise<PartReport[]> {
  const reports: PartReport[] = [];
  for (const part of parts) {
    const { report, makesSwarm } = await converged(part, options);
    reports.push(report);
    // Without a Swarm there is nothing for the others to stand on; what they lack each, none of them needs of another.
    if (report.outcome !== "converged" && part.name === "swarm") break;
    if (options.dryRun && makesSwarm) {
      if (parts.length > reports.length) write("What the other parts take shows once there is a Swarm\n");
      break;
    }
    if (options.signal.aborted && report.outcome !== "converged") break;
  }
  return reports;
}

async function converged(
  part: Part,
  { dryRun, signal }: { dryRun: boolean; signal: AbortSignal },
): Promise<{ report: PartReport; makesSwarm: boolean }> {
  const steps: string[] = [];
  let makesSwarm = false;
  const begin: Progress["begin"] = ({ does, action }) => {
    signal.throwIfAborted();
    write(`${part.name}: ${does}\n`);
    steps.push(does);
    makesSwarm ||= action.kind === "init-swarm";
  };
  try {
    signal.throwIfAborted();
    if (dryRun) {
      const plan = await part.plan();
      plan.steps.forEach(begin);
      if (plan.blocked !== null) throw plan.blocked;
    } else await reconcile(part, { begin });
    return { report: { part: part.name, outcome: "converged", steps }, makesSwarm };
  } catch (error) {
    // What fails because the program is ended says nothing of the host.
    const why = signal.aborted ? signal.reason : error;
    return { report: reportOf(part.name, { error: why, steps }), makesSwarm };
  }
}
