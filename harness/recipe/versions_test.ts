import assert from "node:assert/strict";
import { findVersion, isVersion } from "./versions.ts";

Deno.test("only tags of the form semver+something are versions", () => {
  assert.deepEqual(
    ["1.2.3+4", "1.2.3-rc.1+4", "v1.2.3+4", "1.2+4", "1.2.3", "1.2.3+"].map(isVersion),
    [true, true, false, false, false, false],
  );
});

const published = [
  { version: "1.0.0+1", commit: "a" },
  { version: "1.10.0+1", commit: "c" },
  { version: "1.9.0+1", commit: "b" },
];

Deno.test("a version is found by its whole name or by the part before the plus where that is clear", () => {
  const twice = [...published, { version: "1.0.0+2", commit: "d" }];
  assert.equal(findVersion(published, "1.9.0")?.commit, "b");
  assert.equal(findVersion(twice, "1.0.0+2")?.commit, "d");
  assert.equal(findVersion(twice, "1.0.0"), null);
  assert.equal(findVersion(published, "2.0.0"), null);
});
