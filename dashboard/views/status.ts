import { formatBytes } from "../../common/bytes.ts";
import { ago, formatRoughly } from "../../common/time.ts";
import { statfsSync } from "node:fs";
import type { StatusView } from "../../protocol/dashboard_api.ts";
import type { Deps } from "./deps.ts";
import type { Run } from "../model/run.ts";
import type { Host } from "../store/stats.ts";
import { count } from "./words.ts";
import { runSummary } from "./views.ts";
import { hiddenRecipes } from "./visible.ts";

/** A harness says something every 10 seconds; after this long without a word something is wrong. */
const SILENT_MS = 120_000;
/** The bridge says every minute how it is. */
const BRIDGE_SILENT_MS = 300_000;
/** With fewer a harness begins no run, unless its host has another setting (`CCCI_MIN_FREE_INODES`). */
const MIN_FREE_INODES = 20_000;
/** Newest runs whose clean-up is looked at. */
const RUNS_LOOKED_AT = 50;

const DAY_MS = 24 * 3600 * 1000;
/** A certificate that ends sooner is trouble: a host says something at least every 14 days. */
const CERTIFICATE_MS = 21 * DAY_MS;
/** The janitor comes by every hour and at the start of each run. */
const LATE_MS = DAY_MS;
/** Every enrolled default branch is tested at least every 14 days. What a host said longer ago tells nothing of today. */
const LATELY_MS = 15 * DAY_MS;

/** Whether the CI itself is well, as far as the dashboard can see. */
export interface Status {
  /** What somebody should look at, in words. */
  trouble: string[];
  /** True while there is nothing to judge by. */
  blank: boolean;
  /** `busy`: with a run that anybody may see. */
  hosts: (Host & { busy: boolean })[];
  /** When the bridge was last heard of, and what it cannot tell anybody else; `null` before it said anything. */
  bridge: { at: number; troubles: BridgeTrouble[] } | null;
  running: Run[];
  waiting: number;
  /** Running runs nothing was heard of for a while. */
  silent: Run[];
  /** Newest run of a branch or tag. */
  scheduled: Run | null;
  /** Runs among the `looked` newest that left something behind. */
  untidy: Run[];
  looked: number;
  sizes: { logs: number; artefacts: number };
  /** What is free where the data lies; `null` when that cannot be told. */
  free: Free | null;
  /** Fewer bytes than this are trouble, here and on a host. */
  minFree: number;
  /** Public recipes that are enrolled. */
  enrolled: number;
  startedAt: number;
}

/** Bytes, and inodes unless the disk counts none. */
interface Free {
  bytes: number;
  inodes: number | null;
}

/** Something that the bridge is troubled with. `recipe`: the public recipe that it is about, if it is about one. */
export interface BridgeTrouble {
  text: string;
  recipe: string | null;
}

/** Of what concerns a recipe that is not public nobody is told more than that there is something. */
function bridgeOf({ store, enrolments }: Deps): Status["bridge"] {
  const said = store.stats.bridge();
  if (said === null) return null;
  const troubles = said.troubles.map(({ text, recipe }) =>
    recipe === null || enrolments.shown(recipe)
      ? { text, recipe }
      : { text: "Something about a recipe that is not public, see its log", recipe: null }
  );
  return { at: said.at, troubles };
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
    busy: shown.some((run) => run.state === "running" && run.host === host.name),
  }));
  const status = {
    blank: hosts.length === 0 && store.runs({ limit: 1, except: hidden }).length === 0,
    hosts,
    bridge: bridgeOf(deps),
    running,
    waiting: shown.filter((run) => run.state === "queued").length,
    silent: running.filter((run) => now - (run.heartbeatAt ?? run.announcedAt) > SILENT_MS),
    scheduled: store.stats.lastScheduled(hidden) ?? null,
    untidy: store.stats.untidy({ among: RUNS_LOOKED_AT, except: hidden }),
    looked: RUNS_LOOKED_AT,
    sizes: store.stats.sizes(hidden),
    free: freeAt(files.folder),
    minFree: deps.minFreeBytes,
    enrolled: enrolments.names().filter((name) => enrolments.shown(name)).length,
    startedAt,
  };
  return { ...status, trouble: troublesOf(status, now) };
}

/** What is wrong with a host, as far as its latest report tells. */
export interface HostTrouble {
  full: boolean;
  /** It takes too few new files, however much space it has. */
  crowded: boolean;
  stuck: boolean;
  late: boolean;
  /** Docker gives the containers of runs no limits. */
  floorless: boolean;
  /** Nobody has told cc-ci what its abra does. */
  strangeAbra: boolean;
  /** The certificate of its apps has ended, or does soon. */
  expiring: boolean;
}

