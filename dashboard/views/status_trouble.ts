import { formatBytes } from "../../common/bytes.ts";
import type { Status } from "./status.ts";
import type { Host } from "../store/stats.ts";
import { ago, formatRoughly } from "../../common/time.ts";
import { count } from "./words.ts";

const DAY_MS = 24 * 3600 * 1000;
/** The janitor comes by every hour and at the start of each run. */
const LATE_MS = DAY_MS;
/** Every enrolled default branch is tested at least every 14 days. What a host said longer ago tells nothing of today. */
const LATELY_MS = 15 * DAY_MS;

/** What is wrong with a host, as far as its latest report tells. */
export interface HostTrouble {
  full: boolean;
  stuck: boolean;
  late: boolean;
}

/** Looks at a host's report. */
export function troubleOf({ report }: Host, options: { now: number; minFree: number }): HostTrouble {
  const well = { full: false, stuck: false, late: false };
  if (report === null || options.now - report.at > LATELY_MS) return well;
  const { freeBytes, janitor } = report;
  return {
    full: freeBytes !== null && freeBytes < options.minFree,
    stuck: (janitor?.stuck ?? 0) > 0,
    // A host that tests nothing says nothing: it was late only if it was when it spoke.
    late: janitor !== null && report.at - Date.parse(janitor.at) > LATE_MS,
  };
}

/** Everything about the CI that somebody should look at, in words. */
export function troublesOf(status: Omit<Status, "trouble">, now: number): string[] {
  const { silent, untidy, hosts, free, minFree, scheduled, startedAt } = status;
  const untested = now - (scheduled?.announcedAt ?? startedAt);
  return [
    silent.length > 0 && `${count(silent.length, "running run")} fell silent`,
    untidy.length > 0 && `${count(untidy.length, "run")} left something behind`,
    ...hosts.flatMap((host) => {
      const { full, stuck, late } = troubleOf(host, { now, minFree });
      const { name, report } = host;
      return [
        full && `${name} has ${formatBytes(report?.freeBytes ?? 0)} left`,
        stuck && `the janitor of ${name} is stuck`,
        late && `the janitor of ${name} last ran ${ago(now - Date.parse(report?.janitor?.at ?? ""))}`,
      ];
    }),
    free !== null && free < minFree && `the dashboard has ${formatBytes(free)} left`,
    status.enrolled > 0 && untested > LATELY_MS &&
    `no default branch was tested for ${formatRoughly(untested)}`,
  ].filter((text) => text !== false);
}
