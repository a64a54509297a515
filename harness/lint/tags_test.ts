import assert from "node:assert/strict";
import { checkTags } from "./tags.ts";

Deno.test("a tag of the commit under test that is not annotated is an error, an older one a warning", () => {
  const lightweight = [{ version: "1.0.0+1", commit: "old" }, { version: "1.1.0+1", commit: "head" }];
  const severities = (dirty: boolean) =>
    checkTags({ head: "head", dirty, lightweight }).map(({ rule, severity, subject }) =>
      `${severity} ${rule} ${subject}`
    );
  assert.deepEqual(severities(false), [
    "warning lint.annotated-tag 1.0.0+1",
    "error lint.annotated-tag 1.1.0+1",
  ]);
  assert.deepEqual(severities(true), [
    "warning lint.annotated-tag 1.0.0+1",
    "warning lint.annotated-tag 1.1.0+1",
  ]);
});
