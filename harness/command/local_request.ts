import { basename } from "node:path";
import { parseEnvFile, toEnvironment } from "../../common/env_file.ts";
import { type Clock, systemClock } from "../../common/time.ts";
import { UsageError } from "../../common/errors.ts";
import { recipeName } from "../../protocol/params.ts";
import { type StageName, stageName } from "../../protocol/result.ts";
import { EnrolmentError, loadEnrolment } from "../../enrolment/enrolment.ts";
import { Git } from "../recipe/git.ts";
import { readInside } from "../recipe/inside_checkout.ts";
import { newRunName } from "../run/names.ts";
import { exists, resolvePath } from "../../common/files.ts";
import type { RecipeSource, RunRequest } from "../run/request.ts";
import type { Settings } from "../run/settings.ts";
import { stagePlans } from "../run/stage_plan.ts";

export interface LocalOptions {
  ref?: string;
  base?: string;
  only?: string;
  keep?: boolean;
  testsOnly?: boolean;
  app?: string;
}

/**
 * What `run-recipe <target>` asks for: the name of an enrolled recipe, a path, or a git URL.
 * @param options.tell takes a sentence on what was made of the target, where that is not plain to see
 * @throws {UsageError}
 */
export async function localRequest(
  target: string,
  options: LocalOptions & { settings: Settings; tell?: (text: string) => void; clock?: Clock },
): Promise<RunRequest> {
  const { settings, tell, clock = systemClock } = options;
  const revision = options.ref ?? null;
  refuseContradictions(options);
  if (revision !== null && (revision.startsWith("-") || /[\s~^:?*[\\]|\.\./.test(revision))) {
    throw new UsageError(`"${revision}" cannot be the name of a branch, tag or commit`);
  }
  if (!await exists(settings.RECIPES)) {
    throw new UsageError(`There is no folder "${settings.RECIPES}"`, {
      hint: "CCCI_RECIPES names the folder with enrolments; without it this checkout's are taken",
    });
  }
  const found = await locateRecipe(target, { settings, revision, ...(tell === undefined ? {} : { tell }) });
  if (!await isEnrolled(found.recipe, settings)) {
    tell?.(
      `Recipe "${found.recipe}" is not enrolled in "${settings.RECIPES}": it is tested with what holds for every recipe`,
    );
  }
  return {
    mode: "local",
    run: newRunName(clock.now()),
    ...found,
    base: options.base ?? null,
    only: options.only === undefined ? null : parseStages(options.only),
    keep: options.keep ?? false,
  };
}

/** @throws {UsageError} */
function refuseContradictions({ testsOnly, app, ref, base, keep }: LocalOptions): void {
  if (!testsOnly) {
    if (app !== undefined) {
      throw new UsageError("--app says which app --tests-only is about, and is of no use without");
    }
    return;
  }
  if (ref === undefined && base === undefined && !keep) return;
  throw new UsageError("--tests-only deploys nothing, so --ref, --base and --keep are of no use with it");
}

interface Located {
  settings: Settings;
  revision: string | null;
  tell?: (text: string) => void;
}

/** What a target is, whether it is enrolled or not. A name is one that is enrolled. @throws {UsageError} */
export async function locateRecipe(
  target: string,
  options: Located,
): Promise<{ recipe: string; source: RecipeSource }> {
  const { settings, revision } = options;
  if (/^[a-z][a-z0-9+.-]*:\/\//.test(target) || /^[\w.-]+@[\w.-]+:/.test(target)) {
    if (!/^(https|ssh):\/\/|^[\w.-]+@/.test(target)) {
      throw new UsageError(`Cannot clone "${target}": only https and ssh URLs are`);
    }
    const recipe = nameFrom(basename(target.replace(/[/:]+$/, "")).split(":").at(-1) ?? "");
    return { recipe, source: { kind: "url", url: target, revision } };
  }
  const pathLike = /^[.~/]|\//.test(target);
  if (!pathLike) {
    try {
      const enrolment = await loadEnrolment(settings.RECIPES, target);
      const source = { kind: "forge", src: enrolment.repo, pr: null, commit: null, revision } as const;
      return { recipe: target, source };
    } catch (error) {
      if (!(error instanceof EnrolmentError)) throw error;
      if (error.code !== "enrolment.unknown" || !await exists(resolvePath(target))) {
        throw new UsageError(error.message, error.hint === undefined ? {} : { hint: error.hint });
      }
    }
  }
  return await locatePath(resolvePath(target), options);
}

async function locatePath(
  path: string,
  options: Located,
): Promise<{ recipe: string; source: RecipeSource }> {
  if (!await exists(path)) throw new UsageError(`There is no folder "${path}"`);
  const real = await Deno.realPath(path);
  const git = new Git(options.settings);
  const top = await git.attempt(["rev-parse", "--show-toplevel"], { cwd: real }).catch(() => null);
  if (top === null || !top.success || top.stdout.trim() !== real) {
    throw new UsageError(`"${path}" is not the top folder of a git repository`, {
      hint: "Give the folder of the recipe, the one with compose.yml",
    });
  }
  if (!(await git.attempt(["rev-parse", "--verify", "-q", "HEAD"], { cwd: real })).success) {
    throw new UsageError(`The repository at "${path}" has no commit yet`);
  }
  const sample = toEnvironment(parseEnvFile(readInside(real, ".env.sample") ?? ""));
  const said = (sample.TYPE ?? sample.RECIPE ?? "").split(":")[0] ?? "";
  const recipe = recipeName.safeParse(said).success ? said : nameFrom(basename(real));
  if (recipe !== basename(real)) {
    options.tell?.(
      `The checkout in "${real}" is recipe ${recipe}, by ${
        said === recipe ? "TYPE in its .env.sample" : "its folder's name"
      }`,
    );
  }
  return { recipe, source: { kind: "path", path: real, revision: options.revision } };
}

/** @throws {UsageError} for a recipe that is enrolled with mistakes in its `recipe.yml` */
async function isEnrolled(recipe: string, { RECIPES }: Settings): Promise<boolean> {
  try {
    await loadEnrolment(RECIPES, recipe);
    return true;
  } catch (error) {
    if (!(error instanceof EnrolmentError)) throw error;
    if (error.code !== "enrolment.unknown") throw new UsageError(error.message);
    return false;
  }
}

function parseStages(text: string): StageName[] {
  const known = stagePlans.map((plan) => plan.name);
  return text.split(",").map((part) => part.trim()).filter((part) => part !== "").map((part) => {
    const parsed = stageName.safeParse(part);
    if (parsed.success && known.includes(parsed.data)) return parsed.data;
    throw new UsageError(`There is no stage "${part}"`, { hint: `Stages are: ${known.join(", ")}` });
  });
}

function nameFrom(text: string): string {
  const name = text.replace(/\.git$/, "").toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "");
  if (!recipeName.safeParse(name).success) throw new UsageError(`"${text}" cannot be the name of a recipe`);
  return name;
}
