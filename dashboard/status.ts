import { statfsSync } from "node:fs";
import type { StatusView } from "../protocol/dashboard_api.ts";
import type { Deps } from "./deps.ts";
import type { Run } from "./run.ts";
import type { Host } from "./store_stats.ts";
import { runSummary } from "./views.ts";
import { hiddenRecipes } from "./visible.ts";

/** A harness says something every 10 seconds; after this long without a word something is wrong. */
const SILENT_MS = 120_000;
/** Newest runs whose clean-up is looked at. */
const RUNS_LOOKED_AT = 50;

/** Whether the CI itself is well, as far as the dashboard can see. */
export interface Status {
  hosts: Host[];
  running: Run[];
  waiting: number;
  /** Running runs nothing was heard of for a while. */
  silent: Run[];
  /** Newest run of a branch or tag. */
  scheduled: Run | null;
  /** Runs among the `looked` newest that left something behind. */
  untidy: Run[];
  looked: number;
  sizes: { logs: number; artefacts: number; database: number };
  /** Bytes free where the data lies; `null` when that cannot be told. */
  free: number | null;
  startedAt: number;
}

/** How the CI stands now. */
export function statusOf(deps: Deps, now: number): Status {
  const { store, enrolments, files, startedAt } = deps;
  const active = store.activeRuns();
  const running = active.filter((run) => run.state === "running" && enrolments.shown(run.recipe));
  const hidden = hiddenRecipes(deps);
  return {
    hosts: store.stats.hosts(),
    running,
    waiting: active.filter((run) => run.state === "queued").length,
    silent: running.filter((run) => now - (run.heartbeatAt ?? run.announcedAt) > SILENT_MS),
    scheduled: store.stats.lastScheduled(hidden) ?? null,
    untidy: store.stats.untidy({ among: RUNS_LOOKED_AT, except: hidden }),
    looked: RUNS_LOOKED_AT,
    sizes: store.stats.sizes(),
    free: freeBytes(files.folder),
    startedAt,
  };
}

/** The status as the API shows it. */
export function statusView(status: Status, deps: Pick<Deps, "baseUrl">): StatusView {
  const names = (runs: Run[]) => runs.map(({ run }) => run);
  return {
    startedAt: new Date(status.startedAt).toISOString(),
    hosts: status.hosts.map(({ name, heardAt, report }) => ({
      name,
      heardAt: heardAt === null ? null : new Date(heardAt).toISOString(),
      report: report === null ? null : { ...report, at: new Date(report.at).toISOString() },
      running: names(status.running.filter((run) => run.host === name)),
    })),
    waiting: status.waiting,
    silent: names(status.silent),
    untidy: names(status.untidy),
    scheduled: status.scheduled === null ? null : runSummary(status.scheduled, deps),
    kept: status.sizes,
    freeBytes: status.free,
  };
}

/** Bytes free where a folder lies; `null` where the program may not ask. */
function freeBytes(folder: string): number | null {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return null;
  }
}
