import { StageFailure } from "../run/stage.ts";

/** A function of `abra.sh` and the service in whose container it runs. */
export interface PostCommand {
  service: string;
  name: string;
  args: string[];
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
