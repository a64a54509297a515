import assert from "node:assert/strict";
import { exitCodes, type StageName, type StageOutcome, type StageReport } from "../../protocol/result.ts";
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
    "a failed backup is one failure, what builds upon it is blocked",
    reports(
      "fetch:passed",
      "install:passed",
      "backup:failed",
      "restore:blocked",
      "tests:passed",
      "teardown:passed",
    ),
    finished,
    "failed backup backup is bad",
  ],
  [
    "stages of the first lane come first, whichever lane ended first",
    reports(
      "fetch:passed",
      "upgrade:failed",
      "install:passed",
      "backup:passed",
      "restore:failed",
      "tests:failed",
    ),
    finished,
    "failed restore restore is bad",
  ],
  [
    "a recipe without backups, releases and tests passes",
    reports(
      "fetch:passed",
      "lint:passed",
      "install:passed",
      "backup:skipped",
      "restore:skipped",
      "tests:skipped",
      "upgrade:skipped",
      "teardown:passed",
    ),
    finished,
    "passed - -",
  ],
  [
    "an upgrade whose base does not start is nobody's failure",
    reports("fetch:passed", "install:passed", "upgrade:blocked", "teardown:passed"),
    finished,
    "passed - -",
  ],
  [
    "a leftover the recipe caused fails the run",
    reports("fetch:passed", "install:passed", "teardown:failed"),
    finished,
    "failed teardown teardown is bad",
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

/** The same reports with something in one of them that keeps the run from being clean. */
function blemished(list: StageReport[], stage: StageName, part: Partial<StageReport>): StageReport[] {
  return list.map((one) => one.name === stage ? { ...one, ...part } : one);
}

const everything = reports(
  "fetch:passed",
  "lint:passed",
  "install:passed",
  "backup:passed",
  "restore:passed",
  "tests:passed",
  "upgrade:passed",
  "teardown:passed",
);
const warning = { rule: "R001", severity: "warning" as const, file: "compose.yml", message: "old" };

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
  [3, reports("install:passed", "upgrade:passed", "restore:passed", "tests:skipped")],
  [2, reports("install:passed", "upgrade:passed", "backup:failed", "restore:blocked", "tests:passed")],
  [1, reports("lint:passed", "install:passed", "restore:passed", "tests:passed")],
  [0, reports("lint:passed", "install:skipped", "upgrade:skipped", "restore:skipped", "tests:skipped")],
  [5, everything],
  [5, reports("lint:passed", "install:passed", "upgrade:skipped", "restore:skipped", "tests:skipped")],
  [4, blemished(everything, "install", { blemishes: ["2 errors on the console"] })],
  [4, blemished(everything, "lint", { findings: [warning] })],
  [5, blemished(everything, "lint", { findings: [{ ...warning, severity: "note" }] })],
  [4, blemished(everything, "lint", { result: "failed" })],
  [4, blemished(everything, "teardown", { result: "infra" })],
];

for (const [expect, list] of levels) {
  const name = list.map((one) => {
    const flaws = [...one.blemishes.map(() => "blemish"), ...one.findings.map(({ severity }) => severity)];
    return [one.name, one.result, ...flaws].join(" ");
  }).join(", ") || "nothing";
  Deno.test(`level ${expect}: ${name}`, () => assert.equal(levelOf(list), expect));
}

Deno.test("every result has an exit code of its own; usage and what Drone takes for success are none of them", () => {
  assert.deepEqual(exitCodes, { passed: 0, failed: 1, infra: 3, cancelled: 4, timed_out: 5 });
});

Deno.test("a stage that a secret keeps from beginning says so in a sentence of its own", () => {
  const reason = 'secret "mail" cannot be generated: declare it in recipe.yml';
  const install = { ...emptyReport("install", "blocked"), reason };
  assert.deepEqual(verdict([install], { kind: "finished" }), {
    result: "infra",
    stage: "install",
    cause: `Blocked: ${reason}`,
  });
});
