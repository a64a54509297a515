import assert from "node:assert/strict";
import { UsageError } from "../common/errors.ts";
import { chooseSuites, countCases } from "./suites.ts";

Deno.test("suites are chosen by name, and a name that is none is answered with all that are", () => {
  assert.deepEqual(chooseSuites("unit, lint").map(({ name }) => name), ["lint", "unit"]);
  assert.ok(chooseSuites(undefined).length > 5);
  assert.throws(
    () => chooseSuites("unit,nosuch"),
    (error: UsageError) => /"nosuch"/.test(error.message) && /format, lint, .*restart/.test(error.hint ?? ""),
  );
});

const passed = '<testcase name="a"></testcase>';
const failed = '<testcase name="b"><failure message="no">no</failure></testcase>';
const ignored = '<testcase name="c (ignored: not here)"><skipped/></testcase>';
const cases: [what: string, report: string, success: boolean, expect: string][] = [
  ["all passed", passed, true, "1 passed, 0 failed, 0 ignored"],
  ["one failed", passed + failed, false, "1 passed, 1 failed, 0 ignored"],
  ["nothing ran", "", true, "0 passed, 1 failed, 0 ignored"],
  ["all were ignored", ignored, true, "0 passed, 0 failed, 1 ignored"],
  ["it broke off", passed, false, "1 passed, 1 failed, 0 ignored"],
];

for (const [what, report, success, expect] of cases) {
  Deno.test(`a suite of which ${what}`, () => {
    const counts = countCases(report, { success, code: success ? 0 : 1 });
    assert.equal(
      `${counts.passed} passed, ${counts.failed} failed, ${counts.ignored.length} ignored`,
      expect,
    );
    assert.equal(counts.failures.length, counts.failed);
  });
}
