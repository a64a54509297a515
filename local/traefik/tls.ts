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

/**
 * A CA of this stack's own and a wildcard certificate for the base domain. The CA may sign nothing but names below
 * the base domain, so that importing it into a browser does not hand out more.
 */
export async function ensureCertificates(paths: Paths): Promise<Certificates> {
  const files = {
    ca: join(paths.tls, "ca.pem"),
    cert: join(paths.tls, "wildcard.pem"),
    key: join(paths.tls, "wildcard-key.pem"),
  };
  const caKey = join(paths.tls, "ca-key.pem");
  const fresh = await exec([
    "openssl",
    "x509",
    "-checkend",
    String(RENEW_SECONDS),
    "-noout",
    "-in",
    files.cert,
  ]);
  const whole = await exec(["openssl", "verify", "-CAfile", files.ca, files.cert]);
  if (fresh.success && whole.success) return files;

  await Deno.remove(paths.tls, { recursive: true }).catch(() => {});
  await Deno.mkdir(paths.tls, { recursive: true, mode: 0o755 });
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  await execOk([
    "openssl",
    "req",
    "-x509",
    ...newKey,
    "-days",
    "730",
    "-subj",
    "/O=cc-ci local stack/CN=cc-ci local CA",
    "-addext",
    "basicConstraints=critical,CA:TRUE,pathlen:0",
    "-addext",
    "keyUsage=critical,keyCertSign,cRLSign",
    "-addext",
    `nameConstraints=critical,permitted;DNS:${BASE_DOMAIN}`,
    "-keyout",
    caKey,
    "-out",
    files.ca,
  ]);
  const request = join(paths.tls, "wildcard.csr");
  await execOk([
    "openssl",
    "req",
    ...newKey,
    "-subj",
    `/CN=${BASE_DOMAIN}`,
    "-keyout",
    files.key,
    "-out",
    request,
  ]);
  const extensions = join(paths.tls, "wildcard.ext");
  await Deno.writeTextFile(
    extensions,
    [
      "basicConstraints=critical,CA:FALSE",
      "keyUsage=critical,digitalSignature",
      "extendedKeyUsage=serverAuth",
      `subjectAltName=DNS:${BASE_DOMAIN},DNS:*.${BASE_DOMAIN}`,
      "",
    ].join("\n"),
  );
  await execOk([
    "openssl",
    "x509",
    "-req",
    "-in",
    request,
    "-CA",
    files.ca,
    "-CAkey",
    caKey,
    "-CAcreateserial",
    "-days",
    "397", // more is refused by browsers
    "-extfile",
    extensions,
    "-out",
    files.cert,
  ]);
  for (const secret of [caKey, files.key]) await Deno.chmod(secret, 0o600);
  return files;
}
