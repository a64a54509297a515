import { readRecipeYml } from "../../enrolment/recipe_yml.ts";
import type { RunView } from "../../protocol/dashboard_api.ts";
import type { RunOutcome, StageReport } from "../../protocol/result.ts";
import { sampleResult, sampleStage } from "../../protocol/testing/sample_result.ts";
import { runText } from "../reports/comment.ts";
import type { RunFacts } from "../reports/comment_parts.ts";
import type { Refusal } from "../commands/policy.ts";
import { help, nearMiss, nothingToCancel, refused, withdrawn } from "../commands/replies.ts";
import { expired, superseded } from "../store/rows.ts";
import type { CommandRow } from "../store/rows.ts";

/** Runs and commands of each kind, and the comments they lead to. */

const now = "2026-11-23T12:00:00.000Z";
export const head = "3fa9c1b".padEnd(40, "0");
export const other = "c0ffee0".padEnd(40, "0");

export const base: RunFacts = {
  run: "abcdefghijkl-1",
  recipe: "miniflux",
  repository: "https://git.example/recipe-maintainers/miniflux",
  pr: 12,
  commit: head,
  verdict: null,
  folded: false,
  held: false,
  retrying: false,
  putOffUntil: null,
  attempt: 1,
  trouble: null,
  started: false,
  untakenMs: null,
  cause: null,
  cancelledBy: null,
  stoppedAs: "cancelled",
  page: "https://ci.example/runs/abcdefghijkl-1",
  enginePage: null,
  view: null,
  ahead: 0,
  waitSeconds: 0,
  elapsedSeconds: null,
  usualSeconds: null,
  tookSeconds: null,
};

const enginePage = { name: "Drone build 12", url: "https://drone.example/cc-ci/cc-ci/12" };

export function view(fields: Partial<RunView>): RunView {
  return {
    run: base.run,
    recipe: base.recipe,
    subject: { kind: "pr", pr: 12, src: "recipe-maintainers/miniflux" },
    commit: head,
    base: "2.1.0+2.2.13",
    state: "running",
    position: 0,
    cause: null,
    link: null,
    remark: null,
    url: base.page ?? "",
    announcedAt: now,
    startedAt: now,
    finishedAt: null,
    stages: [],
    result: null,
    artefacts: [],
    shown: false,
    ...fields,
  };
}

export function ended(
  result: RunOutcome,
  stages: StageReport[],
  fields: Partial<NonNullable<RunView["result"]>> = {},
): RunFacts {
  return {
    ...base,
    verdict: result,
    started: true,
    tookSeconds: 72,
    view: view({
      state: result,
      result: sampleResult({
        run: base.run,
        recipe: base.recipe,
        commit: head,
        result,
        stages,
        startedAt: now,
        finishedAt: now,
        ...fields,
      }),
    }),
  };
}

const shots = ["install.png", "upgrade.png"].map((name) => ({
  name,
  bytes: 1,
  url: `https://ci.example/a/${name}`,
}));
export const passed = ended("passed", [
  sampleStage({
    name: "install",
    seconds: 21,
    proofs: ["answers at /healthcheck", "page opened"],
    screenshots: ["install.png"],
  }),
  sampleStage({ name: "upgrade", seconds: 26, proofs: ["data read back"], screenshots: ["upgrade.png"] }),
  sampleStage({ name: "tests", result: "skipped", reason: "none in .cc-ci/", seconds: 0 }),
  sampleStage({ name: "teardown", seconds: 3, proofs: ["nothing left"] }),
], { abraStandIn: true });
passed.view = passed.view && { ...passed.view, artefacts: shots, shown: true };

const lost = "data written before the upgrade is gone";
export const failed = ended("failed", [
  sampleStage({ name: "install", seconds: 21 }),
  sampleStage({
    name: "upgrade",
    result: "failed",
    seconds: 26,
    cause: lost,
    detail: "Wrote feed `marker-5d21` at 2.1.0+2.2.13, read back: no such feed.\n*Volume* `db|a` <moved>.",
    tail: Array.from({ length: 30 }, (_, index) => `line ${index + 1}`),
  }),
], { stage: "upgrade", cause: lost, level: 1 });

const running = {
  ...base,
  started: true,
  enginePage,
  elapsedSeconds: 41,
  usualSeconds: 95,
  view: view({
    stages: [
      {
        name: "install",
        running: false,
        report: sampleStage({ name: "install", seconds: 21, proofs: ["page opened"] }),
      },
      { name: "upgrade", running: true, report: null },
      { name: "teardown", running: false, report: null },
    ],
  }),
};

