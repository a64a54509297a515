import {
  ensureOwnCertificate,
  INSIDE,
  isOwnCertificateFresh,
  type OwnAuthority,
  ownCertificateIn,
} from "../../common/own_certificate.ts";
import type { SeenMade } from "../plan/seen.ts";

const inside: OwnAuthority = {
  authority: "cc-ci CA of the services behind Traefik",
  domain: INSIDE,
  names: [INSIDE],
  file: "inside",
};

/** What was made for other programs. */
export async function lookAtMade(folder: string): Promise<SeenMade> {
  const files = ownCertificateIn(folder, inside);
  return {
    insideCa: await isOwnCertificateFresh(files) ? await Deno.readTextFile(files.ca) : null,
  };
}

export async function makeInsideCertificate(folder: string): Promise<void> {
  await ensureOwnCertificate(folder, inside);
}
