import { join } from "node:path";
import type { Enrolment } from "./enrolment.ts";
import { neededIn } from "./needs_schema.ts";
import type { Charset } from "./values_schema.ts";

const letters = "abcdefghijklmnopqrstuvwxyz";
const alnum = `0123456789${letters}${letters.toUpperCase()}`;
const alphabets: Readonly<Record<Charset, string>> = {
  alnum,
  hex: "0123456789abcdef",
  special: `${alnum}!@#%^&*_-+=`,
};

/** A value that may not be shown, and what it is the value of: `secret "smtp_password"`. */
export interface Hidden {
  what: string;
  value: string;
}

/**
 * The enrolment with all values that it leaves to a run: what is to be made up, and what lies in files. It is done once
 * a run, so that both lanes get the same.
 * @param random a whole number below the limit, which is at most 256
 */
export async function settleValues(
  enrolment: Enrolment,
  random: (limit: number) => number = randomBelow,
): Promise<{ enrolment: Enrolment; hidden: Hidden[] }> {
  const hidden: Hidden[] = [];
  const secrets: Enrolment["secrets"] = {};
  for (const [name, { value, length, charset, file }] of Object.entries(enrolment.secrets)) {
    const text = value ??
      (file === undefined ? made(length ?? 0, { charset, random }) : await beside(enrolment, file));
    secrets[name] = { value: text };
    if (isWhole(text)) hidden.push({ what: `secret "${name}"`, value: text });
  }
  const env: Enrolment["env"] = {};
  for (const [name, { generate, charset, ...setting }] of Object.entries(enrolment.env)) {
    const value = setting.value ?? made(generate ?? 0, { charset, random });
    env[name] = { ...setting, value };
    if (isWhole(value) && (generate !== undefined || looksSecret(name))) {
      hidden.push({ what: `setting "${name}"`, value });
    }
  }
  return { enrolment: { ...enrolment, secrets, env }, hidden };
}

/** Whether a value lacks none of a provider's, which are known once that is deployed. */
function isWhole(value: string): boolean {
  return neededIn(value).length === 0;
}

/** Whether a setting's name says that its value is a secret. */
export function looksSecret(name: string): boolean {
  return /(PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|_KEY|SALT)/i.test(name) &&
    !/_(FILE|VERSION|PATH|URL|ID)$/i.test(name);
}

function made(
  length: number,
  { charset = "alnum", random }: { charset?: Charset | undefined; random: (limit: number) => number },
): string {
  const alphabet = alphabets[charset];
  return Array.from({ length }, () => alphabet[random(alphabet.length)]).join("");
}

async function beside({ folder }: Enrolment, file: string): Promise<string> {
  return await Deno.readTextFile(join(folder ?? "", file));
}

/** Random numbers below `limit` (at most 256), evenly spread: bytes that would favour the small ones are dropped. */
function randomBelow(limit: number): number {
  const fair = 256 - (256 % limit);
  while (true) {
    const [byte = 0] = crypto.getRandomValues(new Uint8Array(1));
    if (byte < fair) return byte % limit;
  }
}
