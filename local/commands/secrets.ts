import { type Command } from "commander";
import { exists, resolvePath } from "../../common/files.ts";
import { write } from "../../common/output.ts";
import type { Credential } from "../../host/credentials.ts";
import { readSettings, SECRETS_FOLDER, SETTINGS_FILE } from "../../host/settings.ts";
import { secretsNeeded } from "../../host/unit_values.ts";
import { Interruption } from "../host/interruption.ts";
import { pathsFromEnvironment } from "../host/paths.ts";
import { terminalProgress } from "../host/progress.ts";
import { NAMES } from "../secrets/catalogue.ts";
import { readHidden } from "../secrets/hidden_input.ts";
import { Sops } from "../secrets/sops.ts";
import { ensureSops } from "../secrets/sops_program.ts";
import {
  checkSecrets,
  editSecrets,
  newSecrets,
  placeFrom,
  recoverSecrets,
  rotateSecret,
  sayRestarts,
  type Work,
} from "../secrets/work.ts";
import { launcherCommand } from "../host/command_line.ts";

export const SECRETS_FILE = "/etc/cc-ci/secrets.yaml";
export const HOST_KEY = "/etc/ssh/ssh_host_ed25519_key";

/** `./cc-ci secrets`: makes, changes and hands out the secrets of a host. @returns the exit code */
export async function secrets(argv: string[]): Promise<number> {
  using interruption = new Interruption({ hint: "Nothing was changed; start it again." });
  const program = launcherCommand("secrets")
    .description(
      "the secrets of a host: one file, encrypted by sops for this host's SSH key and a recovery key",
    );
  let code = 0;
  const add = (name: string, description: string, act: (work: Work, call: Call) => Promise<unknown>) =>
    program.command(name).description(description)
      .option("--file <path>", "the encrypted file", SECRETS_FILE)
      .option("--host-key <path>", "this host's private SSH key, whose public half lies beside it", HOST_KEY)
      .action(async (...args: unknown[]) => {
        const command = args.at(-1) as Command;
        const options = command.opts<Options>();
        await act(await workOn(options, interruption.signal), { options, name: command.args[0] ?? "" });
      });
  add("new", "make it", (work, { options }) => newSecrets(work, options))
    .option("--recovery <public key>", "use a recovery key that you have, in the place of a new one");
  add("edit", "open it in your editor", (work) => editSecrets(work));
  add(
    "rotate",
    "give a secret another value",
    (work, { name }) => rotateSecret(work, { name, ask: readHidden }),
  )
    .argument("<name>", NAMES.join(", "));
  add("check", "say what is there, and who can read it", async (work) => {
    code = await checkSecrets(work) ? 0 : 1;
  });
  add(
    "place",
    "write each secret to a file for systemd",
    async (work, { options: { to = SECRETS_FOLDER, dryRun = false } }) => {
      const placed = await placeFrom(work, { folder: resolvePath(to), dryRun });
      if (!dryRun) sayRestarts(placed, work.say);
    },
  )
    .option("--to <folder>", "where to", SECRETS_FOLDER)
    .option("--dry-run", "say what would be written, and do nothing");
  add(
    "recover",
    "let this host read it by the recovery key, when its SSH key is another one",
    (work, { options }) => recoverSecrets(work, { ask: readHidden, keepOthers: options.keepOthers ?? false }),
  )
    .option("--keep-others", "other SSH keys go on reading it");
  await program.parseAsync(argv, { from: "user" });
  return code;
}

interface Options {
  file: string;
  hostKey: string;
  to?: string;
  recovery?: string;
  keepOthers?: boolean;
  dryRun?: boolean;
}

interface Call {
  options: Options;
  name: string;
}

/** What the units of this host need; null where it has no settings by now. @throws {UsageError} where they are wrong */
export async function neededHere(path = SETTINGS_FILE): Promise<Credential[] | null> {
  return await exists(path) ? secretsNeeded(await readSettings(path)) : null;
}

/** Puts together what commands on a file of secrets need. */
export async function workOn(
  { file, hostKey }: Pick<Options, "file" | "hostKey">,
  signal: AbortSignal,
): Promise<Work> {
  const program = await ensureSops({ paths: pathsFromEnvironment(), progress: terminalProgress(), signal });
  return {
    file: resolvePath(file),
    needed: await neededHere(),
    sops: new Sops({ program, hostKey: resolvePath(hostKey) }),
    say: (line) => write(`${line}\n`),
    random: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)),
  };
}
