import type { RecipeSource } from "../../harness/run/request.ts";
import { FORGE_HOST } from "../host/paths.ts";

/** Whether a recipe is fetched from the forge of the local stack, which has to be up for that. */
export function isOnForge(source: RecipeSource): boolean {
  if (source.kind === "url") return URL.canParse(source.url) && new URL(source.url).hostname === FORGE_HOST;
  return source.kind === "forge";
}
