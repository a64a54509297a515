import { CommanderError } from "commander";
import type { RunRequest } from "../run/request.ts";
import { readSettings } from "../run/settings.ts";
import { localRequest } from "./local_request.ts";
import { refuseMissing } from "./refuse_missing.ts";
import { runRecipeCommand, type RunRecipeOptions } from "./run_recipe_options.ts";

/** A call of `run-recipe`, taken apart. */
export interface LocalCall {
  target: string;
  options: RunRecipeOptions;
}

/** @returns null for a call that the command answers by itself: help, or arguments that make no sense */
export function readLocalCall(argv: readonly string[]): LocalCall | null {
  const command = runRecipeCommand().exitOverride().configureOutput({
    writeOut: () => {},
    writeErr: () => {},
  });
  try {
    command.parse([...argv], { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) return null;
    throw error;
  }
  return { target: command.args[0] ?? "", options: command.opts<RunRecipeOptions>() };
}

/**
 * Refuses what the command would refuse, as far as that can be known before there is anything for a run to stand on.
 * @param env settings, by their names in the environment
 * @returns what the command will be about
 * @throws {UsageError}
 */
export async function rehearse(call: LocalCall, env: Record<string, string>): Promise<RunRequest> {
  const settings = readSettings((name) => env[name]);
  const request = await localRequest(call.target, { ...call.options, settings });
  if (request.source.kind === "path") await refuseMissing(request, settings);
  return request;
}
