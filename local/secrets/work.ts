import { dirname } from "node:path";
import { parse } from "yaml";
import * as z from "zod";
import { CcciError, describeError, UsageError } from "../../common/errors.ts";
import { exists, writeAtomically } from "../../common/files.ts";
import type { Credential } from "../../host/credentials.ts";
import { isSecret, NAMES, SECRETS } from "./catalogue.ts";
import { type Finding, findings, isNeeded } from "./check.ts";
import { changesOf, type Placed, placeSecrets, restartsFor } from "./place.ts";
import { isRecoveryRecipient, readRecoveryKey, type RecoveryKey, recoveryKeyOf } from "./recovery_key.ts";
import { draftOf, faultOf, madeValue, readOutside, readValues } from "./secrets_file.ts";
import { withScratch } from "./scratch.ts";
import { type Sops, writing } from "./sops.ts";

/** What every command on a file of secrets needs. */
export interface Work {
  /** The encrypted file. */
  file: string;
  sops: Sops;
  /** Secrets without which units of this host do not start; null where no settings say which units it has. */
  needed: readonly Credential[] | null;
  say: (line: string) => void;
  random: (bytes: number) => Uint8Array;
}

/**
 * Makes the file: with new values where we make them, and empty ones where a person gives them.
 * @param given a public key that takes the place of a recovery key of our making
 */
export async function newSecrets(
  { file, sops, needed, say, random }: Work,
  { recovery: given }: { recovery?: string },
) {
  if (await exists(file)) {
    throw new UsageError(`Could not make the secrets: there are some in "${file}" already`, {
      hint:
        '"./cc-ci secrets edit" and "./cc-ci secrets rotate NAME" change them; --file names another file.',
    });
  }
  const made = given === undefined ? recoveryKeyOf(random(32)) : null;
  const recipient = made?.recipient ?? readableRecipient(given ?? "");
  const recipients = [await sops.hostRecipient(), recipient];
  const text = await sops.encrypt(draftOf(random), { path: file, recipients });
  await writing(file, async () => {
    await Deno.mkdir(dirname(file), { recursive: true });
    await writeAtomically(file, text);
  });
  say(`Written: ${file}`);
  if (made !== null) sayRecoveryKey(made, say);
  say("");
  say('What a person has to give is empty; "./cc-ci secrets edit" takes it:');
  for (const name of NAMES) {
    const secret = SECRETS[name];
    if ("given" in secret) {
      say(`  ${name}${isNeeded(name, needed) ? "" : " (may stay empty)"}: ${secret.given}`);
    }
  }
}

function sayRecoveryKey({ identity }: RecoveryKey, say: (line: string) => void): void {
  say("");
  say(
    "The recovery key, which reads the file when this host's own key is lost. It is shown this once, and is",
  );
  say("stored nowhere: keep it off this machine, in a password manager or on paper.");
  say("");
  say(`  ${identity}`);
}

/** @throws {UsageError} when {@linkcode recoverSecrets} would not take the private half */
function readableRecipient(text: string): string {
  const recipient = text.trim();
  if (isRecoveryRecipient(recipient)) return recipient;
  throw new UsageError("Could not use what --recovery names as recovery key", {
    hint: 'Give the public half of a key of age, which begins with "age1"; "age-keygen" makes one.',
  });
}

/** Opens the caller's editor, and says what is wrong or lacking afterwards. */
export async function editSecrets(work: Work): Promise<void> {
  const { file, sops, say } = work;
  await readOutside(file);
  const changed = await withScratch((scratch) => sops.edit(file, { scratch }));
  say(changed ? `Written: ${file}` : "Nothing was changed");
  for (const one of (await found(work)).filter(({ sign }) => sign === "✖")) say(lineOf(one));
}

/** Gives a secret another value: one of our making, or the one that `ask` gets. */
export async function rotateSecret(
  { file, sops, say, random }: Work,
  { name, ask }: { name: string; ask: (question: string) => Promise<string> },
): Promise<void> {
  if (!isSecret(name)) {
    throw new UsageError(`There is no secret "${name}"`, { hint: `There are: ${NAMES.join(", ")}` });
  }
  await readOutside(file);
  const secret = SECRETS[name];
  if ("given" in secret) say(`${name} is ${secret.given}.`);
  const value = "made" in secret ? madeValue(secret, random) : await ask(`New value of ${name}`);
  const fault = faultOf(name, value);
  if (fault !== null) {
    throw new UsageError(`Could not use that as "${name}": ${fault}`, {
      hint: "Nothing was changed; give another value.",
    });
  }
  await sops.set(file, { name, value });
  say(`${name} has another value. What has to be done now:`);
  const steps = [
    ...secret.byHand === undefined ? [] : [secret.byHand],
    "./cc-ci secrets place",
    ...restartsFor([name]),
  ];
  for (const step of steps) say(`  ${step}`);
}

