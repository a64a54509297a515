import assert from "node:assert/strict";
import { join } from "node:path";
import { execOk } from "./exec.ts";
import { ensureOwnCertificate } from "./own_certificate.ts";

const options = {
  authority: "CA of a test",
  domain: "ci.test",
  names: ["ci.test", "*.ci.test"],
  file: "site",
};

Deno.test("a certificate that is made anew is of the same authority, which still knows the last one", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const { ca, cert, key } = await ensureOwnCertificate(folder, options);
    const [authority, first] = await Promise.all([Deno.readTextFile(ca), Deno.readTextFile(cert)]);
    await ensureOwnCertificate(folder, options);
    assert.equal(await Deno.readTextFile(cert), first);

    await expireSoon({ folder, ca, cert, key });
    await ensureOwnCertificate(folder, options);
    assert.notEqual(await Deno.readTextFile(cert), first);
    assert.equal(await Deno.readTextFile(ca), authority);
    await Deno.writeTextFile(join(folder, "first.pem"), first);
    for (const one of [cert, join(folder, "first.pem")]) {
      await execOk(["openssl", "verify", "-CAfile", ca, one]);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("an authority without its key, or with another, signs nothing more: both are made anew", async () => {
  const folder = await Deno.makeTempDir();
  try {
    for (const key of [null, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"]) {
      const { ca, cert } = await ensureOwnCertificate(folder, options);
      const authority = await Deno.readTextFile(ca);
      await Deno.remove(cert);
      if (key === null) await Deno.remove(join(folder, "ca-key.pem"));
      else await Deno.writeTextFile(join(folder, "ca-key.pem"), key);
      await ensureOwnCertificate(folder, options);
      assert.notEqual(await Deno.readTextFile(ca), authority);
      await execOk(["openssl", "verify", "-CAfile", ca, cert]);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** Puts a certificate of the same authority in the place of one, which ends tomorrow. */
async function expireSoon(
  { folder, ca, cert, key }: { folder: string; ca: string; cert: string; key: string },
): Promise<void> {
  const request = join(folder, "soon.csr");
  await execOk(["openssl", "req", "-new", "-key", key, "-subj", "/CN=ci.test", "-out", request]);
  await execOk([
    ...["openssl", "x509", "-req", "-in", request, "-CA", ca, "-CAkey", join(folder, "ca-key.pem")],
    ...["-CAcreateserial", "-days", "1", "-out", cert],
  ]);
}
