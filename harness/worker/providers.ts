import { join } from "node:path";
import { describeError } from "../../common/errors.ts";
import { fillFromProviders } from "../../enrolment/fill_needed.ts";
import { type Enrolment, loadEnrolment } from "../../enrolment/enrolment.ts";
import type { Need, NeededValue } from "../../enrolment/needs_schema.ts";
import type { App } from "../app/app.ts";
import { domainsOf } from "../app/settings.ts";
import { bounded } from "../checks/bounded.ts";
import type { RunContext } from "../checks/context.ts";
import { setUp } from "../checks/set_up.ts";
import { settledEnrolment } from "../checks/settled_enrolment.ts";
import { fetchRecipe, type RecipeRepo } from "../recipe/repo.ts";
import { newestFirst } from "../recipe/base.ts";
import { findVersion } from "../recipe/versions.ts";
import type { HandedValue, PlannedProvider } from "../run/folder.ts";
import { InfraFailure, StageBlocked, type StageContext, StageFailure } from "../run/stage.ts";
import { imagesStage } from "../stages/images.ts";
import { checkForDeploy, lintStage } from "../stages/lint.ts";
import { tearDownApp } from "../cleanup/teardown.ts";
import { forgetWarm, type WarmProvider } from "../run/warm.ts";
import { asItWasMade, leaveWarm, leftWarm, type Sought, visitWarm, wakeUp } from "./warm_provider.ts";

/** What providers have handed over, by recipe and name. */
type Values = Map<string, Readonly<Record<string, HandedValue>>>;

/** Whoever needs a provider. */
interface Needing {
  enrolment: Enrolment;
  need: Need;
  /** Its domains. */
  domains: readonly string[];
}

/** A provider that is to be deployed. */
interface Wanted {
  planned: PlannedProvider;
  enrolment: Enrolment;
  /** In the order in which they were found; the first one's set-up is run. */
  by: readonly Needing[];
}

/** What the work on a provider needs of the worker. */
export interface ProviderTools {
  ctx: StageContext;
  newApp: (run: RunContext, planned: PlannedProvider) => App;
}

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
      const enrolment = await loadEnrolment(run.plan.settings.RECIPES, planned.recipe);
      const by = needing.filter(({ need }) => need.recipe === planned.recipe);
      wanted.unshift({ planned, enrolment, by });
      needing.push(...enrolment.needs.map((need) => ({ enrolment, need, domains: planned.domains })));
    });
  }
  for (const one of wanted) {
    run.providing = one.planned.recipe;
    ctx.log(`Deploying provider ${one.planned.recipe} at ${one.planned.domain}`);
    await guarded(one.planned, tools, async () => {
      const provider = await providerRun(run, { ...tools, wanted: one, values });
      values.set(one.planned.recipe, await deployProvider(provider, { ctx, wanted: one }));
    });
  }
  run.providing = null;
  run.enrolment = filled(run, { enrolment: run.enrolment, values });
  await checkForDeploy(run, ctx);
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

/** The enrolment with what providers have handed over. @throws {StageFailure} for a value that nobody has handed on */
function filled(
  run: RunContext,
  { enrolment, values }: { enrolment: Enrolment; values: Values },
): Enrolment {
  const valueOf = ({ recipe, name }: NeededValue) => values.get(recipe)?.[name]?.value;
  const { enrolment: whole, hidden, missing } = fillFromProviders(enrolment, valueOf);
  for (const value of hidden) run.redactor.add(value);
  const [first] = missing;
  if (first === undefined) return whole;
  const { recipe, name, place } = first;
  const has = Object.keys(values.get(recipe) ?? {}).join(", ");
  throw new StageFailure(
    `recipes/${enrolment.recipe}/recipe.yml: "${place}" asks for {needs.${recipe}.${name}}, and its set-up hands on ${has}`,
    { code: "needs.value", fault: "enrolment" },
  );
}

/**
 * The run as the work on one provider sees it: of a recipe of its own, with one lane, and with a result that nobody is
 * told.
 */
