import { join } from "node:path";
import type { App } from "../app/app.ts";
import { onceSettled } from "./after_restore.ts";
import type { TestKind } from "./check_tests.ts";
import { servicesOf } from "../recipe/compose.ts";
import { exists } from "../../common/files.ts";
import { headName, need, type RunContext } from "./context.ts";
import { SandboxError } from "../recipe_tests/sandbox.ts";
import { InfraFailure, type StageContext, StageFailure } from "../run/stage.ts";
import type { TestOutcome } from "../recipe_tests/outcome.ts";
import { runAgainst } from "./run_against.ts";

/** Milliseconds of the stage's time that its tests leave over. */
const SPARE_MS = 5_000;

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
  const outcome = await against(run, {
    app,
    ctx,
    files: [file],
    confined: false,
    checked: run.enrolledTestsChecked,
  });
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

async function against(
  run: RunContext,
  tests: { app: App; ctx: StageContext; files: readonly string[]; confined: boolean; checked: boolean },
): Promise<TestOutcome> {
  const { app, ctx, files, confined, checked } = tests;
  const { enrolment, plan } = run;
  const restoredAt = app === run.app("install") ? run.restoredAt : null;
  const subject = {
    recipe: enrolment.recipe,
    stack: app.stack,
    domains: app.domains,
    domainNames: enrolment.extra_domains,
    services: servicesOf(need(run.compose.head, "lint")),
    secrets: app.secrets,
    version: headName(run),
    base: ctx.stage === "upgrade" ? run.base?.version ?? null : null,
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
      screenshotPrefix: `${ctx.stage}-`,
      timeoutMs: Math.max(1_000, ctx.remaining() - SPARE_MS),
      onLine: ctx.log,
      signal: ctx.signal,
    });
  const outcome = await onceSettled(attempt, { restoredAt, ctx });
  ctx.signal.throwIfAborted();
  for (const name of outcome.screenshots) ctx.screenshot(name);
  return outcome;
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

function detailOf(outcome: TestOutcome): string {
  return outcome.failures.map(({ name, message }) => `${name}: ${message}`).join("\n").slice(0, 4_000);
}
