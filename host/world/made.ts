import {
  ensureOwnCertificate,
  INSIDE,
  isOwnCertificateFresh,
  type OwnAuthority,
  ownCertificateIn,
} from "../../common/own_certificate.ts";
import { join } from "node:path";
import { readIfThere } from "../../common/files.ts";
import type { SeenMade } from "../plan/seen.ts";

const inside: OwnAuthority = {
  authority: "cc-ci CA of the services behind Traefik",
  domain: INSIDE,
  names: [INSIDE],
  file: "inside",
};

/** The runner's own, over which its unit lays the one that was made. */
const HOSTS = "/etc/hosts";

/** What was made for other programs. */
export async function lookAtMade(folder: string): Promise<SeenMade> {
  const files = ownCertificateIn(folder, inside);
  return {
    insideCa: await isOwnCertificateFresh(files) ? await Deno.readTextFile(files.ca) : null,
    names: await readIfThere(namesIn(folder)),
    namesOfHost: await readIfThere(HOSTS) ?? "",
  };
}

/** @returns whether another authority than before signed it, so that who has the certificate of before is not believed */
export async function makeInsideCertificate(folder: string): Promise<boolean> {
  const { ca } = ownCertificateIn(folder, inside);
  const before = await readIfThere(ca);
  await ensureOwnCertificate(folder, inside);
  return await readIfThere(ca) !== before;
}

/** Writes into the file that is there: a runner that goes on has this one laid over its own, whatever is put in its place. */
export async function writeNames(folder: string, text: string): Promise<void> {
  await Deno.mkdir(folder, { recursive: true, mode: 0o755 });
  using file = await Deno.open(namesIn(folder), { write: true, create: true });
  const bytes = new TextEncoder().encode(text);
  // Cut off afterwards, so that nobody reads an empty file in between.
  for (let written = 0; written < bytes.length;) written += await file.write(bytes.subarray(written));
  await file.truncate(bytes.length);
  // Tests of a run, which are not root's, know names by it as well.
  await Deno.chmod(namesIn(folder), 0o644);
}

function namesIn(folder: string): string {
  return join(folder, "hosts");
}
