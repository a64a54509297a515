import assert from "node:assert/strict";
import { join } from "node:path";
import { lookAtMade, makeInsideCertificate, writeNames } from "./made.ts";

Deno.test("a runner that holds the file of names reads what is written to it later, be it shorter or longer", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await writeNames(folder, "127.0.0.1 localhost\n127.0.0.1 drone.ci.example.org\n");
    using held = await Deno.open(join(folder, "hosts"));
    for (const text of ["127.0.0.1 localhost\n", "127.0.0.1 localhost\n192.0.2.1 drone.ci.example.org\n"]) {
      await writeNames(folder, text);
      await held.seek(0, Deno.SeekMode.Start);
      const bytes = new Uint8Array(200);
      const length = await held.read(bytes) ?? 0;
      assert.equal(new TextDecoder().decode(bytes.subarray(0, length)), text);
      assert.equal((await lookAtMade(folder)).names, text);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("everybody may read what names a runner knows, whatever the caller keeps from others", async () => {
  const folder = await Deno.makeTempDir();
  const before = Deno.umask(0o077);
  try {
    await writeNames(folder, "127.0.0.1 localhost\n");
    assert.equal(((await Deno.stat(join(folder, "hosts"))).mode ?? 0) & 0o777, 0o644);
  } finally {
    Deno.umask(before);
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("who has the certificate of the services is told from who is believed no more, by the authority", async () => {
  const folder = await Deno.makeTempDir();
  try {
    assert.ok(await makeInsideCertificate(folder));
    const { insideCa } = await lookAtMade(folder);
    await Deno.remove(join(folder, "inside.pem"));
    assert.ok(!await makeInsideCertificate(folder), "a certificate of the same authority is believed");
    assert.equal((await lookAtMade(folder)).insideCa, insideCa);
    const key = join(folder, "inside-key.pem");
    const ca = await Deno.readTextFile(join(folder, "ca-key.pem"));
    const harms = [
      () => Deno.remove(key),
      () => Deno.writeTextFile(key, ""),
      () => Deno.writeTextFile(key, ca),
    ];
    for (const harm of harms) {
      await harm();
      assert.equal((await lookAtMade(folder)).insideCa, null, "services do not start with that key");
      assert.ok(!await makeInsideCertificate(folder));
      assert.equal((await lookAtMade(folder)).insideCa, insideCa);
    }
    for (const lost of ["ca-key.pem", "ca.pem"]) {
      await Deno.remove(join(folder, "inside.pem"));
      await Deno.remove(join(folder, lost));
      assert.ok(await makeInsideCertificate(folder), lost);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