const fetched = sampleStage({
  name: "fetch",
  seconds: 1.8,
  proofs: ["is the head of PR #12", "4 published versions"],
});
const linted = sampleStage({ name: "lint", seconds: 0.9, proofs: ["12 rules of abra", "34 of cc-ci"] });
const installed = sampleStage({
  name: "install",
  seconds: 21,
  proofs: ["answers at /healthcheck", "page opened"],
});
const tornDown = sampleStage({ name: "teardown", seconds: 3, proofs: ["nothing left"] });
function blocked(by: string, ...names: StageReport["name"][]): StageReport[] {
  return names.map((name) => sampleStage({ name, result: "blocked", reason: by, seconds: 0 }));
}

const lintCause = "2 mistakes that abra or Docker would stumble over";
const failedLint = ended("failed", [
  fetched,
  sampleStage({
    name: "lint",
    result: "failed",
    seconds: 0.9,
    cause: lintCause,
    findings: [
      {
        rule: "lint.unset",
        severity: "error",
        file: "compose.yml",
        line: 12,
        message: 'Nothing sets "DB_HOST"',
        hint: "Add it to .env.sample",
      },
      { rule: "confine.bind", severity: "error", file: "compose.yml", line: 20, message: 'Mounts "/etc"' },
      { rule: "lint.tag", severity: "warning", file: "compose.yml", line: 4, message: "Image without tag" },
    ],
  }),
  ...blocked("lint", "install", "backup", "restore", "tests", "upgrade"),
  sampleStage({ name: "teardown", result: "skipped", reason: "nothing was deployed", seconds: 0 }),
], { stage: "lint", cause: lintCause, level: 0 });

const wrongTest = 'recipes/miniflux/install_test.ts, line 3: The kit has no "fetchh": did you mean "fetch"?';
const failedEnrolment = ended("failed", [
  fetched,
  sampleStage({ name: "lint", result: "failed", seconds: 2.1, cause: wrongTest, fault: "enrolment" }),
  ...blocked("enrolment", "images", "install", "backup", "restore", "tests", "upgrade"),
  sampleStage({ name: "teardown", result: "skipped", reason: "nothing was deployed", seconds: 0 }),
], { stage: "lint", cause: wrongTest, level: 0 });

const unread = "recipe.yml: seed wrote nothing that read finds";
const infraEnrolment = ended("infra", [
  fetched,
  linted,
  installed,
  sampleStage({
    name: "backup",
    result: "infra",
    seconds: 21,
    cause: unread,
    fault: "enrolment",
    detail: 'Read record "m4rk" in service db back at once: ERROR:  column "markr" does not exist',
  }),
  ...blocked("backup", "restore"),
  tornDown,
], { stage: "backup", cause: unread, level: 1 });

const crash = 'Service "app" exits again and again with code 1';
const failedInstall = ended("failed", [
  fetched,
  linted,
  sampleStage({
    name: "install",
    result: "failed",
    seconds: 95,
    cause: crash,
    detail: "It was started 5 times within 1 min 35 s.",
    tail: ["level=info msg=starting", 'level=fatal msg="no such host: db"'],
  }),
  ...blocked("install", "backup", "restore", "tests", "upgrade"),
  tornDown,
], { stage: "install", cause: crash, level: 0 });

const failedTests = ended("failed", [
  fetched,
  linted,
  installed,
  sampleStage({ name: "backup", seconds: 6, proofs: ["snapshot 1f2e3d4c, 12 files"] }),
  sampleStage({ name: "restore", seconds: 9, proofs: ["data read back"] }),
  sampleStage({
    name: "tests",
    result: "failed",
    seconds: 14,
    cause: "1 of 3 tests failed",
    detail: "a feed can be added: expected 1, got 0",
  }),
  sampleStage({ name: "upgrade", seconds: 26, proofs: ["data read back"] }),
  tornDown,
], { stage: "tests", cause: "1 of 3 tests failed", level: 3 });

const cleanRun = ended("passed", [
  fetched,
  { ...linted, findings: [], blemishes: [] },
  { ...installed, blemishes: ["Request failed: /favicon-32.png answered with 404"] },
  sampleStage({ name: "tests", seconds: 14, proofs: ["3 tests"] }),
  sampleStage({ name: "upgrade", seconds: 26, proofs: ["data read back"] }),
  tornDown,
], {
  level: 4,
  visual: { before: "before.png", after: "after.png", difference: "diff.png", changed: 0.0421 },
});

const late = "It ran longer than 10 min 00 s";
const outOfTime = ended("timed_out", [
  fetched,
  linted,
  sampleStage({ name: "install", result: "failed", seconds: 600, cause: late }),
  ...blocked("install", "tests", "upgrade"),
  tornDown,
], { stage: "install", cause: late, seconds: 612 });

const gone = "The runner disappeared";

