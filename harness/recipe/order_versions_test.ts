import assert from "node:assert/strict";
import { compareVersions } from "./order_versions.ts";

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

Deno.test("pre-releases are ordered as semver orders them", () => {
  const sorted = [
    "1.0.0-0+1",
    "1.0.0-2+1",
    "1.0.0-10+1",
    "1.0.0-alpha+1",
    "1.0.0-alpha.1+1",
    "1.0.0-alpha.beta+1",
    "1.0.0-beta+1",
    "1.0.0-beta.1.1+1",
    "1.0.0-rc-1+1",
    "1.0.0+1",
    "1.0.1-0+1",
  ];
  assert.deepEqual(sorted.toReversed().sort(compareVersions), sorted);
});

Deno.test("a version with zeros in front is a version, and one that semver cannot read is older than all", () => {
  const sorted = [
    "99999999999999999999.0.0+1",
    `1.0.0-${"a".repeat(300)}+1`,
    "1.0.0-..+1",
    "nightly",
    "01.2.0+1",
    "1.03.0+10.6_ls1+x",
  ];
  const unread = sorted.slice(0, 4).sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  assert.deepEqual(sorted.toReversed().sort(compareVersions), [...unread, ...sorted.slice(4)]);
});
