import { join } from "node:path";
import { appIngressOf } from "../../common/ingress.ts";
import type { App } from "../app/app.ts";
import { onceSettled } from "./after_restore.ts";
import { servicesOf } from "../recipe/compose.ts";
import { exists } from "../../common/files.ts";
import { headName, need, type RunContext } from "./context.ts";
import { SandboxError } from "../recipe_tests/sandbox.ts";
import { InfraFailure, type StageContext, StageFailure } from "../run/stage.ts";
import { execIn } from "../swarm/exec.ts";
import { runTests, type TestOutcome } from "../recipe_tests/runner.ts";

/** Milliseconds of the stage's time that its tests leave over. */
const SPARE_MS = 5_000;

/** Runs the `<kind>_test.ts` in the enrolment's folder against the app, if there is one. */
export async function runEnrolledTest(
  run: RunContext,
  test: { app: App; ctx: StageContext; kind: "install" | "upgrade" | "backup" },
): Promise<void> {
  const { app, ctx, kind } = test;
  const { folder } = run.enrolment;
  if (folder === null) return;
  const file = join(folder, `${kind}_test.ts`);
  if (!await exists(file)) return;
  ctx.log(`Running ${kind}_test.ts`);
  const outcome = await against(run, { app, ctx, files: [file], confined: false });
  // A test of ours that does not even load is our mistake, not the recipe's.
  if (["no-tests", "type-error", "import-error", "load-error"].includes(outcome.problem ?? "")) {
    throw new InfraFailure(outcome.cause ?? `${kind}_test.ts does not load`, { detail: detailOf(outcome) });
  }
  conclude(outcome, ctx);
}

/**
 * Runs the tests that the recipe's own repository brings, in a sandbox. Whatever is wrong with them is the recipe's
 * fault.
 * @param tests.files test files, all of one folder
 */
export async function runRecipeTests(
  run: RunContext,
  tests: { app: App; ctx: StageContext; files: readonly string[] },
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
  tests: { app: App; ctx: StageContext; files: readonly string[]; confined: boolean },
): Promise<TestOutcome> {
  const { app, ctx, files, confined } = tests;
  const { enrolment, plan } = run;
  const restoredAt = app === run.app("install") ? run.restoredAt : null;
  const ingress = await appIngressOf(plan.settings);
  const browser = await run.browser();
  const attempt = () =>
    runTests({
      files,
      confined,
      broker: {
        app: {
          recipe: enrolment.recipe,
          domain: app.domain,
          url: `https://${app.domain}`,
          stage: ctx.stage,
          version: headName(run),
          ...(ctx.stage === "upgrade" && run.base !== null ? { base: run.base.version } : {}),
        },
        domains: app.domains,
        ingress,
        browser,
        services: servicesOf(need(run.compose.head, "lint")),
        ...(confined ? {} : {
          exec: async (service, argv, options) => {
            const { Id: id } = await app.swarm.containerOf(app.stack, service);
            return await execIn(app.swarm, id, { argv, ...options });
          },
        }),
        secrets: app.secrets,
        screenshotsDir: run.folder.screenshots,
        screenshotPrefix: `${ctx.stage}-`,
      },
      tmp: join(run.folder.tmp, `tests-${ctx.stage}`),
      deno: plan.settings.DENO,
      denoDir: join(plan.settings.RUNS, ".cache", "deno"), // Deno remembers there which tests it has type-checked
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
