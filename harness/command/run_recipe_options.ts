import { Command } from "commander";
import type { LocalOptions } from "./local_request.ts";

/** Options of `run-recipe` as they are typed. */
export type RunRecipeOptions = LocalOptions & { json?: boolean };

/** The command line of `run-recipe`; whoever starts a stack first reads it with the same words. */
export function runRecipeCommand(): Command {
  return new Command("run-recipe")
    .description("test an enrolled recipe, a checkout (uncommitted changes and all) or a git URL")
    .argument("<recipe>", "name of an enrolled recipe, path, or git URL")
    .option("--ref <revision>", "branch, tag or commit instead of what is there")
    .option(
      "--base <version>",
      "published version to upgrade from, instead of the newest one that the commit descends from",
    )
    .option("--only <stages>", "only these stages (comma-separated) and what they need")
    .option("--keep", "leave the app up at the end")
    .option("--tests-only", "only run the tests, against an app that --keep has left up")
    .option("--app <domain>", "with --tests-only: which app, where several are up")
    .option("--json", "print the result as one JSON object on the last line of standard output");
}
