import * as z from "zod";
import { runResult } from "../../protocol/result.ts";
import { runFolders } from "../run/folder.ts";

const passed = runResult.pick({ run: true, recipe: true, finishedAt: true, pulls: true })
  .required()
  .extend({ result: z.literal("passed") });

/**
 * What the images of a recipe were in its last run that passed on this host and took any from a registry; null: there
 * was none.
 * @param runs folder of run folders
 * @param options.except name of the run that asks
 */
export async function lastGreenPulls(runs: string, options: { recipe: string; except: string }) {
  const found: z.infer<typeof passed>[] = [];
  for (const folder of await runFolders(runs)) {
    const result = passed.safeParse(await readJson(folder.result));
    if (!result.success) continue;
    const { data } = result;
    if (data.recipe !== options.recipe || data.run === options.except) continue;
    if (data.pulls.some(({ digest }) => digest !== null)) found.push(data);
  }
  return found.toSorted((a, b) => b.finishedAt.localeCompare(a.finishedAt))[0] ?? null;
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await Deno.readTextFile(path));
  } catch {
    return null;
  }
}
