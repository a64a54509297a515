import { join } from "node:path";
import { runCommandOk } from "../../common/command.ts";
import { makeRecipe } from "../../e2e/fixture_recipe.ts";
import { buildRecipeRepo } from "../../local/recipes/mod.ts";
import type { Ratios } from "./figures.ts";

export const benchRecipes = ["quick", "custom-html", "miniflux"] as const;
export type BenchRecipe = typeof benchRecipes[number];

/** What both sides of the bench are given. */
export interface Subject {
  recipe: BenchRecipe;
  /** Checkout for the harness, which leaves it alone. */
  checkout: string;
  /** Checkout of its own for the script, which moves it about. */
  plainCheckout: string;
  base: string;
  /** What is tested. */
  commit: string;
  /** Folder of enrolments for the comparison of equal steps: what answers, but no tests. */
  withoutTests: string;
  /** Folder of enrolments for whole runs. */
  enrolments: string;
  /** Recipe whose images are needed. */
  images: "custom-html" | "miniflux";
  /** What it is, and the ratios aimed at for such a recipe. */
  description: string;
  aims: Ratios;
}

const oneService: Ratios = { ratio_same_steps: 0.7, ratio_one_lane: 1.1, ratio_two_lanes: 0.8 };
const withDatabase: Ratios = { ratio_same_steps: 1.0, ratio_one_lane: 1.4, ratio_two_lanes: 1.0 };

/** Makes the recipe's repositories and enrolments below `folder`. */
export async function prepareSubject(
  recipe: BenchRecipe,
  options: { folder: string; recipes: string },
): Promise<Subject> {
  const folder = join(options.folder, recipe);
  const checkout = join(folder, "harness", recipe);
  const withoutTests = join(folder, "enrolments");
  await Deno.mkdir(join(withoutTests, recipe), { recursive: true });
  await Deno.writeTextFile(join(withoutTests, recipe, "recipe.yml"), `repo: bench/${recipe}\n`);
  if (recipe === "quick") await makeQuick(checkout);
  else await buildRecipeRepo(recipe, checkout);
  const git = async (...args: string[]) =>
    (await runCommandOk(["git", "-C", checkout, ...args])).stdout.trim();
  const plainCheckout = join(folder, "plain", recipe);
  await runCommandOk(["git", "clone", "-q", checkout, plainCheckout]);
  return {
    recipe,
    checkout,
    plainCheckout,
    base: await git("describe", "--abbrev=0", "--tags", "HEAD"),
    commit: await git("rev-parse", "HEAD"),
    withoutTests,
    enrolments: recipe === "quick" ? withoutTests : options.recipes,
    images: recipe === "miniflux" ? "miniflux" : "custom-html",
    description: {
      "quick": "one service, health checks 2 s apart, a web server that a plain stop has to wait 10 s for",
      "custom-html": "one service, health checks 30 s apart",
      "miniflux": "app and PostgreSQL, health checks 10 s and 5 s apart",
    }[recipe],
    aims: recipe === "miniflux" ? withDatabase : oneService,
  };
}

/**
 * The web server that the first measurements of a plain script were made with: health checks 2 s apart, Swarm's own
 * settings for updates, and a shell as first process, which passes no signal on, as in many images.
 */
async function makeQuick(folder: string): Promise<void> {
  const serving = (app: Record<string, unknown> | undefined, what: string) => {
    const { healthcheck, deploy } = app as { healthcheck: object; deploy: { update_config: object } };
    Object.assign(healthcheck, { interval: "2s" });
    deploy.update_config = { failure_action: "rollback", order: "start-first" };
    const start = `echo ${what} > /usr/share/nginx/html/version.txt; nginx -g 'daemon off;'; exit`;
    Object.assign(app ?? {}, { command: ["sh", "-c", start] });
  };
  await makeRecipe(folder, {
    published: (compose) => serving(compose.services.app, "base"),
    compose: (compose) => {
      serving(compose.services.app, "head");
      delete compose.services.app?.stop_grace_period;
    },
  });
}
