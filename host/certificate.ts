import { createHash, createPrivateKey, X509Certificate } from "node:crypto";
import { join } from "node:path";
import { describeError } from "../common/errors.ts";
import { HostError } from "./errors.ts";

/** A certificate with its key, as the proxy gets them. */
export interface Certificate {
  /** PEM: the certificate, and those between it and the authority. */
  chain: string;
  /** PEM. */
  key: string;
  /** Milliseconds since the epoch. */
  ends: number;
  /** Name of a version for both: `v` and the first 8 hex digits of their digest. A renewed certificate has another one. */
  version: string;
}

/** Milliseconds after the first of the two files in which whoever renews a certificate has written the other one. */
const WRITING_MS = 300_000;

interface Files {
  chain: string;
  key: string;
}

/**
 * Reads the certificate that was issued for the domain, and makes sure that it can be used now.
 * @param now milliseconds since the epoch
 * @throws {HostError} wrong, when a file is missing or makes no sense, when it has run out, or is for other names; not
 * yet, when the files do not go together and one of them is so new that the other may be on its way
 */
export async function readCertificate(
  folder: string,
  { domain, now }: { domain: string; now: number },
): Promise<Certificate> {
  const files = { chain: join(folder, "fullchain.pem"), key: join(folder, "privkey.pem") };
  const pair = await readPair(files, { domain, now });
  return usable(pair, { files, domain, now });
}

/** Both files, which go together. */
async function readPair(
  files: Files,
  { domain, now }: { domain: string; now: number },
): Promise<{ chain: string; key: string; leaf: X509Certificate }> {
  try {
    const chain = await read(files.chain);
    const key = await read(files.key);
    const [leaf, ...others] = parse(files.chain, () => certificatesOf(chain));
    const privateKey = parse(files.key, () => createPrivateKey(key));
    if (leaf.checkPrivateKey(privateKey)) return { chain, key, leaf };
    if (others.some((one) => one.checkPrivateKey(privateKey))) {
      throw new HostError("wrong", `The certificates in "${files.chain}" are in the wrong order`, {
        hint: `Put the one for "${domain}" first, and those between it and the authority behind it.`,
      });
    }
    throw new HostError("wrong", `The key in "${files.key}" is not the one of the certificate beside it`, {
      hint: whatToPut(domain),
    });
  } catch (cause) {
    if (!(cause instanceof HostError) || now - await lastChange(files) >= WRITING_MS) throw cause;
    throw new HostError("not yet", cause.message, {
      hint: `One of the two files is new, so the other may be on its way. If it is not: ${cause.hint}`,
      cause,
    });
  }
}

/** The certificates of a chain, of which none is cut off. */
function certificatesOf(chain: string): [X509Certificate, ...X509Certificate[]] {
  const blocks = chain.split(/^(?=-----BEGIN CERTIFICATE-----)/m);
  const [first, ...others] = blocks.filter((block) => block.startsWith("-----BEGIN CERTIFICATE-----"))
    .map((block) => new X509Certificate(block));
  if (first === undefined) throw new TypeError("There is none");
  return [first, ...others];
}

/** When one of the files was last written, moved there, or made to lead elsewhere; of none that is there: never. */
async function lastChange(files: Files): Promise<number> {
  const looks = Object.values(files).flatMap((path) => [Deno.lstat(path), Deno.stat(path)]);
  const infos = (await Promise.allSettled(looks)).flatMap((one) =>
    one.status === "fulfilled" ? [one.value] : []
  );
  // A file that was moved there keeps the time at which it was written.
  return Math.max(
    ...infos.flatMap(({ mtime, ctime }) => [mtime, ctime]).map((at) => at?.getTime() ?? -Infinity),
  );
}

function whatToPut(domain: string): string {
  return `Put a certificate for "${domain}" and "*.${domain}" and its key there.`;
}

function usable(
  { chain, key, leaf }: { chain: string; key: string; leaf: X509Certificate },
  { files, domain, now }: { files: Files; domain: string; now: number },
): Certificate {
  const hint = whatToPut(domain);
  // Asked for a name, Deno looks for that very name and knows no wildcards.
  const names = (leaf.subjectAltName ?? "").split(", ").filter((name) => name.startsWith("DNS:"))
    .map((name) => name.slice("DNS:".length).toLowerCase());
  const missing = [domain, `*.${domain}`].filter((name) => !covers(names, name));
  if (missing.length > 0) {
    throw new HostError(
      "wrong",
      `The certificate in "${files.chain}" is for ${names.join(", ") || "nothing"}, and not for ${
        missing.join(" and ")
      }`,
      { hint },
    );
  }
  const [begins, ends] = [leaf.validFrom, leaf.validTo].map((text) => Date.parse(text)) as [number, number];
  if (now >= ends) {
    throw new HostError("wrong", `The certificate in "${files.chain}" ran out on ${day(ends)}`, {
      hint: `Renew it. ${hint}`,
    });
  }
  if (now < begins) {
    throw new HostError("not yet", `The certificate in "${files.chain}" holds from ${day(begins)} on`, {
      hint: "Wait until then, or look at the clock of this host.",
    });
  }
  return { chain, key, ends, version: versionOf(`${chain}\n${key}`) };
}

/** Name of a version that differs when the content does: what Swarm keeps cannot be changed, only replaced. */
export function versionOf(content: string): string {
  return `v${createHash("sha256").update(content).digest("hex").slice(0, 8)}`;
}

function covers(names: readonly string[], name: string): boolean {
  return names.includes(name) || names.includes(name.replace(/^[^.]+/, "*"));
}

async function read(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new HostError("wrong", `Could not read the certificate from "${path}": ${describeError(cause)}`, {
      hint: 'Put "fullchain.pem" and "privkey.pem" into the folder that the setting "certificates" names.',
      cause,
    });
  }
}

function parse<T>(path: string, make: () => T): T {
  try {
    return make();
  } catch (cause) {
    throw new HostError("wrong", `Could not read "${path}": it is no PEM file of that kind`, {
      hint: "Put the file there as the authority issued it.",
      cause,
    });
  }
}

function day(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}
