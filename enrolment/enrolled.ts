import { join } from "node:path";
import { exists } from "../common/files.ts";

/** Names of all enrolled recipes, in order; none for a folder that is not there. */
export async function enrolled(recipes: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const entry of Deno.readDir(recipes)) {
      if (entry.isDirectory && await exists(join(recipes, entry.name, "recipe.yml"))) names.push(entry.name);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return names.sort();
}
