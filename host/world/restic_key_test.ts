import assert from "node:assert/strict";
import { isMissing } from "./restic_key.ts";

Deno.test("a repository that is not there yet has no password to learn; one that does not open has", () => {
  const none = "unable to open config file: stat /backups/restic/config: no such file or directory\n" +
    "Is there a repository at the following location?\n/backups/restic\n";
  assert.ok(isMissing({ code: 10, stderr: `Fatal: repository does not exist: ${none}` }));
  assert.ok(isMissing({ code: 1, stderr: `Fatal: ${none}` }), "restic before 0.17");
  assert.ok(!isMissing({ code: 12, stderr: "Fatal: wrong password or no key found\n" }));
  assert.ok(
    !isMissing({ code: 1, stderr: "Fatal: unable to open config file: dial tcp: connection refused\n" }),
  );
});
