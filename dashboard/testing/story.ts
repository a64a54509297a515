import type { Announcement } from "../../protocol/dashboard_api.ts";
import type { Subject } from "../../protocol/params.ts";
import type { RunResult, StageName, StageReport } from "../../protocol/result.ts";
import { sampleResult, sampleStage } from "../../protocol/testing/sample_result.ts";
import type { TestDashboard } from "./dashboard.ts";

/** One stage of a told run. */
export interface ToldStage extends Partial<Omit<StageReport, "name">> {
  name: StageName;
  log?: string[];
}

/** A run from announcement to result, told to the dashboard as bridge and harness would. */
export interface Told extends Partial<Omit<RunResult, "run" | "recipe" | "commit" | "stages">> {
  run: string;
  recipe: string;
  commit?: string;
  link?: string | null;
  stages?: ToldStage[];
  /** Leaves the run in the middle: the last stage has begun and has no report. */
  unfinished?: boolean;
  pictures?: Record<string, Uint8Array<ArrayBuffer>>;
  files?: Record<string, string>;
}

const usualCommit = "3fa9c1b07d52f4c0a9be1d6c8835c6c1a6f0e7d1";
const usualStages: ToldStage[] = (["fetch", "lint", "install", "teardown"] as const).map((name) => ({
  name,
}));

export const main: Subject = { kind: "branch", name: "main", src: "recipe-maintainers/miniflux" };

export function pullRequest(pr: number): Subject {
  return { kind: "pr", pr, src: "recipe-maintainers/miniflux" };
}

/** An announcement with everything that does not matter filled in. */
export function announcementOf(told: Partial<Told> & { recipe: string }, more: Partial<Announcement> = {}) {
  return {
    recipe: told.recipe,
    subject: told.subject ?? main,
    commit: told.commit ?? usualCommit,
    state: "running",
    link: told.link ?? null,
    ...more,
  };
}

/** The events of a told run; time goes on by each stage's seconds. */
export function eventsOf(told: Told, now: () => string, forward: (seconds: number) => void): unknown[] {
  const { stages = usualStages, unfinished, link: _link, pictures: _pictures, files: _files, ...facts } =
    told;
  const { run, recipe, subject = main, commit = usualCommit, base = null } = facts;
  const startedAt = now();
  const events: unknown[] = [
    {
      t: now(),
      type: "run.started",
      run,
      recipe,
      subject,
      stages: stages.map(({ name }) => name),
    },
    { t: now(), type: "run.subject", commit, dirty: false, base },
  ];
  const reports: StageReport[] = [];
  let seconds = 0;
  for (const [at, { log, ...stage }] of stages.entries()) {
    const open = unfinished === true && at === stages.length - 1;
    const report = sampleStage({ seconds: 3, ...stage });
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
    result: sampleResult({
      ...facts,
      subject,
      commit,
      base,
      stages: reports,
      startedAt,
      finishedAt: now(),
      seconds,
      imposedSeconds: Math.round(seconds * 0.6),
    }),
  });
  return events;
}

/** Tells the dashboard a whole run. */
export async function tell(dashboard: TestDashboard, told: Told): Promise<void> {
  await expectOk(dashboard.announce(told.run, announcementOf(told)));
  const events = eventsOf(told, () => dashboard.clock.iso(), (seconds) => dashboard.clock.pass(seconds));
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
