import { StageFailure } from "../run/stage.ts";

/** A function of `abra.sh` and the service in whose container it runs. */
export interface PostCommand {
  service: string;
  name: string;
  args: string[];
}

/**
 * Reads what `after_deploy` of `recipe.yml` says, for a version of the recipe.
 * @param version.abraSh its `abra.sh`
 * @returns also the functions that this version does not have; only a published one may lack any
 * @throws {StageFailure} as the enrolment's mistake for a function that the commit under test does not have
 */
export function readOwnCommands(
  said: readonly string[],
  { abraSh, at }: { abraSh: string; at: "head" | "base" },
): { commands: PostCommand[]; lacking: string[] } {
  const all = said.map((command): PostCommand => {
    const words = command.trim().split(/\s+/);
    const [service = "", name = "", ...args] = words.length === 1 ? ["app", ...words] : words;
    return { service, name, args };
  });
  const has = ({ name }: PostCommand) =>
    new RegExp(`^[ \\t]*(?:function[ \\t]+${name}\\b|${name}[ \\t]*\\(\\))`, "m").test(abraSh);
  const lacking = all.filter((one) => !has(one)).map(({ name }) => name);
  const [first] = lacking;
  if (first !== undefined && at === "head") {
    throw new StageFailure(`recipe.yml: after_deploy names "${first}", and abra.sh has no such function`, {
      code: "enrolment.function",
      fault: "enrolment",
    });
  }
  return { commands: all.filter(has), lacking };
}

/**
 * Reads what `POST_DEPLOY_CMDS` and its siblings say: `<service> <function> <arguments>|…`.
 * @throws {StageFailure} for a command in another form. A word that begins with a dash would be a flag of abra, and
 * `--local` lets it run functions on the host
 */
export function readPostCommands(setting: string, text: string): PostCommand[] {
  return text.split("|").map((one) => one.trim()).filter((one) => one !== "").map((command) => {
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
