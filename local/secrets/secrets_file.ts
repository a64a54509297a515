import { parse, stringify } from "yaml";
import * as z from "zod";
import { describeError, UsageError } from "../../common/errors.ts";
import { type Credential, faultOfSecret } from "../../host/credentials.ts";
import { isSecret, NAMES, type Secret, SECRETS } from "./catalogue.ts";

/** What sops writes: names are readable, values are not, and an empty one stays as it is. */
const schema = z.looseObject({
  sops: z.looseObject({
    age: z.array(z.looseObject({ recipient: z.string() })).nonempty(),
  }),
});

/** What everybody sees of a file of secrets, without any key. */
export interface Outside {
  /** Names with a value. */
  filled: string[];
  /** Names without one. */
  empty: string[];
  /** Names whose value, or a part of it, stands there as it is. */
  readable: string[];
  /** Public keys: who has the private one of any of these reads all values. */
  recipients: string[];
  /** Kinds of keys of others that read them as well, and of which nothing here knows more. */
  otherKeys: string[];
}

/** @throws {UsageError} where the file is missing, or none of sops with keys of age */
export async function readOutside(path: string): Promise<Outside> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (cause) {
    throw new UsageError(`Could not read the secrets: ${describeError(cause)}`, {
      hint: '"./cc-ci secrets new" makes the file; --file names another one.',
    });
  }
  const parsed = schema.safeParse(parsedYaml(text));
  if (!parsed.success) {
    throw new UsageError(
      `Could not read the secrets: "${path}" is no file that sops encrypted with keys of age`,
      {
        hint: 'Take it from where you keep it, or move it away and make another with "./cc-ci secrets new".',
      },
    );
  }
  const { sops, ...values } = parsed.data;
  const names = Object.keys(values);
  const isEmpty = (name: string) => isNothing(values[name]);
  return {
    filled: names.filter((name) => !isEmpty(name)),
    empty: names.filter(isEmpty),
    readable: names.filter((name) => isReadable(values[name])),
    recipients: sops.age.map(({ recipient }) => recipient.trim()),
    otherKeys: Object.entries(sops).filter(([kind, keys]) =>
      kind !== "age" && Array.isArray(keys) && keys.length > 0
    ).map(([kind]) => kind),
  };
}

function isNothing(value: unknown): boolean {
  return value === "" || value === null;
}

/** Of an object or a list, sops encrypts each value in it. */
function isReadable(value: unknown): boolean {
  if (typeof value === "object" && value !== null) return Object.values(value).some(isReadable);
  return !isNothing(value) && !String(value).startsWith("ENC[");
}

function parsedYaml(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}

/** The text of a new file, before it is encrypted: a comment and a line for each secret. */
export function draftOf(random: (bytes: number) => Uint8Array): string {
  return NAMES.map((name) => {
    const secret = SECRETS[name];
    const where = "given" in secret ? `\n# Where it is from: ${secret.given}.` : "";
    const need = secret.optional ? " (may stay empty)" : "";
    const value = "made" in secret ? madeValue(secret, random) : "";
    return `# ${capital(secret.means)}${need}.${where}\n${stringify({ [name]: value })}`;
  }).join("");
}

function capital(text: string): string {
  return text.replace(/^./, (letter) => letter.toUpperCase());
}

/** A new value of a secret that we make. */
export function madeValue(
  { made }: Secret & { made: number },
  random: (bytes: number) => Uint8Array,
): string {
  return [...random(made)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** What a decrypted file holds. @throws {UsageError} for what no secret may be */
export function readValues(text: string): Partial<Record<Credential, string>> {
  const values: Partial<Record<Credential, string>> = {};
  for (const [name, value] of Object.entries(z.record(z.string(), z.unknown()).parse(parse(text)))) {
    if (!isSecret(name) || value === null || value === "") continue;
    const fault = faultOf(name, value);
    if (fault !== null) {
      throw new UsageError(`Could not use the secret "${name}": ${fault}`, {
        hint: '"./cc-ci secrets edit" mends it.',
      });
    }
    values[name] = String(value);
  }
  return values;
}

/** What is wrong with a value; the sentence does not repeat it. */
export function faultOf(name: Credential, value: unknown): string | null {
  if (typeof value !== "string") return "it is not a text; put it between quotes";
  const fault = faultOfSecret(name, value);
  if (fault !== null) return fault;
  if (value !== value.trim()) return "it begins or ends with a space";
  const { least = 1 } = SECRETS[name];
  return value.length < least ? `it has fewer than ${least} characters` : null;
}
