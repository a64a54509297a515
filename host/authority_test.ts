import assert from "node:assert/strict";
import { join } from "node:path";
import { ensureOwnCertificate } from "../common/own_certificate.ts";
import { readAuthority, requireSigned } from "./authority.ts";
import { HostError } from "./errors.ts";
import { issue } from "./testing/certificates.ts";

const tmp = await Deno.makeTempDir({ prefix: "cc-ci-authority-" });
globalThis.addEventListener("unload", () => Deno.removeSync(tmp, { recursive: true }));

const wrong = (says: RegExp) => (error: unknown) => {
  assert.ok(error instanceof HostError && error.outcome === "wrong", String(error));
  assert.match(error.message, says);
  assert.match(error.hint ?? "", /PEM file of the authority .* or take "ca" out/);
  return true;
};

Deno.test("an authority's file that is missing, empty or something else is told with what to put there", async () => {
  await assert.rejects(
    readAuthority(join(tmp, "none.pem")),
    wrong(/^Could not read the authority from ".*none\.pem"/),
  );
  for (
    const text of ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
  ) {
    await Deno.writeTextFile(join(tmp, "bad.pem"), text);
    await assert.rejects(
      readAuthority(join(tmp, "bad.pem")),
      wrong(/^The file ".*bad\.pem" holds no certificate/),
    );
  }
});

Deno.test("an authority has to have signed the certificate; one that signed itself is its own", async () => {
  const own = await ensureOwnCertificate(join(tmp, "own"), {
    authority: "An authority of a test",
    domain: "example.org",
    names: ["ci.example.org"],
    file: "wildcard",
  });
  const chain = await Deno.readTextFile(own.cert);
  const authority = await readAuthority(own.ca);
  requireSigned(chain, { authority, path: own.ca });
  await issue(join(tmp, "self"));
  const self = await readAuthority(join(tmp, "self", "fullchain.pem"));
  requireSigned(self, { authority: self, path: "self" });
  requireSigned(chain, { authority: `${self}${authority}`, path: "both" });
  assert.throws(
    () => requireSigned(chain, { authority: self, path: "other.pem" }),
    wrong(/^The authority in "other\.pem" has not signed the certificate$/),
  );
});
