import { join } from "node:path";
import { exec, execOk } from "../../common/exec.ts";
import { BASE_DOMAIN, type Paths } from "../host/paths.ts";

export interface Certificates {
  /** PEM file of the CA; whoever talks to the ingress verifies against it. */
  ca: string;
  /** PEM files of the wildcard certificate and its key. */
  cert: string;
  key: string;
}

/** A certificate that has less than this left is made anew. */
const RENEW_SECONDS = 30 * 24 * 3600;
/** What Traefik expects the services behind it to be called. No DNS has this name. */
export const INSIDE = "inside.cc-ci.internal";

/**
 * A CA of this stack's own and a wildcard certificate for the base domain. The CA may sign nothing but names below
 * the base domain, so that importing it into a browser does not hand out more.
 */
export function ensureCertificates(paths: Paths): Promise<Certificates> {
  return ensurePair(paths.tls, {
    authority: "cc-ci local CA",
    domain: BASE_DOMAIN,
    names: [BASE_DOMAIN, `*.${BASE_DOMAIN}`],
    cert: "wildcard",
  });
}

/** Likewise for the way between Traefik and the services behind it: another CA, which Traefik alone believes. */
export function ensureInsideCertificates(paths: Paths): Promise<Certificates> {
  return ensurePair(join(paths.state, "tls-inside"), {
    authority: "cc-ci local CA of the services behind Traefik",
    domain: INSIDE,
    names: [INSIDE],
    cert: "inside",
  });
}

interface Pair {
  authority: string;
  /** The only domain that the CA may sign for. */
  domain: string;
  names: string[];
  /** File name of the certificate, without its ending. */
  cert: string;
}

async function ensurePair(folder: string, { authority, domain, names, cert }: Pair): Promise<Certificates> {
  const at = (name: string) => join(folder, name);
  const files = { ca: at("ca.pem"), cert: at(`${cert}.pem`), key: at(`${cert}-key.pem`) };
  const caKey = at("ca-key.pem");
  const valid = ["openssl", "x509", "-checkend", String(RENEW_SECONDS), "-noout", "-in", files.cert];
  const fresh = await exec(valid);
  const whole = await exec(["openssl", "verify", "-CAfile", files.ca, files.cert]);
  if (fresh.success && whole.success) return files;

  await Deno.remove(folder, { recursive: true }).catch(() => {});
  await Deno.mkdir(folder, { recursive: true, mode: 0o755 });
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  await execOk([
    ...["openssl", "req", "-x509", ...newKey, "-days", "730"],
    ...["-subj", `/O=cc-ci local stack/CN=${authority}`],
    ...["-addext", "basicConstraints=critical,CA:TRUE,pathlen:0"],
    ...["-addext", "keyUsage=critical,keyCertSign,cRLSign"],
    ...["-addext", `nameConstraints=critical,permitted;DNS:${domain}`],
    ...["-keyout", caKey, "-out", files.ca],
  ]);
  const request = at(`${cert}.csr`);
  await execOk([
    "openssl",
    "req",
    ...newKey,
    "-subj",
    `/CN=${domain}`,
    "-keyout",
    files.key,
    "-out",
    request,
  ]);
  const extensions = at(`${cert}.ext`);
  await Deno.writeTextFile(
    extensions,
    [
      "basicConstraints=critical,CA:FALSE",
      "keyUsage=critical,digitalSignature",
      "extendedKeyUsage=serverAuth",
      `subjectAltName=${names.map((name) => `DNS:${name}`).join(",")}`,
      "",
    ].join("\n"),
  );
  await execOk([
    ...["openssl", "x509", "-req", "-in", request, "-CA", files.ca, "-CAkey", caKey, "-CAcreateserial"],
    ...["-days", "397"], // more is refused by browsers
    ...["-extfile", extensions, "-out", files.cert],
  ]);
  for (const secret of [caKey, files.key]) await Deno.chmod(secret, 0o600);
  return files;
}
