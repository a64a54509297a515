import { join } from "node:path";
import { exec, execOk } from "./exec.ts";

/** What the proxy expects the services behind it to be called. No DNS has this name. */
export const INSIDE = "inside.cc-ci.internal";

/** PEM files of a certificate that an authority of our own signed. */
export interface OwnCertificate {
  /** The authority; whoever connects verifies against it. */
  ca: string;
  cert: string;
  key: string;
}

export interface OwnAuthority {
  /** Its name, for people. */
  authority: string;
  /** The only domain that it may sign for, so that importing it somewhere does not hand out more. */
  domain: string;
  /** What the certificate is for. */
  names: string[];
  /** File name of the certificate, without its ending. */
  file: string;
}

/** A certificate that has less than this left is made anew. */
const RENEW_SECONDS = 30 * 24 * 3600;
/** More is refused by browsers. */
const CERTIFICATE_DAYS = 397;
/** An authority outlives many certificates, so that who trusts it also trusts the next one, and still the last one. */
const AUTHORITY_DAYS = 3650;

/** Where the files lie, be they there or not. */
export function ownCertificateIn(folder: string, { file }: Pick<OwnAuthority, "file">): OwnCertificate {
  return {
    ca: join(folder, "ca.pem"),
    cert: join(folder, `${file}.pem`),
    key: join(folder, `${file}-key.pem`),
  };
}

/** Whether they are there, belong together, and hold for a month at least. */
export async function isOwnCertificateFresh({ ca, cert, key }: OwnCertificate): Promise<boolean> {
  const lasts = ["openssl", "x509", "-checkend", String(RENEW_SECONDS), "-noout", "-in", cert];
  return (await exec(lasts)).success && (await exec(["openssl", "verify", "-CAfile", ca, cert])).success &&
    await belongTogether({ cert, key });
}

/**
 * An authority of our own and a certificate of it, made where there is none that {@linkcode isOwnCertificateFresh}. An
 * authority that can sign one more is kept.
 */
export async function ensureOwnCertificate(folder: string, options: OwnAuthority): Promise<OwnCertificate> {
  const { authority, domain, names, file } = options;
  const files = ownCertificateIn(folder, options);
  if (await isOwnCertificateFresh(files)) return files;
  await Deno.mkdir(folder, { recursive: true, mode: 0o755 });
  const at = (name: string) => join(folder, name);
  const caKey = at("ca-key.pem");
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  if (!await canSign({ ca: files.ca, key: caKey })) {
    await execOk([
      ...["openssl", "req", "-x509", ...newKey, "-days", String(AUTHORITY_DAYS)],
      ...["-subj", `/O=cc-ci/CN=${authority}`],
      ...["-addext", "basicConstraints=critical,CA:TRUE,pathlen:0"],
      ...["-addext", "keyUsage=critical,keyCertSign,cRLSign"],
      ...["-addext", `nameConstraints=critical,permitted;DNS:${domain}`],
      ...["-keyout", caKey, "-out", files.ca],
    ]);
  }
  const request = at(`${file}.csr`);
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
  const extensions = at(`${file}.ext`);
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
    ...["-days", String(CERTIFICATE_DAYS)],
    ...["-extfile", extensions, "-out", files.cert],
  ]);
  for (const secret of [caKey, files.key]) await Deno.chmod(secret, 0o600);
  return files;
}

/** Whether an authority is there and holds for as long as a certificate of it would. */
async function canSign({ ca, key }: { ca: string; key: string }): Promise<boolean> {
  const seconds = String(CERTIFICATE_DAYS * 24 * 3600);
  const lasts = await exec(["openssl", "x509", "-checkend", seconds, "-noout", "-in", ca]);
  if (!lasts.success) return false;
  return await belongTogether({ cert: ca, key });
}

/** Whether a key is there, and the one of a certificate. */
async function belongTogether({ cert, key }: { cert: string; key: string }): Promise<boolean> {
  const [its, signs] = await Promise.all([
    exec(["openssl", "x509", "-pubkey", "-noout", "-in", cert]),
    exec(["openssl", "pkey", "-pubout", "-in", key]),
  ]);
  return signs.success && its.stdout === signs.stdout;
}
