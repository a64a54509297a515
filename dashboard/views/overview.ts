import * as z from "zod";
import { type Health, healths, type Standing, testedAt } from "./recipe_standing.ts";

/** What the overview shows and in which order; all of it stands in the page's address. */
export const overviewQuery = z.object({
  q: z.string().trim().max(64).default("").catch(""),
  show: z.enum(["all", "attention", "active"]).default("all").catch("all"),
  sort: z.enum(["attention", "name", "level", "age"]).default("attention").catch("attention"),
  page: z.coerce.number().int().min(1).max(10_000).default(1).catch(1),
});
export type OverviewQuery = z.infer<typeof overviewQuery>;
const usual = overviewQuery.parse({});

const PAGE = 50;

export interface Overview {
  query: OverviewQuery;
  rows: Standing[];
  /** Recipes that match, on all pages. */
  found: number;
  pages: number;
  /** Of all recipes, whatever is asked for. */
  counts: { recipes: number; attention: number; running: number; queued: number };
}

/** True when somebody should look at the recipe. A recipe that is only waiting for its first run is none of these. */
export function needsAttention(standing: Standing): boolean {
  return standing.health !== "good" && !(standing.health === "untested" && standing.active !== null);
}

/** Picks and sorts the recipes to show. */
export function overview(all: readonly Standing[], query: OverviewQuery): Overview {
  const found = all.filter((standing) =>
    standing.recipe.includes(query.q.toLowerCase()) &&
    (query.show === "all" ||
      (query.show === "attention" ? needsAttention(standing) : standing.active !== null))
  ).sort(orders[query.sort]);
  const pages = Math.max(1, Math.ceil(found.length / PAGE));
  const page = Math.min(query.page, pages);
  return {
    query: { ...query, page },
    rows: found.slice((page - 1) * PAGE, page * PAGE),
    found: found.length,
    pages,
    counts: {
      recipes: all.length,
      attention: all.filter(needsAttention).length,
      running: all.filter((standing) => standing.active?.state === "running").length,
      queued: all.filter((standing) => standing.active?.state === "queued").length,
    },
  };
}

/** The address of an overview; what is as usual is left out. */
export function overviewUrl(query: Partial<OverviewQuery>): string {
  const parameters = Object.entries(query).filter(([key, value]) =>
    value !== usual[key as keyof OverviewQuery]
  );
  const text = new URLSearchParams(parameters.map(([key, value]) => [key, String(value)])).toString();
  return text === "" ? "/" : `/?${text}`;
}

type Order = (a: Standing, b: Standing) => number;

const byName: Order = (a, b) => a.recipe < b.recipe ? -1 : a.recipe > b.recipe ? 1 : 0;

const orders: Record<OverviewQuery["sort"], Order> = {
  attention: (a, b) =>
    urgency(a) - urgency(b) || (urgency(a) < urgency(null) ? newest(a, b) : 0) || byName(a, b),
  name: byName,
  level: (a, b) => (a.face?.level ?? 9) - (b.face?.level ?? 9) || byName(a, b),
  age: (a, b) => age(a) - age(b) || byName(a, b),
};

function urgency(standing: Standing | null): number {
  const health: Health = standing === null || !needsAttention(standing) ? "good" : standing.health;
  return healths.indexOf(health);
}

/** What broke last comes first: it is the most likely to be news. */
function newest(a: Standing, b: Standing): number {
  return when(b) - when(a);
}

function when(standing: Standing): number {
  const run = standing.badSince ?? standing.latest;
  return run === null ? 0 : testedAt(run);
}

function age(standing: Standing): number {
  return standing.face === null ? 0 : testedAt(standing.face);
}
