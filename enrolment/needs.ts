import { join } from "node:path";
import { probablyMeant } from "../common/spelling.ts";
import { exists } from "../common/files.ts";
import { enrolled } from "./enrolled.ts";
import type { Locate, Mistake } from "./mistakes.ts";
import { type Need, neededIn } from "./needs_schema.ts";
import { readRecipeFile } from "./recipe_yml.ts";
import type { RecipeYml } from "./schema.ts";

/**
 * What is wrong with the recipes that a `recipe.yml` needs: one that is not enrolled, one that needs this one in turn,
 * one that is named twice, and values of recipes that are not needed at all.
 */
export async function faultyNeeds(
  said: Pick<RecipeYml, "needs" | "env" | "secrets">,
  { recipes, recipe, locate }: { recipes: string; recipe: string; locate: Locate },
): Promise<Mistake[]> {
  const mistakes: Mistake[] = [];
  const needed = said.needs.map((one) => one.recipe);
  for (const [at, name] of needed.entries()) {
    const path = ["needs", String(at), "recipe"];
    const problem = needed.indexOf(name) < at
      ? "which is named already"
      : await problemOf(name, { recipes, recipe });
    if (problem !== null) {
      mistakes.push({ ...locate(path), text: `"${path.join(".")}" names "${name}", ${problem}` });
    }
  }
  for (const [at, { recipe: name, warm = false }] of said.needs.entries()) {
    const [further] = warm ? await needsOf(recipes, name) : [];
    if (further === undefined) continue;
    const path = ["needs", String(at), "warm"];
    mistakes.push({
      ...locate(path),
      text:
        `"${
          path.join(".")
        }" is for recipes that need nothing themselves, and "${name}" needs "${further.recipe}": ` +
        "leave it out, then each run deploys its own",
    });
  }
  const texts = [
    ...Object.entries(said.env).map(([name, { value }]) => ({ path: ["env", name], value })),
    ...Object.entries(said.secrets).map(([name, { value }]) => ({ path: ["secrets", name], value })),
  ];
  for (const { path, value = "" } of texts) {
    for (const one of neededIn(value).filter((one) => !needed.includes(one.recipe))) {
      const near = probablyMeant(one.recipe, needed);
      const meant = near === null ? `"needs" does not name it` : `probably meant as "${near}"`;
      mistakes.push({
        ...locate(path),
        text: `"${path.join(".")}" asks for a value of "${one.recipe}": ${meant}`,
      });
    }
  }
  return mistakes;
}

async function problemOf(
  name: string,
  { recipes, recipe }: { recipes: string; recipe: string },
): Promise<string | null> {
  if (name === recipe) return "which is this recipe itself";
  if (!await exists(join(recipes, name, "recipe.yml"))) {
    const near = probablyMeant(name, await enrolled(recipes));
    return `which is not enrolled${near === null ? "" : `, probably meant as "${near}"`}`;
  }
  const way = await wayTo(recipe, { from: name, recipes, seen: new Set() });
  return way === null ? null : `which needs ${way.map((one) => `"${one}"`).join(", which needs ")}`;
}

/** The recipes by which one needs another in the end, that one included; null: it does not. */
async function wayTo(
  recipe: string,
  { from, recipes, seen }: { from: string; recipes: string; seen: Set<string> },
): Promise<string[] | null> {
  if (seen.has(from)) return null;
  seen.add(from);
  for (const { recipe: name } of await needsOf(recipes, from)) {
    if (name === recipe) return [name];
    const rest = await wayTo(recipe, { from: name, recipes, seen });
    if (rest !== null) return [name, ...rest];
  }
  return null;
}

/** A recipe that has to be deployed before another. */
export interface Provider {
  recipe: string;
  /** Whether later runs may find it as this one leaves it: whoever needs it says so, and it needs nothing itself. */
  warm: boolean;
  /** As its `recipe.yml` names them. */
  extra_domains: string[];
}

/**
 * The recipes that have to be deployed before one, each after those that it needs itself. An enrolment with a mistake
 * needs nothing here: whoever reads it for a run tells the mistake.
 */
export async function providersOf(recipes: string, recipe: string): Promise<Provider[]> {
  const order: Provider[] = [];
  const visit = async (name: string, above: readonly string[]): Promise<void> => {
    for (const { recipe: one, warm = false } of await needsOf(recipes, name)) {
      const known = order.find(({ recipe }) => recipe === one);
      if (known !== undefined) known.warm &&= warm;
      if (known !== undefined || above.includes(one)) continue;
      await visit(one, [...above, one]);
      const { needs, extra_domains } = await saidBy(recipes, one);
      order.push({ recipe: one, warm: warm && needs.length === 0, extra_domains });
    }
  };
  await visit(recipe, [recipe]);
  return order;
}

/** What a recipe needs itself; nothing, where its `recipe.yml` cannot be read. */
export async function needsOf(recipes: string, recipe: string): Promise<Need[]> {
  return (await saidBy(recipes, recipe)).needs;
}

/** What other recipes have to know of one; nothing, where its `recipe.yml` cannot be read. */
async function saidBy(
  recipes: string,
  recipe: string,
): Promise<Pick<RecipeYml, "needs" | "extra_domains">> {
  try {
    const reading = await readRecipeFile(join(recipes, recipe, "recipe.yml"));
    if (reading.ok) return reading.said;
  } catch { /* who reads it for a run tells why */ }
  return { needs: [], extra_domains: [] };
}
