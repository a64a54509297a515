import type { Locate, Mistake } from "./mistakes.ts";
import { needsOf } from "./needs.ts";
import type { Need } from "./needs_schema.ts";
import type { RecipeYml } from "./schema.ts";

/** One of the recipes that need a provider. */
interface Way {
  /** Whoever needs it. */
  by: string;
  need: Need;
  /** The place among the `needs` of the recipe under test by which it is needed in the end. */
  at: number;
}

/**
 * Where recipes that one run deploys need the same provider otherwise: it is there once, at one version, and its set-up
 * for one of them would leave the other without the values that it asks for.
 */
export async function contraryNeeds(
  said: Pick<RecipeYml, "needs">,
  { recipes, recipe, locate }: { recipes: string; recipe: string; locate: Locate },
): Promise<Mistake[]> {
  const ways = await waysOf(said, { recipes, recipe });
  return ways.flatMap((way, at): Mistake[] => {
    if (way.by === recipe) return []; // a recipe that is named twice is a mistake of its own
    const before = ways.slice(0, at).filter(({ need }) => need.recipe === way.need.recipe);
    const why = contrary(way, before);
    if (why === null) return [];
    const path = ["needs", String(way.at), "recipe"];
    const via = said.needs[way.at]?.recipe;
    return [{ ...locate(path), text: `"${path.join(".")}" names "${via}", and a run ${why}` }];
  });
}

/** What a way to a provider has against those before it; null: nothing. */
function contrary({ by, need }: Way, before: readonly Way[]): string | null {
  const [first] = before;
  if (first !== undefined && first.need.version !== need.version) {
    const said = `"${first.by}" needs ${versionOf(first)}, "${by}" needs ${versionOf({ need })}`;
    return `deploys "${need.recipe}" once: ${said}. Say the same in both`;
  }
  const other = before.find((one) => one.need.setup !== undefined);
  if (other === undefined || need.setup === undefined) return null;
  const ours = `"${other.by}" by its ${other.need.setup}, "${by}" by its ${need.setup}`;
  return `sets "${need.recipe}" up once: ${ours}. Only one of the two may`;
}

function versionOf({ need: { version } }: Pick<Way, "need">): string {
  return version === undefined ? "the newest version" : `version ${version}`;
}

/** All ways to all providers of a recipe, its own needs first. */
async function waysOf(
  said: Pick<RecipeYml, "needs">,
  { recipes, recipe }: { recipes: string; recipe: string },
): Promise<Way[]> {
  const ways = said.needs.map((need, at): Way => ({ by: recipe, need, at }));
  const seen = new Set([recipe]);
  for (const { need: { recipe: by }, at } of ways) { // those that are found on the way included
    if (seen.has(by)) continue;
    seen.add(by);
    ways.push(...(await needsOf(recipes, by)).map((need): Way => ({ by, need, at })));
  }
  return ways;
}
