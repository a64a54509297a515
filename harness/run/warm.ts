import { join } from "node:path";
import * as z from "zod";
import { writeAtomically } from "../../common/files.ts";
import { handedValue, type PlannedProvider, warmFolder } from "./folder.ts";

/** What the file that sets a provider up has made there for the apps of one run. */
const visit = z.object({
  /** The recipe beside which the file lies. */
  recipe: z.string(),
  /** Domains of the apps. */
  neededBy: z.array(z.string()),
  /** What it has handed on; nothing, if the run died meanwhile. */
  handed: z.record(z.string(), handedValue),
});
export type Visit = z.infer<typeof visit>;

/** What later runs need to know of a provider that stays up. */
const warmProvider = z.object({
  stack: z.string(),
  /** The published version's commit. */
  commit: z.string(),
  /** A digest of its enrolment. */
  enrolment: z.string(),
  /** When it was deployed, milliseconds since the epoch. */
  deployedAt: z.number(),
  /** What `recipe.yml` left to be made up. */
  values: z.object({ secrets: z.record(z.string(), z.string()), env: z.record(z.string(), z.string()) }),
  /** Its secrets, by their names in the compose files. */
  secrets: z.record(z.string(), z.string()),
  /** What its own set-up has handed on. */
  handed: z.record(z.string(), handedValue),
  /** What runs have made there that nobody has removed. */
  visits: z.array(visit).default([]),
});
export type WarmProvider = z.infer<typeof warmProvider>;

type Planned = Pick<PlannedProvider, "recipe" | "stack" | "warm">;

/**
 * Notes that a provider is there for later runs. Whatever is not noted, or not any more, goes with its run. The secrets
 * are for whoever owns the folder.
 */
export async function noteWarm(runs: string, { recipe }: Planned, left: WarmProvider): Promise<void> {
  const folder = warmFolder(runs, recipe);
  await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  await writeAtomically(join(folder, "warm.json"), JSON.stringify(left), { mode: 0o600 });
}

/** @returns null where none is left that later runs may use */
export async function readWarm(runs: string, { recipe, stack, warm }: Planned): Promise<WarmProvider | null> {
  if (!warm) return null;
  try {
    const text = await Deno.readTextFile(join(warmFolder(runs, recipe), "warm.json"));
    const parsed = warmProvider.safeParse(JSON.parse(text));
    return parsed.success && parsed.data.stack === stack ? parsed.data : null;
  } catch {
    return null;
  }
}

/** From now on the provider goes with the run that has it. */
export async function forgetWarm(runs: string, { recipe }: Planned): Promise<void> {
  await Deno.remove(join(warmFolder(runs, recipe), "warm.json")).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
}
