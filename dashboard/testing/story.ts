import type { Announcement } from "../../protocol/dashboard_api.ts";
import type { Subject } from "../../protocol/params.ts";
import {
  type RunOutcome,
  type RunResult,
  type StageName,
  type StageReport,
  stageReport,
} from "../../protocol/result.ts";
import type { TestDashboard } from "./dashboard.ts";

/** One stage of a told run. */
export interface ToldStage extends Partial<Omit<StageReport, "name">> {
  name: StageName;
  log?: string[];
}

/** A run from announcement to result, told to the dashboard as bridge and harness would. */
export interface Told {
  run: string;
  recipe: string;
  subject?: Subject;
  commit?: string;
  base?: string | null;
  link?: string | null;
  stages?: ToldStage[];
  level?: number;
  result?: RunOutcome;
  stage?: StageName | null;
  cause?: string | null;
  /** Leaves the run in the middle: the last stage has begun and has no report. */
  unfinished?: boolean;
  abraStandIn?: boolean;
  notes?: string[];
  images?: RunResult["images"];
  visual?: RunResult["visual"];
  leftovers?: string[];
  customised?: string[];
  pictures?: Record<string, Uint8Array<ArrayBuffer>>;
  files?: Record<string, string>;
}

export const main: Subject = { kind: "branch", name: "main", src: "recipe-maintainers/miniflux" };

export function pullRequest(pr: number): Subject {
  return { kind: "pr", pr, src: "recipe-maintainers/miniflux" };
}

/** An announcement with everything that does not matter filled in. */
export function announcementOf(told: Partial<Told> & { recipe: string }, more: Partial<Announcement> = {}) {
  return {
    recipe: told.recipe,
    subject: told.subject ?? main,
    commit: told.commit ?? "3fa9c1b07d52f4c0a9be1d6c8835c6c1a6f0e7d1",
    state: "running",
    link: told.link ?? null,
    ...more,
  };
}

/** The events of a told run; time goes on by each stage's seconds. */
export function eventsOf(told: Told, now: () => string, forward: (seconds: number) => void): unknown[] {
  const stages = told.stages ??
    [{ name: "fetch" }, { name: "lint" }, { name: "install" }, { name: "teardown" }];
  const subject = told.subject ?? main;
  const commit = told.commit ?? "3fa9c1b07d52f4c0a9be1d6c8835c6c1a6f0e7d1";
  const base = told.base ?? null;
  const startedAt = now();
  const events: unknown[] = [
    {
      t: now(),
      type: "run.started",
      run: told.run,
      recipe: told.recipe,
      subject,
      stages: stages.map(({ name }) => name),
    },
    { t: now(), type: "run.subject", commit, dirty: false, base },
  ];
  const reports: StageReport[] = [];
  let seconds = 0;
  for (const [at, { log, ...stage }] of stages.entries()) {
    const open = told.unfinished === true && at === stages.length - 1;
    const report = stageReport.parse({ result: "passed", seconds: 3, ...stage });
    if (report.result !== "skipped" && report.result !== "blocked") {
      events.push({ t: now(), type: "stage.started", stage: stage.name });
    }
    for (const line of log ?? []) events.push({ t: now(), type: "log", stage: stage.name, line });
    if (open) return events;
    forward(report.seconds);
    seconds += report.seconds;
    events.push({ t: now(), type: "stage.finished", report });
    reports.push(report);
  }
  events.push({
    t: now(),
    type: "run.finished",
    result: {
      schema: 1,
      run: told.run,
      recipe: told.recipe,
      subject,
      commit,
      dirty: false,
      base,
      result: told.result ?? "passed",
      stage: told.stage ?? null,
      cause: told.cause ?? null,
      level: told.level ?? 2,
      stages: reports,
      startedAt,
      finishedAt: now(),
      seconds,
      imposedSeconds: Math.round(seconds * 0.6),
      versions: { suite: "0.1.0", abra: "0.11.0-beta", docker: "29.2.1", browser: "Chromium 156.0.7204.49" },
      abraStandIn: told.abraStandIn ?? false,
      notes: told.notes ?? [],
      images: told.images ?? [],
      visual: told.visual ?? null,
      leftovers: told.leftovers ?? [],
      customised: told.customised ?? [],
    },
  });
  return events;
}

/** Tells the dashboard a whole run. */
export async function tell(dashboard: TestDashboard, told: Told): Promise<void> {
  await expectOk(dashboard.announce(told.run, announcementOf(told)));
  const events = eventsOf(told, () => dashboard.clock.iso(), (seconds) => dashboard.clock.forward(seconds));
  await expectOk(dashboard.events(told.run, { offset: 0, events }));
  for (const [name, picture] of Object.entries(told.pictures ?? {})) {
    await expectOk(dashboard.artefact(told.run, name, picture));
  }
  for (const [name, text] of Object.entries(told.files ?? {})) {
    await expectOk(dashboard.artefact(told.run, name, text));
  }
}

async function expectOk(answer: Promise<Response>): Promise<void> {
  const response = await answer;
  if (!response.ok) throw new Error(`The dashboard answered ${response.status}: ${await response.text()}`);
}
