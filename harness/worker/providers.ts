import { basename } from "node:path";
import { describeError } from "../../common/errors.ts";
import { loadEnrolment } from "../../enrolment/enrolment.ts";
import { domainsOf } from "../app/settings.ts";
import { bounded } from "../checks/bounded.ts";
import type { RunContext } from "../checks/context.ts";
import { setUp } from "../checks/set_up.ts";
import { tearDownApp } from "../cleanup/teardown.ts";
import type { HandedValue, PlannedProvider } from "../run/folder.ts";
import { InfraFailure, StageBlocked, type StageContext, StageFailure } from "../run/stage.ts";
import { forgetWarm } from "../run/warm.ts";
import { notEnrolled } from "../stages/fetch.ts";
import { imagesStage } from "../stages/images.ts";
import { checkForDeploy, lintStage } from "../stages/lint.ts";
import {
  type ProviderRun,
  providerRun,
  type ProviderTools,
  setUpFileOf,
  type Wanted,
} from "./provider_run.ts";
import { filled, type Values, valuesOf } from "./provider_values.ts";
import { leaveWarm, visitWarm, wakeUp } from "./warm_provider.ts";

/**
 * Deploys the providers that the recipe under test needs, one after the other and once for all lanes, and makes what
 * they hand over a part of the enrolment. What is to be deployed is checked once more with it.
 * @throws {StageBlocked} naming the provider: whatever is wrong with it, the recipe under test is not to blame
 */
export async function deployProviders(run: RunContext, tools: ProviderTools): Promise<void> {
  const { ctx } = tools;
  const values: Values = new Map();
  const apps = run.plan.apps.flatMap(({ domain }) => domainsOf(domain, run.enrolment));
  const needing = run.enrolment.needs.map((need) => ({ enrolment: run.enrolment, need, domains: apps }));
  // Those that others need come first in the plan, and are known to be needed once the others have been read.
  const wanted: Wanted[] = [];
  for (const planned of run.plan.providers.toReversed()) {
    await guarded(planned, tools, async () => {
      const { settings } = run.plan;
      const enrolment = await loadEnrolment(settings.RECIPES, planned.recipe)
        .catch((error) => {
          throw notEnrolled(error, settings);
        });
      const by = needing.filter(({ need }) => need.recipe === planned.recipe);
      wanted.unshift({ planned, enrolment, by });
      needing.push(...enrolment.needs.map((need) => ({ enrolment, need, domains: planned.domains })));
    });
  }
  for (const one of wanted) {
    run.providing = one.planned.recipe;
    ctx.log(`Deploying provider ${one.planned.recipe} at ${one.planned.domain}`);
    await guarded(one.planned, tools, async () => {
      const quiet = quietly(ctx, one.planned.recipe);
      const provider = await providerRun(run, { ...tools, ctx: quiet, wanted: one, values });
      values.set(one.planned.recipe, await deployProvider(provider, { ctx: quiet, wanted: one }));
    });
  }
  run.providing = null;
  run.enrolment = filled(run, { enrolment: run.enrolment, values });
  await checkForDeploy(run, ctx);
}

/**
 * Waits for providers that another stage may be deploying: no longer than the stage's own time.
 * @throws what their deploy throws, or the signal's reason
 */
export async function awaitProviders(
  deployed: Promise<void>,
  { signal }: Pick<StageContext, "signal">,
): Promise<void> {
  deployed.catch(() => {}); // of those that are not waited for any more
  signal.throwIfAborted();
  const late = Promise.withResolvers<never>();
  const giveUp = () => late.reject(signal.reason);
  signal.addEventListener("abort", giveUp, { once: true });
  try {
    await Promise.race([deployed, late.promise]);
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}

/** Does work on a provider, whose trouble blocks the run and is nobody else's. */
async function guarded(
  { recipe }: PlannedProvider,
  { ctx }: Pick<ProviderTools, "ctx">,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    throw blockedBy(recipe, { error, ctx });
  }
}