/** @returns whether all is as it should be */
export async function checkSecrets(work: Work): Promise<boolean> {
  const all = await found(work);
  for (const one of all) work.say(lineOf(one));
  return all.every(({ sign }) => sign !== "✖");
}

async function found({ file, sops, needed }: Pick<Work, "file" | "sops" | "needed">): Promise<Finding[]> {
  const outside = await readOutside(file);
  const [host, values] = [await sops.hostRecipient(), await valuesOrWhy({ file, sops })];
  return findings(outside, { host, needed, values });
}

async function valuesOrWhy({ file, sops }: Pick<Work, "file" | "sops">) {
  try {
    return { text: z.record(z.string(), z.unknown()).parse(parse(await sops.decrypt(file))) };
  } catch (error) {
    const hint = error instanceof CcciError && error.hint !== undefined ? `. ${error.hint}` : "";
    return { why: `${describeError(error)}${hint}` };
  }
}

function lineOf({ sign, what, text }: Finding): string {
  return `${sign} ${what}: ${text}`;
}

/** Every secret that has a value. */
export async function valuesOf({ file, sops }: Pick<Work, "file" | "sops">) {
  await readOutside(file);
  return readValues(await sops.decrypt(file));
}

/** Writes each secret to a file for systemd. @returns what changed, or would change */
export async function placeFrom(
  work: Work,
  { folder, dryRun }: { folder: string; dryRun: boolean },
): Promise<Placed> {
  const { say } = work;
  const values = await valuesOf(work);
  if (dryRun) {
    const changes = await changesOf(folder, values);
    for (const name of changes.written) say(`Would write ${folder}/${name}`);
    for (const name of changes.removed) say(`Would remove ${folder}/${name}`);
    return changes;
  }
  const placed = await placeSecrets(folder, values);
  for (const name of placed.written) say(`Written: ${folder}/${name}`);
  for (const name of placed.removed) say(`Removed: ${folder}/${name}`);
  if (placed.written.length + placed.removed.length === 0) {
    say(`Everything is in "${folder}" as it should be`);
  }
  return placed;
}

/** Says what a person has to start again once these secrets are placed. */
export function sayRestarts({ written, removed }: Placed, say: Work["say"]): void {
  const steps = restartsFor([...written, ...removed]);
  if (steps.length > 0) say("What has to be started again, if it runs:");
  for (const step of steps) say(`  ${step}`);
}

/**
 * Makes the file readable by the key that this host has now.
 * @param ask gets the recovery key
 * @param keepOthers whether other SSH keys go on reading it; without it they were this host's before
 */
export async function recoverSecrets(
  { file, sops, say }: Work,
  { ask, keepOthers }: { ask: (question: string) => Promise<string>; keepOthers: boolean },
): Promise<void> {
  const { recipients } = await readOutside(file);
  const host = await sops.hostRecipient();
  if (!recipients.some(isRecoveryRecipient)) {
    throw new UsageError(`Could not recover the secrets in "${file}": no recovery key reads them`, {
      hint:
        `Whoever has the private half of a key that does lets this host in, naming it in SOPS_AGE_SSH_PRIVATE_KEY_FILE: ` +
        `sops rotate --in-place --add-age="${host}" "${file}"`,
    });
  }
  const key = readRecoveryKey(await ask("The recovery key"));
  if (!recipients.includes(key.recipient)) {
    throw new UsageError(`Could not read the secrets in "${file}": they are for another recovery key`, {
      hint: "Give the one that was printed when the file was made.",
    });
  }
  if (recipients.includes(host)) {
    await sops.decrypt(file); // its private half may be another key's, or lost
    say(`The key that this host has reads "${file}" already, and so does the recovery key`);
    return;
  }
  const remove = keepOthers ? [] : recipients.filter((one) => one.startsWith("ssh-"));
  await sops.exchange(file, { add: host, remove, key: { identity: key.identity } });
  say(`The key that this host has now reads "${file}"`);
  for (const one of remove) say(`This one does not any more: ${one}`);
  if (remove.length > 0) {
    say("If somebody else may have that key, rotate every secret: it has been readable with it.");
  }
}