async function providerRun(
  run: RunContext,
  of: ProviderTools & { wanted: Wanted; values: Values },
): Promise<ProviderRun> {
  const { wanted: { planned, by, ...wanted }, values, ctx, newApp } = of;
  const repo = await released(run, { enrolment: wanted.enrolment, version: by[0]?.need.version, ctx });
  const sought = { planned, enrolment: wanted.enrolment, commit: repo.head, settings: run.plan.settings };
  const left = await leftWarm(sought, run.clock);
  const settled = left === null
    ? await settledEnrolment(wanted.enrolment, run.redactor)
    : await asItWasMade(wanted.enrolment, { left, redactor: run.redactor });
  for (const note of settled.notes) quietly(ctx, planned.recipe).note(note);
  const enrolment = filled(run, { enrolment: settled.enrolment, values });
  let app: App | null = null;
  const provider: RunContext = {
    ...run,
    plan: {
      ...run.plan,
      request: { ...run.plan.request, recipe: planned.recipe, base: null, only: ["install"] },
      stages: ["fetch", "lint", "images", "install"],
      apps: [{ ...planned, lane: "install" }],
    },
    folder: run.folder.ofProvider(run.plan.providers.indexOf(planned)),
    send: (message) => {
      // What the run has to remove or to keep is the same, whoever made it; the rest is told of the recipe under test.
      // Volumes of a provider that stays up are none of the run's.
      if (message.type === "image" || (message.type === "volumes" && !planned.warm)) run.send(message);
    },
    app: () => app ??= newApp(provider, planned),
    neededBy: by.flatMap(({ domains }) => domains),
    providers: () => Promise.resolve(),
    providing: null,
    room: Promise.resolve(),
    enrolment,
    customised: [],
    repo,
    base: null,
    further: [],
    pictures: "",
    compose: { head: null, base: null },
    recipeTests: null,
    enrolledTestsChecked: false,
    calledOnProxy: new Set(),
    checked: { install: null, base: null, upgrade: null },
    overrides: { install: null, base: null, upgrade: null },
    obtained: [],
    movedTags: [],
    saved: null,
    restoredAt: null,
    undeployable: null,
    exceeded: new Map(),
    baseObstacle: null,
    imposed: { install: 0, upgrade: 0 },
  };
  return { run: provider, sought, left, renew: () => void (app = null) };
}

/** The work on one provider. */
interface ProviderRun {
  run: RunContext;
  sought: Sought;
  /** The provider as an earlier run has left it; null: it has to be deployed. */
  left: WarmProvider | null;
  /** Has the next `run.app()` make a new app. */
  renew: () => void;
}

/** The provider's repository with the version that is deployed as its head. */
async function released(
  run: RunContext,
  of: { enrolment: Enrolment; version: string | undefined; ctx: StageContext },
): Promise<RecipeRepo> {
  const { enrolment: { recipe, repo: src, upstream }, version, ctx } = of;
  const repo = await fetchRecipe({ kind: "forge", src, pr: null, commit: null, revision: null }, {
    recipe,
    subject: { kind: "branch", name: "HEAD", src },
    ...(upstream === undefined ? {} : { upstream }),
    settings: run.plan.settings,
    log: ctx.log,
    signal: ctx.signal,
  });
  const found = version === undefined
    ? newestFirst(repo.published)[0] ?? null
    : findVersion(repo.published, version);
  if (found !== null) return { ...repo, head: found.commit };
  const has = repo.published.map((one) => one.version).join(", ") || "none";
  throw new InfraFailure(
    version === undefined
      ? "It has no published version"
      : `It has no version ${version}; published are ${has}`,
  );
}

/** Deploys one provider and sets it up. @returns what it hands over */
async function deployProvider(
  { run, sought, left, renew }: ProviderRun,
  of: { ctx: StageContext; wanted: Wanted },
): Promise<Record<string, HandedValue>> {
  const { planned, by: [first] } = of.wanted;
  const { recipe } = planned;
  const quiet = quietly(of.ctx, recipe);
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
    const { folder = null, recipe: needing } = first?.enrolment ?? {};
    const setup = first?.need.setup;
    if (setup === undefined || folder === null || needing === undefined) return;
    await visitWarm(sought, {
      recipe: needing,
      neededBy: [...run.neededBy ?? []],
      app,
      setUp: async (orphans) => {
        if (orphans.length > 0) {
          const runs = orphans.length === 1 ? "an earlier run" : `${orphans.length} earlier runs`;
          ctx.log(`It has what ${runs} made there, for ${setup} to remove`);
        }
        await setUp(run, {
          app,
          ctx,
          own: { file: join(folder, setup), where: `recipes/${needing}/${setup}`, orphans },
        });
      },
    });
  };
  const reuse = bounded("install", async (run, ctx) => {
    if (left !== null) await wakeUp(run.app("install"), { left, checked, ctx });
    await setUpFor(ctx);
  });
  const reused = left !== null && await reuse(run, quiet).then(() => true, (error) => {
    of.ctx.signal.throwIfAborted();
    quiet.log(`What an earlier run has left of it is not used: ${describeError(error)}`);
    return false;
  });
  if (reused) {
    quiet.log("An earlier run has left it up");
  } else {
    if (planned.warm) await clearAway(run, { planned, renew });
    await install(run, quiet);
  }
  const { domain, handed } = run.app("install");
  const shown = (value: string): HandedValue => ({ value, secret: false });
  const ca = run.plan.settings.CA_FILE;
  return {
    domain: shown(domain),
    url: shown(`https://${domain}`),
    ca: shown(ca === undefined ? PUBLIC_CA : await Deno.readTextFile(ca)),
    ...handed,
  };
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

/** Stands for a CA where there is none of the proxy's own: a secret may not be empty. */
const PUBLIC_CA = "# The proxy's certificate is one that everybody trusts.\n";

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
