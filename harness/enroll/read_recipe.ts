import { join } from "node:path";
import { requireDockerClient } from "../../common/docker_client.ts";
import { parseEnvFile, type Setting } from "../../common/env_file.ts";
import { UsageError } from "../../common/errors.ts";
import type { Subject } from "../../protocol/params.ts";
import type { Enrolment } from "../../enrolment/enrolment.ts";
import { composeEnvironment, domainsOf, newSettings } from "../app/settings.ts";
import { confine } from "../confinement/confinement.ts";
import { fillIn, type Finding } from "../lint/finding.ts";
import { type Base, findBase } from "../recipe/base.ts";
import { type Compose, type ComposeFailure, loadCompose } from "../recipe/compose.ts";
import { readInside } from "../recipe/inside_checkout.ts";
import { checkOut, fetchRecipe, type RecipeRepo } from "../recipe/repo.ts";
import { type NeededSecret, neededSecrets } from "../recipe/secrets.ts";
import { domainOf, stackOf } from "../run/names.ts";
import { InfraFailure, StageFailure } from "../run/stage.ts";
import type { RecipeSource } from "../run/request.ts";
import type { Settings } from "../run/settings.ts";

/** A recipe's commit in a folder, read as a run reads it. */
export interface FetchedRecipe {
  recipe: string;
  /** Real path of the checkout. */
  root: string;
  repo: RecipeRepo;
  base: Base;
  /** The app that the compose files are read for. */
  app: { domain: string; stack: string };
}

export interface ReadOptions {
  settings: Settings;
  /** Scratch folder. */
  tmp: string;
  log: (line: string) => void;
  signal: AbortSignal;
}

/**
 * Fetches a recipe as a run does, and checks out what the run would test.
 * @throws {UsageError} for what is no recipe, or cannot be had
 */
export async function fetchToRead(
  recipe: string,
  options: ReadOptions & { source: RecipeSource; subject: Subject },
): Promise<FetchedRecipe> {
  const { settings, tmp, source, subject, log, signal } = options;
  try {
    const repo = await fetchRecipe(source, { recipe, subject, settings, log, signal });
    const checkout = join(tmp, "head");
    await checkOut(repo, checkout, { at: "head", settings, signal });
    const base = await findBase(repo, { asked: null, settings, signal });
    const root = await Deno.realPath(checkout);
    for (const file of ["compose.yml", ".env.sample"]) {
      if (readInside(root, file) === null) {
        throw new UsageError(`This is no recipe of Co-op Cloud: it has no ${file}`, {
          hint: "Name the repository of a recipe, not that of the app",
        });
      }
    }
    const domain = domainOf(recipe, { run: "enroll", lane: "install", base: settings.BASE_DOMAIN });
    return { recipe, root, repo, base, app: { domain, stack: stackOf(domain) } };
  } catch (error) {
    if (error instanceof StageFailure || error instanceof InfraFailure) {
      throw new UsageError(error.message, {
        ...(error.detail === undefined ? {} : { hint: error.detail }),
        cause: error,
      });
    }
    throw error;
  }
}

/** A recipe's compose files with the settings that an enrolment gives them. */
export interface ReadRecipe {
  compose: Compose;
  /** The app's settings, with abra's modifiers. */
  settings: Setting[];
  secrets: NeededSecret[];
  /** Errors for which nothing would be deployed. */
  refusals: Finding[];
}

/** Reads a recipe as a run would with this enrolment. @returns a failure where its compose files cannot be read */
export async function readWith(
  enrolment: Enrolment,
  fetched: FetchedRecipe,
  options: ReadOptions,
): Promise<ReadRecipe | ComposeFailure> {
  const { root, app } = fetched;
  const env = await composeEnvironment(root, { enrolment, ...app });
  const compose = await loadCompose(root, env);
  if (!compose.ok) return compose;
  const settings = parseEnvFile(newSettings({ root, at: "head" }, { enrolment, domain: app.domain }));
  const confined = await confine(compose, {
    checkout: root,
    stack: app.stack,
    domains: domainsOf(app.domain, enrolment),
    exceptions: fillIn(enrolment.exceptions, app),
    client: await requireDockerClient(
      options.settings.DOCKER,
      (message, hint) => new UsageError(message, { hint }),
    ),
    tmp: options.tmp,
    signal: options.signal,
  });
  return {
    compose,
    settings,
    secrets: neededSecrets(compose, { stack: app.stack, settings }),
    refusals: confined.findings.filter(({ severity }) => severity === "error"),
  };
}
