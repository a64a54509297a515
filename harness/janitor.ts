import { runEvent } from "../protocol/events.ts";
import { cleanUp } from "./cleanup.ts";
import { FileLock } from "./lock.ts";
import { killFamily } from "./process_tree.ts";
import { RunRecord } from "./record.ts";
import { exists } from "./paths.ts";
import { runFolders } from "./run_folder.ts";
import { parseMessage } from "./messages.ts";
import type { Swarm } from "./swarm.ts";

/** What a pass of the janitor found. */
export interface JanitorReport {
  /** Runs whose keeper was dead and whose remains are gone now. */
  cleaned: string[];
  /** Things that could not be removed, by run. */
  stuck: Record<string, string[]>;
}

/**
 * Cleans up after runs whose keeper died: their folders have a plan, are not marked clean or kept, and their lock is
 * free. The lock is held meanwhile. A run whose keeper lives is never touched, nor anything no plan names.
 */
export async function tidy(
  runs: string,
  options: { swarm: Swarm; announce: (text: string) => void; except?: string },
): Promise<JanitorReport> {
  const report: JanitorReport = { cleaned: [], stuck: {} };
  for (const folder of await runFolders(runs)) {
    if (folder.path === options.except || await folder.state() !== "open") continue;
    const plan = await folder.plan();
    if (plan === null) continue;
    using lock = await FileLock.take(folder.lock);
    if (lock === null) continue;
    const { run } = plan.request;
    options.announce(`Cleaning up after run ${run}, which ended without doing so itself`);
    await killFamily(run, null);
    const { report: teardown, leftovers } = await cleanUp({
      plan,
      folder,
      swarm: options.swarm,
      log: () => {},
      foreign: null,
    });
    if (leftovers.length > 0) report.stuck[run] = leftovers;
    else report.cleaned.push(run);
    if (await exists(folder.result)) continue;
    const record = new RunRecord(plan);
    const end = {
      kind: "infra",
      cause: "The run's keeper died; what it left was removed later",
      stage: null,
    } as const;
    const text = await Deno.readTextFile(folder.events).catch(() => "");
    for (const line of text.split("\n")) {
      const event = parseMessage(runEvent, line);
      if (event !== null) record.take(event);
    }
    for (const one of record.unfinished(end)) record.reports.push(one);
    record.reports.push(teardown);
    record.leftovers = leftovers;
    const result = record.result(end);
    await folder.append({ t: new Date().toISOString(), type: "run.finished", result });
    await folder.writeResult(result);
  }
  return report;
}