/** By the name of the file that shows it. */
const runs: Record<string, RunFacts> = {
  "queued": base,
  "queued-behind-others": { ...base, ahead: 2, waitSeconds: 350, page: null },
  "queued-during-maintenance": { ...base, held: true },
  "queued-no-runner-noticed": { ...base, untakenMs: 13_000 },
  "queued-no-runner-takes-it": { ...base, untakenMs: 100_000, enginePage },
  "running": running,
  "running-second-attempt": { ...base, started: true, attempt: 2, trouble: gone },
  "running-being-stopped": { ...base, started: true, cancelledBy: "maintainer" },
  "passed": { ...passed, enginePage },
  "passed-not-clean": cleanRun,
  "passed-customised": ended("passed", [
    sampleStage({ name: "install", seconds: 21, proofs: ["page opened"] }),
  ], {
    customised: ["env.COMPOSE_FILE: compose.yml:compose.<b>.yml", "timeouts.install: 900"],
    gaps: [{ what: "voice calls", reason: "UDP does not get through the proxy" }],
  }),
  "passed-newer-run-below": { ...passed, folded: true },
  "failed-lint": failedLint,
  "failed-enrolment": failedEnrolment,
  "ci-trouble-enrolment": infraEnrolment,
  "failed-install": failedInstall,
  "failed-tests": failedTests,
  "failed-upgrade": failed,
  "failed-without-stages": {
    ...base,
    repository: "http://git.example/a/b",
    verdict: "failed",
    started: true,
  },
  "failed-though-reported-passed": { ...passed, verdict: "failed", tookSeconds: null },
  "failed-newer-run-below": { ...failed, folded: true },
  "timed-out": outOfTime,
  "cancelled": { ...base, verdict: "cancelled", cancelledBy: "maintainer", page: null },
  "cancelled-superseded": { ...base, verdict: "cancelled", cause: superseded, stoppedAs: "superseded" },
  "cancelled-expired": { ...base, verdict: "cancelled", cause: expired, stoppedAs: "expired" },
  "cancelled-newer-run-below": {
    ...{ ...base, started: true, verdict: "cancelled", cancelledBy: "maintainer", folded: true },
  },
  "ci-trouble": {
    ...base,
    verdict: "infra",
    started: true,
    page: null,
    cause: "The run's process disappeared",
  },
  "ci-trouble-tried-again": { ...base, started: true, retrying: true, cause: gone },
  "ci-trouble-put-off": {
    ...base,
    ...{ started: true, retrying: true, putOffUntil: Date.parse(now) + 600_000 },
    cause: 'docker.io limits how much this host may pull, so "nginx:1" could not be had',
  },
  "ci-trouble-last-attempt": { ...base, verdict: "infra", started: true, attempt: 3, cause: gone },
};

const command: CommandRow = {
  comment: 1,
  repo: "recipe-maintainers/miniflux",
  pr: 12,
  user_id: 3,
  login: "outsider",
  written_at: 0,
  kind: "test",
  commit: null,
  state: "seen",
  reason: null,
  seen_at: 0,
};

/** What bridges are told of a file with a mistake, by the reader that they use. */
const misspelt = readRecipeYml("repo: recipe-maintainers/miniflux\nhelth: {path: /healthcheck}\n");

/** One for each reason there is. */
const refusals: Record<Refusal["reason"], Refusal> = {
  "not-member": { reason: "not-member" },
  "not-starter": { reason: "not-starter" },
  "not-enrolled": { reason: "not-enrolled" },
  "bad-enrolment": {
    reason: "bad-enrolment",
    recipe: "miniflux",
    problem: misspelt.ok ? "" : misspelt.problem,
  },
  "maintenance": { reason: "maintenance", since: 1, note: "back at noon" },
  "edited": { reason: "edited" },
  "too-old": { reason: "too-old" },
  "merged": { reason: "merged" },
  "fork-gone": { reason: "fork-gone" },
  "closed": { reason: "closed" },
  "pushed": { reason: "pushed", before: other, head },
  "same-time": { reason: "same-time", head },
  "unknown-head": { reason: "unknown-head", head },
  "too-short": { reason: "too-short", commit: "3fa9" },
  "other-commit": { reason: "other-commit", asked: other, head },
};

/** Every comment that we write, by the name of the file that shows it. */
export const comments: Record<string, string> = {
  ...Object.fromEntries(Object.entries(runs).map(([name, facts]) => [name, runText(facts)])),
  ...Object.fromEntries(
    Object.entries(refusals).map(([reason, refusal]) => [
      `refused-${reason}`,
      refused(refusal, { command, org: "coop" }),
    ]),
  ),
  "help": help("coop"),
  "near-miss": nearMiss(),
  "nothing-to-cancel": nothingToCancel(),
  "withdrawn": withdrawn(),
};
