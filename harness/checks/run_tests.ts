import { basename, join } from "node:path";
import type { App } from "../app/app.ts";
import { onceSettled } from "./after_restore.ts";
import type { Step, TestKind } from "./check_tests.ts";
import type { Enrolment } from "../../enrolment/enrolment.ts";
import { servicesOf } from "../recipe/compose.ts";
import { exists } from "../../common/files.ts";
import { headName, need, type RunContext } from "./context.ts";
import type { Orphan } from "../recipe_tests/broker_types.ts";
import { SandboxError } from "../recipe_tests/sandbox.ts";
import type { HandedValue } from "../run/folder.ts";
import { InfraFailure, type StageContext, StageFailure } from "../run/stage.ts";
import type { TestOutcome } from "../recipe_tests/outcome.ts";
import { runAgainst } from "./run_against.ts";
import { timeFor } from "./time_for.ts";

/** Milliseconds that the kit gives a test or a set-up, and the other steps, where their authors say nothing else. */
const TEST_MS = 120_000;
const DATA_STEP_MS = 60_000;

/** A file that stands for a step's own. */
export interface OwnFile {
  file: string;
  /** The file as everybody calls it. */
  where: string;
  /** What earlier runs have left, of which it is told. */
  orphans: readonly Orphan[];
}

/** What a step that was run came to, and its file as everybody calls it. */
export interface StepOutcome {
  outcome: TestOutcome;
  where: string;
}

/**
 * Runs a step of the enrolment against the app as it is now, if there is one: `setup.ts`, `seed.ts`, `read.ts`.
 * @returns null where there is none
 */
export async function runStep(
  run: RunContext,
  { app, ctx, step, own, log = ctx.log, most = Infinity }: {
    app: App;
    ctx: StageContext;
    step: Step;
    own?: OwnFile;
    log?: (line: string) => void;
    /** Milliseconds that it may take at most. @default what the stage can spare */
    most?: number;
  },
): Promise<StepOutcome | null> {
  const file = own?.file ?? await stepFile(run.enrolment, step);
  if (file === null) return null;
  log(`Running ${basename(file)}`);
  const outcome = await againstOurs(run, { app, ctx, file, step, log, most, orphans: own?.orphans ?? [] });
  return { outcome, where: own?.where ?? `recipes/${run.enrolment.recipe}/${step}.ts` };
}

/** Path of a step's file; null where the enrolment has none. */
export async function stepFile(
  { folder }: Pick<Enrolment, "folder">,
  step: Step,
): Promise<string | null> {
  const file = join(folder ?? "", `${step}.ts`);
  return folder !== null && await exists(file) ? file : null;
}

/** Runs the `<kind>_test.ts` in the enrolment's folder against the app, if there is one. */
export async function runEnrolledTest(
  run: RunContext,
  test: { app: App; ctx: StageContext; kind: TestKind },
): Promise<void> {
  const { app, ctx, kind } = test;
  const { folder } = run.enrolment;
  if (folder === null) return;
  const file = join(folder, `${kind}_test.ts`);
  if (!await exists(file)) return;
  ctx.log(`Running ${kind}_test.ts`);
  const outcome = await againstOurs(run, { app, ctx, file });
  // A test of ours that does not even load is our mistake, not the recipe's.
  if (["no-tests", "type-error", "import-error", "load-error"].includes(outcome.problem ?? "")) {
    const where = `recipes/${run.enrolment.recipe}/${kind}_test.ts`;
    throw new StageFailure(`${where}: ${outcome.cause ?? "The file does not load"}`, {
      code: "tests.load",
      detail: detailOf(outcome),
      fault: "enrolment",
    });
  }
  conclude(outcome, ctx);
}

/**
 * Runs the tests that the recipe's own repository brings, in a sandbox. Whatever is wrong with them is the recipe's
 * fault.
 * @param tests.files test files, all of one folder
 * @param tests.checked whether they need no other check of their types
 */
