import { randomBytes } from "node:crypto";
import { dirname, join } from "node:path";
import { writeAtomically } from "../../common/files.ts";
import * as z from "zod";
import type { Paths } from "./paths.ts";

const account = z.object({
  name: z.string(),
  password: z.string(),
  /** Empty until the forge has made it. */
  token: z.string(),
});
export type Account = z.infer<typeof account>;

const stored = z.object({
  accounts: z.object({ admin: account, maintainer: account, outsider: account, bot: account }),
  /** Token by which bridge and harness show the dashboard who they are. */
  bridgeToken: z.string(),
  runnerToken: z.string(),
});
/** Everything secret of one stack. */
export type Credentials = z.infer<typeof stored>;
export type AccountName = keyof Credentials["accounts"];

const NAMES: Record<AccountName, string> = {
  admin: "root-admin",
  maintainer: "maintainer",
  outsider: "outsider",
  bot: "cc-ci-bot",
};

function file(paths: Paths): string {
  return join(paths.state, "credentials.json");
}

/**
 * The stack's credentials; made and stored before anything uses them, so that a start which is killed half-way can
 * be taken up again.
 */
export async function ensureCredentials(paths: Paths, random = randomHex): Promise<Credentials> {
  const there = await readCredentials(paths);
  if (there !== undefined) return there;
  const make = (name: AccountName): Account => ({ name: NAMES[name], password: random(12), token: "" });
  const fresh: Credentials = {
    accounts: {
      admin: make("admin"),
      maintainer: make("maintainer"),
      outsider: make("outsider"),
      bot: make("bot"),
    },
    bridgeToken: random(24),
    runnerToken: random(24),
  };
  await saveCredentials(paths, fresh);
  return fresh;
}

export async function readCredentials(paths: Paths): Promise<Credentials | undefined> {
  try {
    return stored.parse(JSON.parse(await Deno.readTextFile(file(paths))));
  } catch {
    return undefined;
  }
}

/** Stores them for the owner's eyes only, and each token in a file of its own for `CCCI_*_FILE`. */
export async function saveCredentials(paths: Paths, credentials: Credentials): Promise<void> {
  await writePrivate(file(paths), JSON.stringify(credentials, null, 2) + "\n");
  await writePrivate(tokenFile(paths, "forge"), credentials.accounts.bot.token);
  await writePrivate(tokenFile(paths, "bridge"), credentials.bridgeToken);
  await writePrivate(tokenFile(paths, "runner"), credentials.runnerToken);
}

export function tokenFile(paths: Paths, name: "forge" | "status" | "bridge" | "runner" | "drone"): string {
  return join(paths.state, "tokens", name);
}

/** Writes a file for the owner's eyes only; it appears whole or not at all. */
export async function writePrivate(path: string, text: string): Promise<void> {
  await Deno.mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeAtomically(path, text, { mode: 0o600 });
}

function randomHex(bytes: number): string {
  return randomBytes(bytes).toString("hex");
}
