import { commandsIn } from "../../common/recipe_commands.ts";
import { meantAs } from "../../common/spelling.ts";
import { StageFailure } from "../run/stage.ts";

/** A function of `abra.sh` and the service in whose container it runs. */
export interface PostCommand {
  service: string;
  name: string;
  args: string[];
}

/** What a version of the recipe has of what `after_deploy` may name. */
interface Callable {
  /** Its `abra.sh`. */
  abraSh: string;
  services: readonly string[];
}

/**
 * Reads what `after_deploy` of `recipe.yml` says, for a version of the recipe.
 * @returns also a sentence for each command whose function or service this version does not have; only a published one
 * may lack any
 * @throws {StageFailure} as the enrolment's mistake where the commit under test lacks one
 */
export function readOwnCommands(
  said: readonly string[],
  { at, ...version }: Callable & { at: "head" | "base" },
): { commands: PostCommand[]; lacking: string[] } {
  const all = said.map((text) => ({ command: ownCommand(text), problem: lackOf(text, version) }));
  const lacking = all.flatMap(({ problem }) => problem === null ? [] : [`after_deploy names ${problem}`]);
  const [first] = lacking;
  if (first !== undefined && at === "head") {
    throw new StageFailure(`recipe.yml: ${first}`, { code: "enrolment.names", fault: "enrolment" });
  }
  return { commands: all.flatMap(({ command, problem }) => problem === null ? [command] : []), lacking };
}

function ownCommand(said: string): PostCommand {
  const words = said.trim().split(/\s+/);
  const [service = "", name = "", ...args] = words.length === 1 ? ["app", ...words] : words;
  return { service, name, args };
}

/** What a command of `after_deploy` names that a version lacks, as the rest of a sentence; null: it has all. */
export function lackOf(said: string, { abraSh, services }: Callable): string | null {
  const { service, name } = ownCommand(said);
  const functions = [
    ...abraSh.matchAll(/^[ \t]*(?:function[ \t]+([A-Za-z_][\w-]*)|([A-Za-z_][\w-]*)[ \t]*\(\))/gm),
  ]
    .map(([, keyword, plain]) => keyword ?? plain ?? "");
  if (!functions.includes(name)) {
    return `function "${name}", and abra.sh has none of that name${meantAs(name, functions)}`;
  }
  if (services.includes(service)) return null;
  return `service "${service}", and the app has none of that name${meantAs(service, services)}`;
}

/**
 * Reads what `POST_DEPLOY_CMDS` and its siblings say: `<service> <function> <arguments>|…`.
 * @throws {StageFailure} for a command in another form. A word that begins with a dash would be a flag of abra, and
 * `--local` lets it run functions on the host
 */
export function readPostCommands(setting: string, text: string): PostCommand[] {
  return commandsIn(text).map((command) => {
    const [service = "", name = "", ...args] = command.split(/\s+/);
    if (/^[A-Za-z0-9_][\w.-]*$/.test(service) && /^[A-Za-z_][\w-]*$/.test(name)) {
      return { service, name, args };
    }
    throw new StageFailure(
      `${setting} says "${command}", which is no service, function of abra.sh and arguments`,
      { code: "settings.commands" },
    );
  });
}
