import { X509Certificate } from "node:crypto";
import { describeError } from "../common/errors.ts";
import { HostError } from "./errors.ts";

const hint =
  'Put the PEM file of the authority that signed the certificate there, or take "ca" out of the settings ' +
  "where the system knows that authority.";

/**
 * Reads the certificates of the authority that the proxy's certificate is believed by.
 * @returns PEM
 * @throws {HostError} wrong, when the file is not there or holds none
 */
export async function readAuthority(path: string): Promise<string> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new HostError("wrong", `Could not read the authority from "${path}": ${describeError(cause)}`, {
      hint,
      cause,
    });
  }
  if (certificatesIn(text).length > 0) return text;
  throw new HostError("wrong", `The file "${path}" holds no certificate of an authority`, { hint });
}

/** @throws {HostError} wrong, when the authority has signed none of the certificates of a chain */
export function requireSigned(
  chain: string,
  { authority, path }: { authority: string; path: string },
): void {
  const authorities = certificatesIn(authority);
  const signed = certificatesIn(chain).some((one) =>
    authorities.some((by) => one.checkIssued(by) && one.verify(by.publicKey))
  );
  if (!signed) {
    throw new HostError("wrong", `The authority in "${path}" has not signed the certificate`, { hint });
  }
}

function certificatesIn(text: string): X509Certificate[] {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.flatMap((pem) => {
    try {
      return [new X509Certificate(pem)];
    } catch {
      return [];
    }
  });
}
