import { type App, environmentOf } from "./app.ts";
import { interpolate, listOf, mergedServices, readCompose } from "./compose.ts";
import { Fatal } from "./output.ts";
import { asObject } from "./schema.ts";

/** Swarm refuses longer names. */
const NAME_LENGTH = 64;

/** A secret that the app's compose files ask for. */
export interface AppSecret {
  name: string;
  version: string;
  /** Name in the swarm: `<stack>_<name>_<version>`. */
  remoteName: string;
  /** Characters to generate; undefined means a passphrase of words. */
  length: number | undefined;
  charset: string | undefined;
  /** False where the `.env` says `generate=false`: somebody has to insert it. */
  generate: boolean;
}

/**
 * The external secrets that services of the app use, with the modifiers of their `SECRET_<NAME>_VERSION` lines.
 * @throws {Fatal} for a secret without a version and for a name that Swarm would refuse.
 */
export function secretsOf(app: App): AppSecret[] {
  const env = environmentOf(app);
  const files = readCompose(app.recipe.dir, env);
  const used = new Set(
    Object.values(mergedServices(files)).flatMap((service) => listOf(service.secrets)).map((secret) =>
      String(asObject(secret)?.source ?? secret)
    ),
  );
  const secrets = new Map<string, AppSecret>();
  for (const { doc } of files) {
    for (const [name, raw] of Object.entries(asObject(doc.secrets) ?? {})) {
      const secret = asObject(raw);
      if (secret?.external === undefined || !used.has(name)) continue;
      const remoteName = interpolate(String(secret.name ?? asObject(secret.external)?.name ?? name), env);
      const version = remoteName.slice(remoteName.lastIndexOf("_") + 1);
      if (version === "") throw new Fatal(`missing version for secret? (${remoteName})`);
      if (remoteName.length > NAME_LENGTH) {
        throw new Fatal(`secret ${name} is > ${NAME_LENGTH} chars when combined with ${app.stack}`);
      }
      const setting = app.settings.findLast((one) =>
        one.name === `SECRET_${name.toUpperCase().replaceAll("-", "_")}_VERSION`
      );
      const { length, charset, generate } = setting?.modifiers ?? {};
      secrets.set(name, {
        name,
        version,
        remoteName,
        length: length === undefined ? undefined : Number(length),
        charset,
        generate: generate !== "false",
      });
    }
  }
  return [...secrets.values()];
}

const digits = "0123456789";
const letters = "abcdefghijklmnopqrstuvwxyz";
const alnum = digits + letters + letters.toUpperCase();
const charsets: Record<string, string> = {
  default: alnum,
  alnum,
  hex: `${digits}abcdef`,
  special: `${alnum}!@#$%^&*_-+=`,
  safespecial: `${alnum}!@#%^&*_-+=`,
};

/** A new value: random characters where a length is given (an unknown charset counts as alphanumeric), else words. */
export function generateValue(secret: Pick<AppSecret, "length" | "charset">): string {
  if (secret.length === undefined) return passphrase();
  const alphabet = charsets[secret.charset ?? "default"] ?? alnum;
  return Array.from({ length: secret.length }, () => alphabet[random(alphabet.length)]).join("");
}

/** Words made up of syllables, about 60 bits. */
function passphrase(): string {
  const word = () => Array.from({ length: 3 }, () => pick("bdfgklmnprstvz") + pick("aeiou")).join("");
  return Array.from({ length: 3 }, word).join("-");
}

function pick(text: string): string {
  return text[random(text.length)] ?? "";
}

/** Random numbers below `limit` (at most 256), evenly spread: bytes that would favour the small ones are dropped. */
function random(limit: number): number {
  const fair = 256 - (256 % limit);
  while (true) {
    const [byte = 0] = crypto.getRandomValues(new Uint8Array(1));
    if (byte < fair) return byte % limit;
  }
}
