import { join } from "node:path";
import { ensureOwnCertificate, INSIDE, type OwnCertificate } from "../../common/own_certificate.ts";
import { BASE_DOMAIN, type Paths } from "../host/paths.ts";

export { INSIDE };
export type Certificates = OwnCertificate;

/** A CA of this stack's own and a wildcard certificate for the base domain. */
export function ensureCertificates(paths: Paths): Promise<Certificates> {
  return ensureOwnCertificate(paths.tls, {
    authority: "cc-ci local CA",
    domain: BASE_DOMAIN,
    names: [BASE_DOMAIN, `*.${BASE_DOMAIN}`],
    file: "wildcard",
  });
}

/** Likewise for the way between Traefik and the services behind it: another CA, which Traefik alone believes. */
export function ensureInsideCertificates(paths: Paths): Promise<Certificates> {
  return ensureOwnCertificate(join(paths.state, "tls-inside"), {
    authority: "cc-ci local CA of the services behind Traefik",
    domain: INSIDE,
    names: [INSIDE],
    file: "inside",
  });
}
