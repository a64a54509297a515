import assert from "node:assert/strict";
import { compareVersions, findVersion, isVersion, newestBefore } from "./versions.ts";

Deno.test("versions are ordered by the part before the plus, as numbers", () => {
  const sorted = [
    "0.9.0+9.9",
    "1.0.0-beta.2+1.0",
    "1.0.0-beta.10+1.0",
    "1.0.0+2.0",
    "1.0.0+10.0",
    "1.2.0+1.25.3",
    "1.10.0+1.0.6-social-amd64",
    "10.0.0+1",
  ];
  assert.deepEqual(sorted.toReversed().sort(compareVersions), sorted);
});

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

Deno.test("the base is the newest version, or the one before a version that is tested itself", () => {
  assert.equal(newestBefore(published, { commit: "x", dirty: false })?.version, "1.10.0+1");
  assert.equal(newestBefore(published, { commit: "c", dirty: false })?.version, "1.9.0+1");
  assert.equal(newestBefore(published, { commit: "c", dirty: true })?.version, "1.10.0+1");
  assert.equal(newestBefore(published, { commit: "a", dirty: false }), null);
  assert.equal(newestBefore([], { commit: "c", dirty: true }), null);
});

Deno.test("a version is found by its whole name or by the part before the plus where that is clear", () => {
  const twice = [...published, { version: "1.0.0+2", commit: "d" }];
  assert.equal(findVersion(published, "1.9.0")?.commit, "b");
  assert.equal(findVersion(twice, "1.0.0+2")?.commit, "d");
  assert.equal(findVersion(twice, "1.0.0"), null);
  assert.equal(findVersion(published, "2.0.0"), null);
});