const well: HostTrouble = {
  full: false,
  crowded: false,
  stuck: false,
  late: false,
  floorless: false,
  strangeAbra: false,
  expiring: false,
};

/** Looks at a host's report. */
export function troubleOf({ report }: Host, options: { now: number; minFree: number }): HostTrouble {
  if (report === null || options.now - report.at > LATELY_MS) return well;
  const { freeBytes, freeInodes, janitor, floor, abra, certificateEnds } = report;
  return {
    full: freeBytes !== null && freeBytes < options.minFree,
    crowded: isCrowded(freeInodes),
    stuck: (janitor?.stuck ?? 0) > 0,
    // A host that tests nothing says nothing: it was late only if it was when it spoke.
    late: janitor !== null && report.at - Date.parse(janitor.at) > LATE_MS,
    floorless: floor === false,
    strangeAbra: abra?.tested === false,
    expiring: certificateEnds !== undefined && Date.parse(certificateEnds) - options.now < CERTIFICATE_MS,
  };
}

/** Everything about the CI that somebody should look at, in words. */
function troublesOf(status: Omit<Status, "trouble">, now: number): string[] {
  const { silent, untidy, hosts, bridge, free, minFree, scheduled, startedAt } = status;
  const untested = now - (scheduled?.announcedAt ?? startedAt);
  return [
    bridge !== null && now - bridge.at > BRIDGE_SILENT_MS &&
    `nothing was heard of the bridge for ${formatRoughly(now - bridge.at)}`,
    bridge !== null && bridge.troubles.length > 0 &&
    `${count(bridge.troubles.length, "trouble")} of the bridge`,
    silent.length > 0 && `${count(silent.length, "running run")} fell silent`,
    untidy.length > 0 && `${count(untidy.length, "run")} left something behind`,
    ...hosts.flatMap((host) => {
      const { full, crowded, stuck, late, floorless, strangeAbra, expiring } = troubleOf(host, {
        now,
        minFree,
      });
      const { name, report } = host;
      return [
        full && `${name} has ${formatBytes(report?.freeBytes ?? 0)} left`,
        crowded && `${name} has ${report?.freeInodes ?? 0} inodes left`,
        stuck && `the janitor of ${name} is stuck`,
        late && `the janitor of ${name} last ran ${ago(now - Date.parse(report?.janitor?.at ?? ""))}`,
        floorless && `Docker of ${name} gives apps no limits`,
        strangeAbra && `nobody has tested abra ${report?.abra?.version ?? ""} of ${name}`,
        expiring && `the certificate of ${name} ${endOf(report?.certificateEnds, now)}`,
      ];
    }),
    free !== null && free.bytes < minFree && `the dashboard has ${formatBytes(free.bytes)} left`,
    isCrowded(free?.inodes) && `the dashboard has ${free?.inodes ?? 0} inodes left`,
    status.enrolled > 0 && untested > LATELY_MS &&
    `no default branch was tested for ${formatRoughly(untested)}`,
  ].filter((text) => text !== false);
}

/** Whether a disk takes too few new files. */
export function isCrowded(freeInodes: number | null | undefined): boolean {
  return typeof freeInodes === "number" && freeInodes < MIN_FREE_INODES;
}

/** When a certificate ends, after its name: "ends in 12 days". */
export function endOf(certificateEnds: string | undefined, now: number): string {
  const left = Date.parse(certificateEnds ?? "") - now;
  if (left <= 0) return `ended ${ago(-left)}`;
  // Somebody has to plan by it, so days are counted even where they are weeks.
  return `ends in ${left > 2 * DAY_MS ? count(Math.floor(left / DAY_MS), "day") : formatRoughly(left)}`;
}

/** The status as the API shows it. */
export function statusView(status: Status, deps: Deps): StatusView {
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
    bridge: status.bridge === null
      ? null
      : { heardAt: new Date(status.bridge.at).toISOString(), troubles: status.bridge.troubles },
    waiting: status.waiting,
    silent: names(status.silent),
    untidy: names(status.untidy),
    scheduled: status.scheduled === null ? null : runSummary(status.scheduled, deps),
    kept: status.sizes,
    freeBytes: status.free?.bytes ?? null,
    ...typeof status.free?.inodes === "number" ? { freeInodes: status.free.inodes } : {},
  };
}

/** What is free where a folder lies; `null` where the program may not ask. */
function freeAt(folder: string): Free | null {
  try {
    const { bavail, bsize, files, ffree } = statfsSync(folder);
    return { bytes: bavail * bsize, inodes: files === 0 ? null : ffree };
  } catch {
    return null;
  }
}
