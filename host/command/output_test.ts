import assert from "node:assert/strict";
import { reportOf } from "./output.ts";

Deno.test("what nobody foresaw is a part's report like any other, and the next part is tried", () => {
  const report = reportOf("proxy", {
    error: new TypeError("x is not a function"),
    steps: ["made the network"],
  });
  assert.deepEqual({ ...report, hint: undefined }, {
    part: "proxy",
    outcome: "wrong",
    steps: ["made the network"],
    message: "x is not a function",
    hint: undefined,
  });
  assert.match(report.hint ?? "", /please report it/);
});
