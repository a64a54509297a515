import assert from "node:assert/strict";
import { whatIsAbove } from "./images_on_disk.ts";

const half = { free: 500, used: 500 };

Deno.test("images go when a disk is above the mark, in bytes or in inodes", () => {
  assert.equal(whatIsAbove(80, { bytes: half, inodes: half }), null);
  assert.equal(whatIsAbove(80, { bytes: { free: 2e9, used: 8e9 }, inodes: null }), null, "80 % is not above");
  assert.equal(
    whatIsAbove(80, { bytes: { free: 15e9, used: 85e9 }, inodes: half }),
    "85 % (85 GB of 100 GB)",
  );
  assert.equal(
    whatIsAbove(80, { bytes: half, inodes: { free: 100, used: 900 } }),
    "90 % (900 of 1000 inodes)",
  );
  assert.equal(whatIsAbove(100, { bytes: { free: 0, used: 9 }, inodes: null }), null, "never");
  assert.equal(whatIsAbove(80, null), null, "a disk that nobody may look at");
});
