import { Command, CommanderError, Option } from "commander";
import { callMistake } from "../../common/call_ending.ts";
import { CcciError, describeError, UsageError } from "../../common/errors.ts";
import { fileTrouble } from "../../common/file_trouble.ts";
import { write, writeError } from "../../common/output.ts";
import { Interrupted } from "./errors.ts";

/** A command of a program, by its name: it reads its own arguments and returns the exit code. */
export type Commands = Record<string, (argv: string[]) => Promise<number>>;

/**
 * Carries out the command that the first argument names, and says in plain words why one failed.
 * @param call.noun what such a name stands for, e.g. "command"
 * @param call.usage what `--help` in the place of a name is answered with
 * @returns the exit code. 2: something about the call or this machine that its owner has to change
 */
export async function carryOut(
  commands: Commands,
  call: { noun: string; usage: string; argv: string[] },
): Promise<number> {
  const [name = "", ...argv] = call.argv;
  return await exitCodeOf(() => {
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (command !== undefined) return command(argv);
    if (["--help", "-h"].includes(name)) {
      write(call.usage);
      return Promise.resolve(0);
    }
    if (name === "") {
      const names = new Intl.ListFormat("en-GB", { type: "disjunction" }).format(Object.keys(commands));
      throw new UsageError(`Name a ${call.noun}: ${names}`);
    }
    throw new UsageError(`There is no ${call.noun} "${name}"`, {
      hint: `There are: ${Object.keys(commands).join(", ")}`,
    });
  });
}

/** Carries out one command, and says in plain words why it failed. @returns the exit code, as {@linkcode carryOut} */
export async function exitCodeOf(command: () => Promise<number>): Promise<number> {
  try {
    return await command();
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2; // it has said why itself
    writeError(`${describeError(error)}\n`);
    const hint = error instanceof CcciError ? error.hint : fileTrouble(error)?.hint;
    if (hint !== undefined) writeError(`${hint}\n`);
    if (!(error instanceof CcciError) && Deno.env.get("CCCI_DEBUG")) {
      writeError(`${error instanceof Error ? error.stack : ""}\n`);
    }
    if (error instanceof Interrupted) return 130;
    return error instanceof UsageError ? 2 : 1;
  }
}

/** A command of the launcher, which is called in its help, and tells what is wrong with a call, as all of them do. */
export function launcherCommand(name: string, command = new Command()): Command {
  return command.name(`./cc-ci ${name}`).exitOverride()
    .configureOutput({ outputError: (said, write) => write(callMistake(said)) });
}

/** Whether runs are processes of the bridge or builds of Drone. Without it a stack keeps what it has. */
export function engineOption(): Option {
  return new Option("--engine <name>", 'what runs are given to; "local" at a first start')
    .choices(["local", "drone"]);
}
