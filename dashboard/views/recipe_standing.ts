import { isActive, type Run, type RunClass } from "../model/run.ts";
import type { Store } from "../store/store.ts";

/** A result older than this says little about today. */
export const STALE_MS = 30 * 24 * 3600 * 1000;

/** What kind of attention a recipe needs, most urgent first. */
export const healths = ["fell", "broken", "trouble", "stale", "untested", "good"] as const;
export type Health = typeof healths[number];

/** Verdicts about pull requests among which one that passed is looked for. */
const PULLS_LOOKED_AT = 20;

/** How a recipe stands. */
export interface Standing {
  recipe: string;
  enrolled: boolean;
  /**
   * The run that speaks for the recipe: the newest verdict about a branch or tag. Where there is none, the newest pull
   * request that passed, which is then marked as such. A red pull request never becomes a recipe's public face.
   */
  face: Run | null;
  /** A red pull request that is newer than all that speaks for a recipe of which no branch or tag was tested. */
  beside: Run | null;
  /** The verdict before it, of the same kind. */
  previous: Run | null;
  /** The newest run of the kind that speaks for the recipe, whatever became of it. */
  latest: Run | null;
  /** The first bad verdict of the streak that `face` ends, if it is bad. */
  badSince: Run | null;
  /** For a bad face: the newest run of a pull request since. Somebody is on it. */
  onIt: Run | null;
  /** The run going on now, else the next one waiting. */
  active: Run | null;
  /** The last ten runs of any kind, oldest first. */
  recent: Run[];
  /** True when `face` is older than {@linkcode STALE_MS}. */
  stale: boolean;
  health: Health;
}

/** Works out how a recipe stands. */
export function standingOf(
  store: Store,
  recipe: string,
  options: { enrolled: boolean; now: number },
): Standing {
  const own = store.verdicts(recipe, { class: "public", limit: 2 });
  const pulls = own.length > 0 ? [] : store.verdicts(recipe, { class: "pr", limit: PULLS_LOOKED_AT });
  const [face, previous] = own.length > 0 ? own : pulls.filter((run) => run.state === "passed");
  const [newest] = pulls;
  const runs = store.runs({ recipe, limit: 30 }).filter((run) => run.class !== "private");
  const faceClass: RunClass = face?.class ?? (runs.some((run) => run.class === "public") ? "public" : "pr");
  const bad = face !== undefined && face.state !== "passed";
  const stale = face !== undefined && options.now - testedAt(face) > STALE_MS;
  const latest = runs.find((run) => run.class === faceClass) ?? face ?? null;
  return {
    recipe,
    enrolled: options.enrolled,
    face: face ?? null,
    beside: newest === undefined || newest.state === "passed" ? null : newest,
    previous: previous ?? null,
    latest,
    badSince: bad ? store.stats.badSince(recipe, faceClass) ?? face : null,
    onIt: bad && faceClass === "public"
      ? runs.find((run) => run.class === "pr" && run.seq > face.seq && run.state !== "superseded") ?? null
      : null,
    active:
      runs.filter(isActive).sort((a, b) =>
        Number(b.state === "running") - Number(a.state === "running") || a.seq - b.seq
      )[0] ?? null,
    recent: runs.filter((run) => run.state !== "superseded" && run.state !== "expired").slice(0, 10)
      .reverse(),
    stale,
    health: healthOf({ face, previous, latest, bad, stale }),
  };
}

/** When the tested state was seen. */
export function testedAt(run: Run): number {
  return run.finishedAt ?? run.startedAt ?? run.announcedAt;
}

/** When something last happened to one of the runs that a standing is made of; `null` when there are none. */
export function lastChange({ face, latest, active, recent }: Standing): number | null {
  const runs = [face, latest, active, ...recent].filter((run) => run !== null);
  return runs.length === 0 ? null : Math.max(...runs.map(changedAt));
}

/** When something last happened to a run, not counting what it said. */
export function changedAt(run: Run): number {
  return Math.max(run.announcedAt, run.startedAt ?? 0, run.finishedAt ?? 0);
}

function healthOf(
  seen: {
    face: Run | undefined;
    previous: Run | undefined;
    latest: Run | null;
    bad: boolean;
    stale: boolean;
  },
): Health {
  if (seen.face === undefined) return seen.latest?.state === "infra" ? "trouble" : "untested";
  const before = seen.previous?.level ?? null;
  if (
    seen.face.class === "public" && before !== null && seen.face.level !== null && seen.face.level < before
  ) return "fell";
  if (seen.bad) return "broken";
  if (seen.latest?.class === "public" && seen.latest.state === "infra") return "trouble";
  return seen.stale ? "stale" : "good";
}
