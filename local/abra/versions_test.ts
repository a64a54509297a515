import { deepEqual, equal } from "node:assert/strict";
import { byNewest, isRelease } from "./versions.ts";

Deno.test("versions are ordered by number, not by text", () => {
  const tags = ["1.9.0+1.2", "1.10.0+1.2", "0.99.1+7", "1.10.0+1.3"];
  deepEqual(tags.sort(byNewest), ["1.10.0+1.3", "1.10.0+1.2", "1.9.0+1.2", "0.99.1+7"]);
});

Deno.test("only recipe versions count as releases", () => {
  equal(isRelease("2.0.1+1.0.6-social-amd64"), true);
  equal(isRelease("v1.0.0"), false);
  equal(isRelease("nightly"), false);
});