export async function runRecipeTests(
  run: RunContext,
  tests: { app: App; ctx: StageContext; files: readonly string[]; checked: boolean },
): Promise<void> {
  try {
    conclude(await against(run, { ...tests, confined: true }), tests.ctx);
  } catch (error) {
    if (!(error instanceof SandboxError)) throw error;
    if (error.code === "sandbox.files") throw new StageFailure(error.message, { code: error.code });
    throw new InfraFailure(error.message, { cause: error.cause });
  }
}

interface Tests {
  app: App;
  ctx: StageContext;
  files: readonly string[];
  confined: boolean;
  checked: boolean;
  /** Which step before the tests the files are, if they are one. */
  step?: Step;
  orphans?: readonly Orphan[];
  log?: (line: string) => void;
  /** Milliseconds that they may take at most. @default what the stage can spare */
  most?: number;
}

/** Runs a file of the enrolment, which is ours and needs no sandbox. */
async function againstOurs(
  run: RunContext,
  { file, ...of }: Omit<Tests, "files" | "confined" | "checked"> & { file: string },
): Promise<TestOutcome> {
  return await against(run, { ...of, files: [file], confined: false, checked: run.enrolledTestsChecked });
}

async function against(run: RunContext, tests: Tests): Promise<TestOutcome> {
  const { app, ctx, files, confined, checked, step, orphans = [], log = ctx.log, most = Infinity } = tests;
  const { enrolment, plan } = run;
  const { published } = app;
  const restoredAt = app === run.app("install") ? run.restoredAt : null;
  const subject = {
    recipe: enrolment.recipe,
    stack: app.stack,
    domains: app.domains,
    domainNames: enrolment.extra_domains,
    services: servicesOf(need(published === null ? run.compose.head : run.compose.base, "lint")),
    secrets: app.secrets,
    version: published ?? headName(run),
    base: ctx.stage === "upgrade" && published === null ? run.base?.version ?? null : null,
    marker: run.marker,
    ...(run.neededBy === null ? {} : { neededBy: run.neededBy }),
    handed: app.handed,
    orphans,
    swarm: app.swarm,
    settings: plan.settings,
    browser: await run.browser(),
  };
  const attempt = () =>
    runAgainst(subject, {
      files,
      confined,
      checked,
      stage: ctx.stage,
      folder: run.folder,
      screenshotPrefix: `${ctx.stage}${run.pictures}-${step === undefined ? "" : `${step}-`}`,
      timeoutMs: timeFor(ctx, {
        needs: step === undefined || step === "setup" ? TEST_MS : DATA_STEP_MS,
        most,
      }),
      ...(step === "setup" ? { hand: handOn(run, { app, ctx }) } : {}),
      onLine: log,
      signal: ctx.signal,
    });
  const outcome = step === undefined ? await onceSettled(attempt, { restoredAt, ctx }) : await attempt();
  ctx.signal.throwIfAborted();
  for (const name of outcome.screenshots) ctx.screenshot(name);
  return outcome;
}

/** Keeps what a set-up hands on. From now on nobody sees it, if it is secret. */
function handOn(run: RunContext, { app, ctx }: { app: App; ctx: StageContext }) {
  return (name: string, handed: HandedValue) => {
    if (handed.secret && !run.redactor.add(handed.value)) {
      ctx.note(`The value of "${name}", which setup.ts handed on, is too short to be taken out of logs`);
    }
    app.handed[name] = handed;
  };
}

function conclude(outcome: TestOutcome, ctx: StageContext): void {
  if (!outcome.ok) {
    throw new StageFailure(outcome.cause ?? "The tests failed", {
      code: "tests.failed",
      detail: detailOf(outcome),
    });
  }
  ctx.proof(`${outcome.passed} ${outcome.passed === 1 ? "test" : "tests"} passed`);
}

export function detailOf(outcome: TestOutcome): string {
  return outcome.failures.map(({ name, message }) => `${name}: ${message}`).join("\n").slice(0, 4_000);
}
