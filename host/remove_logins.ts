import { join } from "node:path";
import { describeError } from "../common/errors.ts";
import { exists } from "../common/files.ts";
import { entriesOf, passwordIn, readConfig, readNetrc, textOf, write } from "./logins.ts";
import { isOurs, readWritten, type WrittenLogin } from "./written_logins.ts";

/** What is removed: the log-in for `of`, out of a file. */
export type Removed = Pick<WrittenLogin, "file" | "of">;

/**
 * Removes the log-ins that the host's program wrote, and no others: neither those of other registries and machines, nor
 * one that somebody has given another value since. A file or folder that was made for them goes when nothing is left
 * in it.
 * @param root the folder that is the host's `/`
 * @param options.made the folder for what the host's program makes
 * @param options.onTrouble is told of each file that cannot be read, and so stays as it is
 */
export async function removeLogins(
  root: string,
  { made, dryRun, onTrouble }: { made: string; dryRun: boolean; onTrouble: (trouble: string) => void },
): Promise<Removed[]> {
  // What cannot be read keeps nobody from removing the rest.
  const orTrouble = async <T>(reading: Promise<T>, otherwise: T): Promise<T> => {
    try {
      return await reading;
    } catch (error) {
      onTrouble(describeError(error));
      return otherwise;
    }
  };
  const written = await orTrouble(readWritten(join(root, made)), { logins: [], made: [] });
  const removed: Removed[] = [];
  for (const login of written.logins) {
    const file = join(root, login.file);
    const without = login.kind === "git" ? withoutMachine : withoutRegistry;
    if (await orTrouble(without(file, { login, dryRun }), false)) {
      removed.push({ file: login.file, of: login.of });
    }
  }
  if (!dryRun) { for (const path of written.made) await removeEmpty(join(root, path)); }
  return removed;
}

interface Removing {
  login: WrittenLogin;
  dryRun: boolean;
}

async function withoutMachine(file: string, { login, dryRun }: Removing): Promise<boolean> {
  const before = await readNetrc(file);
  const after = before.replaceAll(
    entriesOf(login.of),
    (entry) => isOurs(passwordIn(entry), login) ? "" : entry,
  );
  if (after === before) return false;
  if (!dryRun) await write(file, after);
  return true;
}

async function withoutRegistry(file: string, { login, dryRun }: Removing): Promise<boolean> {
  const { auths, ...rest } = await readConfig(file);
  const { [login.of]: ours, ...others } = auths;
  if (!isOurs(ours?.auth ?? null, login)) return false;
  if (!dryRun) {
    await write(
      file,
      Object.keys(others).length === 0 ? textOfRest(rest) : textOf({ ...rest, auths: others }),
    );
  }
  return true;
}

/** A configuration without log-ins; none at all where nothing else stands in it. */
function textOfRest(rest: Record<string, unknown>): string {
  return Object.keys(rest).length === 0 ? "" : `${JSON.stringify(rest, null, 2)}\n`;
}

async function removeEmpty(path: string): Promise<void> {
  if (!await exists(path)) return;
  const { isFile, size } = await Deno.lstat(path);
  if (isFile && size > 0) return;
  await Deno.remove(path).catch(() => {}); // somebody has put something into it
}