/** What it means that a provider is in trouble. */
function blockedBy(
  recipe: string,
  { error, ctx }: { error: unknown; ctx: Pick<StageContext, "log"> },
): unknown {
  const more = error instanceof StageFailure
    ? [error.detail ?? "", ...error.tail]
    : error instanceof InfraFailure
    ? [error.detail ?? ""]
    : [];
  for (const line of more.filter((one) => one !== "")) ctx.log(line);
  const why = error instanceof StageBlocked
    ? `it is blocked by ${error.message}`
    : error instanceof Error
    ? error.message
    : describeError(error);
  return new StageBlocked(`provider "${recipe}": ${why}`);
}

/** Deploys one provider and sets it up. @returns what it hands over */
async function deployProvider(
  { run, sought, left, renew }: ProviderRun,
  { ctx: quiet, wanted: { planned, by } }: { ctx: StageContext; wanted: Wanted },
): Promise<Record<string, HandedValue>> {
  await lintStage(run, quiet);
  if (run.undeployable !== null) throw new StageBlocked(run.undeployable);
  await imagesStage(run, quiet);
  const { install: checked } = run.checked;
  if (checked === null) throw new StageBlocked("lint");
  const install = bounded("install", async (run, ctx) => {
    const app = run.app("install");
    await app.create(ctx, "head");
    await app.deploy(ctx, { at: "head", checked });
    await app.converge(ctx);
    await app.runPostCommands(ctx, "POST_DEPLOY_CMDS");
    await app.runOwnCommands(ctx);
    await app.answers(ctx);
    await setUp(run, { app, ctx });
    if (planned.warm) await leaveWarm(app, { ...sought, settled: run.enrolment });
    await setUpFor(ctx);
  });
  const setUpFor = async (ctx: StageContext) => {
    const app = run.app("install");
    const own = setUpFileOf(by);
    if (own === null) return;
    await visitWarm(sought, {
      recipe: own.recipe,
      neededBy: [...run.neededBy ?? []],
      app,
      setUp: async (orphans) => {
        if (orphans.length > 0) {
          const runs = orphans.length === 1 ? "an earlier run" : `${orphans.length} earlier runs`;
          ctx.log(`It has what ${runs} made there, for ${basename(own.file)} to remove`);
        }
        await setUp(run, { app, ctx, own: { ...own, orphans } });
      },
    });
  };
  const reuse = bounded("install", async (run, ctx) => {
    if (left !== null) await wakeUp(run.app("install"), { left, checked, ctx });
    await setUpFor(ctx);
  });
  const reused = left !== null && await reuse(run, quiet).then(() => true, (error) => {
    quiet.signal.throwIfAborted();
    quiet.log(`What an earlier run has left of it is not used: ${describeError(error)}`);
    return false;
  });
  if (reused) {
    quiet.log("An earlier run has left it up");
  } else {
    if (planned.warm) await clearAway(run, { planned, renew });
    await install(run, quiet);
  }
  return await valuesOf(run);
}

/** Removes whatever there is of a provider at a place that runs share. */
async function clearAway(
  run: RunContext,
  { planned, renew }: { planned: PlannedProvider; renew: () => void },
): Promise<void> {
  const { swarm, plan: { settings } } = run;
  await forgetWarm(settings.RUNS, planned);
  const left = await tearDownApp(planned, { swarm, settings, volumes: [], log: () => {} });
  if (left.length > 0) throw new InfraFailure(`Could not remove what is left of it: ${left.join(", ")}`);
  run.exceeded.clear();
  renew();
}

/** A stage's context in which nothing is told of the stage's own result: all of it goes to the log. */
function quietly(ctx: StageContext, recipe: string): StageContext {
  const log = (line: string) => ctx.log(`[${recipe}] ${line}`);
  return {
    ...ctx,
    log,
    note: log,
    blemish: log,
    proof: () => {},
    finding: () => {},
    resources: () => {},
    screenshot: () => {},
  };
}
