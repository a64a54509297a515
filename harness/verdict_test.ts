import assert from "node:assert/strict";
import type { StageName, StageOutcome, StageReport } from "../protocol/result.ts";
import { emptyReport } from "./stage.ts";
import { levelOf, type RunEnd, verdict } from "./verdict.ts";

/** `install:failed` as a report whose cause names the stage. */
function reports(...list: `${StageName}:${StageOutcome}`[]): StageReport[] {
  return list.map((text) => {
    const [name, result] = text.split(":") as [StageName, StageOutcome];
    const bad = result === "failed" || result === "infra";
    return { ...emptyReport(name, result), ...(bad ? { cause: `${name} is bad` } : { reason: "because" }) };
  });
}

const finished: RunEnd = { kind: "finished" };
const green = ["fetch:passed", "lint:passed", "install:passed", "upgrade:passed", "teardown:passed"] as const;
const died: RunEnd = { kind: "infra", cause: "worker died", stage: "upgrade" };

const cases: [name: string, list: StageReport[], end: RunEnd, expect: string][] = [
  ["all passed", reports(...green), finished, "passed - -"],
  [
    "a skipped stage is no failure",
    reports("fetch:passed", "install:passed", "upgrade:skipped", "teardown:passed"),
    finished,
    "passed - -",
  ],
  [
    "the first failed stage decides, in the order of stages and not of ends",
    reports("fetch:passed", "upgrade:failed", "install:failed", "teardown:passed"),
    finished,
    "failed install install is bad",
  ],
  [
    "a lint error fails the run",
    reports("lint:failed", "install:blocked"),
    finished,
    "failed lint lint is bad",
  ],
  [
    "a failure stands although the surroundings gave trouble later",
    reports("install:failed", "upgrade:infra", "teardown:passed"),
    finished,
    "failed install install is bad",
  ],
  [
    "trouble with the surroundings is nobody's failure",
    reports("fetch:infra", "install:blocked", "teardown:passed"),
    finished,
    "infra fetch fetch is bad",
  ],
  [
    "something left over is no pass",
    reports("fetch:passed", "install:passed", "teardown:infra"),
    finished,
    "infra teardown teardown is bad",
  ],
  [
    "an install that could not take place is no pass",
    reports("fetch:passed", "install:blocked", "teardown:passed"),
    finished,
    "infra install Blocked by because",
  ],
  ["a dead worker", reports("fetch:passed", "install:passed"), died, "infra upgrade worker died"],
  ["a dead worker after a failure", reports("install:failed"), died, "failed install install is bad"],
  ["cancelled", reports("install:failed"), { kind: "cancelled", cause: "by hand" }, "cancelled - by hand"],
  [
    "timed out",
    reports("install:failed"),
    { kind: "timed_out", cause: "too long", stage: "install" },
    "timed_out install too long",
  ],
];

for (const [name, list, end, expect] of cases) {
  Deno.test(`verdict: ${name}`, () => {
    const { result, stage, cause } = verdict(list, end);
    assert.equal(`${result} ${stage ?? "-"} ${cause ?? "-"}`, expect);
  });
}

const levels: [expect: number, list: StageReport[]][] = [
  [0, []],
  [0, reports("install:failed", "upgrade:passed")],
  [1, reports("install:passed")],
  [1, reports("install:passed", "upgrade:failed", "restore:passed")],
  [1, reports("install:passed", "upgrade:skipped")],
  [2, reports("install:passed", "upgrade:passed")],
  [3, reports("install:passed", "upgrade:skipped", "restore:passed")],
  [2, reports("install:passed", "upgrade:passed", "restore:blocked", "tests:passed")],
  [4, reports("install:passed", "upgrade:passed", "restore:skipped", "tests:passed")],
];

for (const [expect, list] of levels) {
  const name = list.map((one) => `${one.name} ${one.result}`).join(", ") || "nothing";
  Deno.test(`level ${expect}: ${name}`, () => assert.equal(levelOf(list), expect));
}
