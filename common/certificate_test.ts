import assert from "node:assert/strict";
import { join } from "node:path";
import { certificateEnd } from "./certificate.ts";
import { execOk } from "./exec.ts";

const DAY_MS = 24 * 3600 * 1000;

Deno.test("the end of a proxy's certificate is told also by one that nobody would believe", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
    const ofKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key];
    const before = Date.now();
    await execOk(["openssl", "req", "-x509", ...ofKey, "-out", cert, "-days", "12", "-subj", "/CN=a"]);
    using listener = Deno.listenTls({
      hostname: "127.0.0.1",
      port: 0,
      cert: await Deno.readTextFile(cert),
      key: await Deno.readTextFile(key),
    });
    const served = listener.accept().then(async (connection) => {
      await connection.handshake().catch(() => {});
      connection.close();
    });
    const ends = await certificateEnd(`127.0.0.1:${listener.addr.port}`, { name: "a.ci.example.org" });
    await served;
    assert.equal(Math.round(((ends?.getTime() ?? 0) - before) / DAY_MS), 12);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a proxy that is not there, or says nothing, has no certificate to tell of", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const address = `127.0.0.1:${listener.addr.port}`;
  const held = listener.accept();
  assert.equal(await certificateEnd(address, { name: "a.ci.example.org", patienceMs: 50 }), null);
  (await held).close();
  listener.close();
  assert.equal(await certificateEnd(address, { name: "a.ci.example.org" }), null);
});
