import { statfsSync } from "node:fs";
import type { StatusView } from "../../protocol/dashboard_api.ts";
import type { Deps } from "./deps.ts";
import type { Run } from "../model/run.ts";
import { troublesOf } from "./status_trouble.ts";
import type { Host } from "../store/stats.ts";
import { runSummary } from "./views.ts";
import { hiddenRecipes } from "./visible.ts";

/** A harness says something every 10 seconds; after this long without a word something is wrong. */
const SILENT_MS = 120_000;
const MIN_FREE_BYTES = 1e9;
/** Newest runs whose clean-up is looked at. */
const RUNS_LOOKED_AT = 50;

/** Whether the CI itself is well, as far as the dashboard can see. */
export interface Status {
  /** What somebody should look at, in words. */
  trouble: string[];
  /** True while there is nothing to judge by. */
  blank: boolean;
  /** `busy`: with a run of any recipe, public or not. */
  hosts: (Host & { busy: boolean })[];
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
  /** Fewer bytes than this are trouble, here and on a host. */
  minFree: number;
  /** Public recipes that are enrolled. */
  enrolled: number;
  startedAt: number;
}

/** How the CI stands now. */
export function statusOf(deps: Deps, now: number): Status {
  const { store, enrolments, files, startedAt } = deps;
  const active = store.activeRuns();
  const shown = active.filter((run) => enrolments.shown(run.recipe));
  const running = shown.filter((run) => run.state === "running");
  const hidden = hiddenRecipes(deps);
  const hosts = store.stats.hosts().map((host) => ({
    ...host,
    busy: active.some((run) => run.state === "running" && run.host === host.name),
  }));
  const status = {
    blank: hosts.length === 0 && store.runs({ limit: 1, except: hidden }).length === 0,
    hosts,
    running,
    waiting: shown.filter((run) => run.state === "queued").length,
    silent: running.filter((run) => now - (run.heartbeatAt ?? run.announcedAt) > SILENT_MS),
    scheduled: store.stats.lastScheduled(hidden) ?? null,
    untidy: store.stats.untidy({ among: RUNS_LOOKED_AT, except: hidden }),
    looked: RUNS_LOOKED_AT,
    sizes: store.stats.sizes(hidden),
    free: freeBytes(files.folder),
    minFree: deps.minFreeBytes ?? MIN_FREE_BYTES,
    enrolled: enrolments.names().filter((name) => enrolments.shown(name)).length,
    startedAt,
  };
  return { ...status, trouble: troublesOf(status, now) };
}

/** The status as the API shows it. */
export function statusView(status: Status, deps: Pick<Deps, "baseUrl">): StatusView {
  const names = (runs: Run[]) => runs.map(({ run }) => run);
  return {
    startedAt: new Date(status.startedAt).toISOString(),
    trouble: status.trouble,
    hosts: status.hosts.map(({ name, heardAt, report, busy }) => ({
      name,
      busy,
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
