import { join } from "node:path";
import type { App } from "./app.ts";
import { servicesOf } from "./compose.ts";
import { ingressOf } from "./health.ts";
import { exists } from "./paths.ts";
import { headName, need, type RunContext } from "./run_context.ts";
import { InfraFailure, type StageContext, StageFailure } from "./stage.ts";
import { execIn } from "./swarm_exec.ts";
import { runTests } from "./test_runner.ts";

/** Milliseconds that are left to the stage after its tests. */
const SPARE_MS = 5_000;

/** Runs the enrolment's `<kind>_test.ts` against the app, if there is one. */
export async function runEnrolledTest(
  run: RunContext,
  about: { app: App; ctx: StageContext; kind: "install" | "upgrade" | "backup" },
): Promise<void> {
  const { app, ctx, kind } = about;
  const { enrolment, plan } = run;
  if (enrolment.folder === null) return;
  const file = join(enrolment.folder, `${kind}_test.ts`);
  if (!await exists(file)) return;
  ctx.log(`Running ${kind}_test.ts`);
  const outcome = await runTests({
    files: [file],
    broker: {
      app: {
        recipe: enrolment.recipe,
        domain: app.domain,
        url: `https://${app.domain}`,
        stage: ctx.stage,
        version: headName(run),
        ...(kind === "upgrade" && run.base !== null ? { base: run.base.version } : {}),
      },
      domains: app.domains,
      ingress: await ingressOf(plan.settings),
      browser: await run.browser(),
      services: servicesOf(need(run.compose.head, "lint")),
      exec: async (service, argv, options) => {
        const { Id: id } = await app.swarm.containerOf(app.stack, service);
        return await execIn(app.swarm, id, { argv, ...options });
      },
      secrets: app.secrets,
      screenshotsDir: run.folder.screenshots,
      screenshotPrefix: `${ctx.stage}-`,
    },
    tmp: join(run.folder.tmp, `tests-${kind}`),
    deno: plan.settings.DENO,
    denoDir: join(plan.settings.RUNS, ".cache", "deno"), // type checks of a test that did not change are kept
    timeoutMs: Math.max(1_000, ctx.remaining() - SPARE_MS),
    onLine: ctx.log,
    signal: ctx.signal,
  });
  ctx.signal.throwIfAborted();
  for (const name of outcome.screenshots) ctx.screenshot(name);
  if (outcome.ok) {
    ctx.proof(`${outcome.passed} ${outcome.passed === 1 ? "test" : "tests"} passed`);
    return;
  }
  const detail = outcome.failures.map((failure) => `${failure.name}: ${failure.message}`).join("\n").slice(
    0,
    4_000,
  );
  const cause = outcome.cause ?? `${kind}_test.ts failed`;
  // A test of ours that does not even load is our mistake, not the recipe's.
  if (
    outcome.problem !== null &&
    ["no-tests", "type-error", "import-error", "load-error"].includes(outcome.problem)
  ) {
    throw new InfraFailure(cause, { detail });
  }
  throw new StageFailure(cause, { code: "tests.failed", detail });
}
