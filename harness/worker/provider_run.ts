import { join } from "node:path";
import type { Enrolment } from "../../enrolment/enrolment.ts";
import type { Need } from "../../enrolment/needs_schema.ts";
import type { App } from "../app/app.ts";
import { nothingYet, type RunContext } from "../checks/context.ts";
import { settledEnrolment } from "../checks/settled_enrolment.ts";
import { newestFirst } from "../recipe/base.ts";
import { fetchRecipe, type RecipeRepo } from "../recipe/repo.ts";
import { findVersion } from "../recipe/versions.ts";
import type { PlannedProvider } from "../run/folder.ts";
import { InfraFailure, type StageContext } from "../run/stage.ts";
import type { WarmProvider } from "../run/warm.ts";
import { filled, type Values } from "./provider_values.ts";
import { asItWasMade, leftWarm, type Sought } from "./warm_provider.ts";

/** Whoever needs a provider. */
export interface Needing {
  enrolment: Enrolment;
  need: Need;
  /** Its domains. */
  domains: readonly string[];
}

/** A provider that is to be deployed. */
export interface Wanted {
  planned: PlannedProvider;
  enrolment: Enrolment;
  /** They agree about its version, and at most one has a file that sets it up, as `recipe.yml` is checked for. */
  by: readonly Needing[];
}

/** What the work on a provider needs of the worker. */
export interface ProviderTools {
  ctx: StageContext;
  newApp: (run: RunContext, planned: PlannedProvider) => App;
}

/** The work on one provider. */
export interface ProviderRun {
  run: RunContext;
  sought: Sought;
  /** The provider as an earlier run has left it; null: it has to be deployed. */
  left: WarmProvider | null;
  /** Has the next `run.app()` make a new app. */
  renew: () => void;
}

/**
 * The run as the work on one provider sees it: of a recipe of its own, with one lane, and with a result that nobody is
 * told. What the run has come to know of the recipe under test is no part of it.
 */
export async function providerRun(
  run: RunContext,
  of: ProviderTools & { wanted: Wanted; values: Values },
): Promise<ProviderRun> {
  const { swarm, clock, redactor, marker, browser } = run;
  const { wanted: { planned, by, ...wanted }, values, ctx, newApp } = of;
  const repo = await released(run, { enrolment: wanted.enrolment, version: by[0]?.need.version, ctx });
  const sought = { planned, enrolment: wanted.enrolment, commit: repo.head, settings: run.plan.settings };
  const left = await leftWarm(sought, clock);
  const settled = left === null
    ? await settledEnrolment(wanted.enrolment, redactor)
    : await asItWasMade(wanted.enrolment, { left, redactor });
  for (const note of settled.notes) ctx.note(note);
  const enrolment = filled(run, { enrolment: settled.enrolment, values });
  let app: App | null = null;
  const provider: RunContext = {
    ...nothingYet(),
    swarm,
    clock,
    redactor,
    marker,
    browser,
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
    enrolment,
    repo,
  };
  return { run: provider, sought, left, renew: () => void (app = null) };
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

/** The file that sets a provider up for those that need it; null: none of them brings one. */
export function setUpFileOf(
  by: readonly Needing[],
): { recipe: string; file: string; where: string } | null {
  for (const { enrolment: { recipe, folder }, need: { setup } } of by) {
    if (setup === undefined || folder === null) continue;
    return { recipe, file: join(folder, setup), where: `recipes/${recipe}/${setup}` };
  }
  return null;
}
