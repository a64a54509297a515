import assert from "node:assert/strict";
import { formatBytes } from "./bytes.ts";

Deno.test("sizes are as exact as a reader needs them", () => {
  const shown = [812, 999.6, 24_400, 4_123_000, 229_300_000, 1_500_000_000, 67e9].map(formatBytes);
  assert.deepEqual(shown, ["812 B", "1 kB", "24 kB", "4.1 MB", "229 MB", "1.5 GB", "67 GB"]);
});
