import { join } from "node:path";
import { UsageError } from "../../common/errors.ts";
import { resolvePath } from "../../common/files.ts";
import { readSettings } from "../../host/settings.ts";
import { unitsOf, unitValues } from "../../host/unit_values.ts";
import { writeUnits } from "../../host/write_units.ts";
import { write } from "../../common/output.ts";
import { launcherCommand } from "../host/command_line.ts";

/** `./cc-ci units DIR`: writes what systemd needs on a host, and lists it. */
export async function units(argv: string[]): Promise<number> {
  const command = launcherCommand("units")
    .description(
      "writes the unit files of a host to a folder, and the commands with its settings to bin/ in it",
    )
    .argument("<dir>", "folder for them")
    .option("--settings <file>", "the settings of that host, in the form of /etc/cc-ci/host.json")
    .option("--set <name=value...>", "a value of this host, such as domain=ci.example.org; may be repeated")
    .option("--credential <name...>", "an optional secret that this host has, such as status_token")
    .option(
      "--only <unit...>",
      "units that this host has, such as cc-ci-runner.service; without it those that the settings ask for, or all",
    );
  command.parse(argv, { from: "user" });
  const { settings, set = [], credential, only } = command.opts<
    { settings?: string; set?: string[]; credential?: string[]; only?: string[] }
  >();
  const host = settings === undefined ? null : await readSettings(resolvePath(settings));
  const here = only ?? (host === null ? undefined : unitsOf(host));
  const folder = resolvePath(command.processedArgs[0]);
  const files = await writeUnits(folder, {
    holes: { ...host === null ? {} : unitValues(host), ...Object.fromEntries(set.map(valueOf)) },
    ...(credential === undefined ? {} : { credentials: credential }),
    ...(here === undefined ? {} : { units: here }),
  });
  for (const name of files) write(`${join(folder, name)}\n`);
  return 0;
}

function valueOf(text: string): [name: string, value: string] {
  const [, name, value] = /^([a-zA-Z]+)=(.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined) {
    throw new UsageError(`Could not read the value "${text}": it has no name`, {
      hint: "Write it as domain=ci.example.org",
    });
  }
  return [name, value];
}
