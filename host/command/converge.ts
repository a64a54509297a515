import { complain, write } from "../../common/output.ts";
import { credentialsFolder, credentialsIn } from "../credentials.ts";
import { partOf, partsOf } from "../reconcile/parts.ts";
import type { PartName } from "../reconcile/part_names.ts";
import { type Part, reconcile } from "../reconcile/reconcile.ts";
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
  const reports: PartReport[] = [];
  using _turn = dryRun ? null : await takeTurn(`${settings.abraDir}.lock`, { signal, log: complain });
  for (const part of parts) {
    const report = await converged(part, { dryRun });
    reports.push(report);
    // Without a Swarm there is nothing for the others to stand on; what they lack each, none of them needs of another.
    if (report.outcome !== "converged" && part.name === "swarm") break;
  }
  return reportParts(reports, options);
}

async function converged(part: Part, { dryRun }: { dryRun: boolean }): Promise<PartReport> {
  const steps: string[] = [];
  try {
    if (dryRun) {
      const plan = await part.plan();
      for (const { does } of plan.steps) {
        write(`${part.name}: ${does}\n`);
        steps.push(does);
      }
      if (plan.blocked !== null) throw plan.blocked;
    } else {
      await reconcile(part, {
        begin({ does }) {
          write(`${part.name}: ${does}\n`);
          steps.push(does);
        },
      });
    }
    return { part: part.name, outcome: "converged", steps };
  } catch (error) {
    return reportOf(part.name, { error, steps });
  }
}
