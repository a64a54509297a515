import * as z from "zod";
import { fillBraces, NEEDED_VALUE, wordsInBraces } from "./placeholders.ts";

const need = z.strictObject({
  recipe: z.string().regex(/^[a-z0-9][a-z0-9-]*$/, "must be a recipe's name").max(64).describe(
    "The enrolled recipe that is deployed before the app",
  ).meta({
    examples: ["oidc-provider"],
  }),
  version: z.string().min(1).optional()
    .describe("Which published version of it; the newest without it").meta({ examples: ["1.0.0+8.8.1"] }),
  warm: z.boolean().optional().describe(
    "Whether it stays up for later runs of the same host, for three hours (`CCCI_JANITOR_MAX_AGE`), and `setup` alone " +
      "is run for each; not for a recipe that needs others itself, and not in a run with `--keep`",
  ).meta({ examples: [true] }),
  setup: z.string().regex(/^[\w-]+\.ts$/, "must be a file beside recipe.yml that ends in .ts").refine(
    (name) => !/^(setup|seed|read|\w+_test)\.ts$/.test(name),
    "must be a file of its own: what is called so is run against the app itself",
  ).optional()
    .describe(
      "A file beside `recipe.yml` that sets the provider up for this app, as `setup.ts` does an app; " +
        "what it hands on is there as `{needs.<recipe>.<name>}`",
    ).meta({ examples: ["oidc.ts"] }),
});
export type Need = z.infer<typeof need>;

/** `needs`: in the order in which they are deployed. */
export const needs = z.array(need).default([]).describe(
  "Other enrolled recipes that run beside the app, such as a provider of log-ins",
).meta({ examples: [[{ recipe: "oidc-provider", setup: "oidc.ts" }]] });

/** A value of a provider that a text names. */
export interface NeededValue {
  recipe: string;
  name: string;
}

/** The values of providers that a text names: `{needs.<recipe>.<name>}`. */
export function neededIn(text: string): NeededValue[] {
  return wordsInBraces(text).flatMap((word) => neededBy(word) ?? []);
}

/** The text with the values in the place of their names; what has no value yet stays. */
export function fillNeeded(text: string, valueOf: (one: NeededValue) => string | undefined): string {
  return fillBraces(text, (word) => {
    const one = neededBy(word);
    return one === null ? undefined : valueOf(one);
  });
}

function neededBy(word: string): NeededValue | null {
  const [, recipe, name] = NEEDED_VALUE.exec(word) ?? [];
  return recipe === undefined || name === undefined ? null : { recipe, name };
}
