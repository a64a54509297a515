import assert from "node:assert/strict";
import { strangeVersion } from "./version.ts";

Deno.test("a version of abra that is not known is said, whatever it looks like", () => {
  for (const known of ["0.13.0-beta-06a57de", "0.13.4", "abra version 0.13.0-beta", "0.13.0-beta-stand-in"]) {
    assert.equal(strangeVersion(known), null, known);
  }
  for (const strange of ["0.12.9-beta", "0.14.0-beta", "0.130.0", "1.0.13.0", "unknown", ""]) {
    assert.match(strangeVersion(strange) ?? "", /none of the versions that cc-ci knows \(0\.13\)/, strange);
  }
});
