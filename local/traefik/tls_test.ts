import assert from "node:assert/strict";
import { join } from "node:path";
import { runCommand, runCommandOk } from "../../common/command.ts";
import { pathsFromEnvironment } from "../host/paths.ts";
import { ensureCertificates } from "./tls.ts";

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("the certificate covers the base domain and one level below, and its CA verifies it", async () => {
  await inFolder(async (folder) => {
    const paths = pathsFromEnvironment((name) => name === "CCCI_CACHE" ? folder : undefined);
    const { ca, cert, key } = await ensureCertificates(paths);
    const verified = async (host: string) =>
      (await runCommand(["openssl", "verify", "-CAfile", ca, "-verify_hostname", host, cert])).success;
    assert.equal(await verified("ci.localhost"), true);
    assert.equal(await verified("git.ci.localhost"), true);
    assert.equal(await verified("a.b.ci.localhost"), false);
    assert.equal(await verified("example.org"), false);
    assert.equal(((await Deno.stat(key)).mode ?? 0) & 0o077, 0, "the key is nobody else's to read");
  });
});

Deno.test("certificates are kept from start to start, and made anew when they no longer fit together", async () => {
  await inFolder(async (folder) => {
    const paths = pathsFromEnvironment((name) => name === "CCCI_CACHE" ? folder : undefined);
    const { ca, cert } = await ensureCertificates(paths);
    const first = await Deno.readTextFile(cert);
    await ensureCertificates(paths);
    assert.equal(await Deno.readTextFile(cert), first);
    await Deno.writeTextFile(ca, "damaged");
    await ensureCertificates(paths);
    assert.notEqual(await Deno.readTextFile(cert), first);
  });
});

Deno.test("the CA may vouch for no name outside the base domain", async () => {
  await inFolder(async (folder) => {
    const paths = pathsFromEnvironment((name) => name === "CCCI_CACHE" ? folder : undefined);
    const { ca } = await ensureCertificates(paths);
    const file = (name: string) => join(folder, name);
    await Deno.writeTextFile(file("ext"), "subjectAltName=DNS:example.org\n");
    await runCommandOk([
      ...["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
      ...["-subj", "/CN=example.org", "-keyout", file("key"), "-out", file("csr")],
    ]);
    await runCommandOk([
      ...["openssl", "x509", "-req", "-in", file("csr"), "-CA", ca, "-CAkey", join(paths.tls, "ca-key.pem")],
      ...["-CAcreateserial", "-days", "1", "-extfile", file("ext"), "-out", file("cert")],
    ]);
    const judged = await runCommand(["openssl", "verify", "-CAfile", ca, file("cert")]);
    assert.equal(judged.success, false);
    assert.match(judged.stdout + judged.stderr, /permitted subtree/);
  });
});
