import assert from "node:assert/strict";
import { countTests } from "./junit.ts";

Deno.test("countTests() adds up suites and leaves skipped tests out", () => {
  const xml = `<?xml version="1.0"?><testsuites name="deno test" tests="7" failures="2" errors="0">
    <testsuite name="a" tests="4" disabled="1" errors="0" failures="1"></testsuite>
    <testsuite name="b" tests="3" disabled="0" errors="1" failures="0"></testsuite></testsuites>`;
  assert.deepEqual(countTests(xml), { passed: 4, failed: 2 });
});

Deno.test("countTests() refuses a report without suites", () => {
  assert.throws(() => countTests("<testsuites></testsuites>"), /no test suite/);
});
