import { CcciError, describeError, UsageError } from "../../common/errors.ts";
import { resolvePath } from "../../common/files.ts";
import { enroll as readAndWrite, findTarget } from "../../harness/command/enroll.ts";
import { enrollCommand, type EnrollOptions } from "../../harness/command/enroll_options.ts";
import { resultSince, whatNext } from "../../harness/command/what_next.ts";
import { targetOf } from "../../harness/run/request.ts";
import { readSettings } from "../../harness/run/settings.ts";
import { complain, write } from "../../common/output.ts";
import { exitCodes } from "../../protocol/result.ts";
import { launcherCommand } from "../host/command_line.ts";
import { Interruption } from "../host/interruption.ts";
import { pathsFromEnvironment } from "../host/paths.ts";
import { terminalProgress } from "../host/progress.ts";
import { ensureStack } from "../stack/stack.ts";
import { bareSettings, recipesFolder } from "./harness.ts";
import { isOnForge } from "./on_forge.ts";
import { runRecipe } from "./run_recipe.ts";

/**
 * `./cc-ci enroll`: reads a recipe, writes its enrolment, and runs it.
 * @returns the run's exit code, also that of a cancelled one where nobody answers; 1 where the recipe may not be run
 */
export async function enroll(argv: string[]): Promise<number> {
  try {
    return await enrollAndRun(argv);
  } catch (error) {
    if (!(error instanceof CcciError) || error.code !== "enroll.unanswered") throw error;
    complain(describeError(error));
    return exitCodes.cancelled;
  }
}

async function enrollAndRun(argv: string[]): Promise<number> {
  const command = launcherCommand("enroll", enrollCommand()).parse(argv, { from: "user" });
  const [target = ""] = command.args;
  const options = command.opts<EnrollOptions>();
  const asksNobody = options.yes === true;
  if (!asksNobody && !Deno.stdin.isTerminal()) {
    throw new UsageError("Enrolling asks questions, and there is no terminal at which anybody could answer", {
      hint: "--yes takes what is proposed",
    });
  }
  const usual = recipesFolder();
  const recipes = options.into === undefined ? usual : resolvePath(options.into);
  const begun = Date.now();
  const env = await settingsFor(target, recipes);
  using interruption = new Interruption({ hint: "Start it again; --force writes over what it has written" });
  const { recipe, source, folder, ready } = await readAndWrite(target, {
    env,
    // What is proposed stands beside the question: a line that begins with it would have to be emptied first.
    prompt: asksNobody
      ? null
      : (question, proposal) => prompt(proposal === "" ? question : `${question} [${proposal}]`),
    force: options.force ?? false,
    say: write,
    signal: interruption.signal,
  });
  if (!ready) return 1;
  // The run that follows, and whatever it starts, finds the enrolment where it was written.
  Deno.env.set("CCCI_RECIPES", recipes);
  const runTarget = targetOf({ recipe, source });
  const code = options.run ? await runRecipe([runTarget]) : 0;
  const runs = env.CCCI_RUNS ?? pathsFromEnvironment().runs;
  const last = options.run ? await resultSince(begun, { recipe, runs }) : null;
  write(`\nWhat next:\n`);
  const next = { recipe, folder, target: runTarget, recipes: recipes === usual ? null : recipes };
  for (const line of whatNext(last, next)) write(`  ${line}\n`);
  return code;
}

/** What is on the local forge needs that to be up; anything else is read without a stack. */
async function settingsFor(target: string, recipes: string): Promise<Record<string, string>> {
  const bare: Record<string, string> = { ...bareSettings(), CCCI_RECIPES: recipes };
  const { source } = await findTarget(target, readSettings((name) => bare[name]));
  if (!isOnForge(source)) return bare;
  using interruption = new Interruption();
  const { env } = await ensureStack({
    progress: terminalProgress(),
    parts: ["gitea", "backup-bot"],
    signal: interruption.signal,
  });
  return { ...env, ...bare };
}
