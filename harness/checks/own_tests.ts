import { join } from "node:path";
import { resolveInside } from "../recipe/inside_checkout.ts";

/** Folder of the recipe's repository that holds its own tests: `tests/*_test.ts`, and what these import. */
export const OWN_TESTS = "tests";

/** Paths of the test files. A folder or file that is a link is left out, because it may lead anywhere. */
export async function ownTestFiles(checkout: string): Promise<string[]> {
  const root = await Deno.realPath(checkout);
  const folder = resolveInside(root, OWN_TESTS);
  if (typeof folder === "string" || !(await Deno.stat(folder.path)).isDirectory) return [];
  const entries = await Array.fromAsync(Deno.readDir(folder.path));
  return entries.filter((entry) => entry.isFile && entry.name.endsWith("_test.ts"))
    .map((entry) => join(folder.path, entry.name)).sort();
}
