import assert from "node:assert/strict";
import { parseJUnit } from "./junit.ts";

Deno.test("parseJUnit() tells passed, failed and skipped tests apart", () => {
  const xml = `<?xml version="1.0"?><testsuites name="deno test" tests="4" failures="1" errors="1">
    <testsuite name="a"><testcase name="one &amp; only" time="0.1"></testcase>
    <testcase name="two"><skipped/></testcase></testsuite>
    <testsuite name="b"><testcase name="three"><failure message="short">it &lt;broke&gt;</failure></testcase>
    <testcase name="four"><error message="only this"/></testcase></testsuite></testsuites>`;
  assert.deepEqual(parseJUnit(xml), [
    { name: "one & only", failure: null, skipped: false },
    { name: "two", failure: null, skipped: true },
    { name: "three", failure: "it <broke>", skipped: false },
    { name: "four", failure: "only this", skipped: false },
  ]);
});

Deno.test("parseJUnit() finds nothing in what is no report", () => {
  assert.deepEqual(parseJUnit("error: Module not found"), []);
});
