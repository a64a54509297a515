import assert from "node:assert/strict";
import { sampleFailure, sampleResult, sampleStage } from "../protocol/testing/sample_result.ts";
import { blame, enumerate, hasLevel, headline, judged, stageText, standInNote } from "./verdict.ts";

const headlines: [string, Parameters<typeof sampleResult>[0], string][] = [
  ["passed", {}, "3fa9c1b of miniflux passed"],
  ["passed with uncommitted changes", { dirty: true }, "3fa9c1b+U of miniflux passed"],
  [
    "passed with a stage skipped",
    { stages: [sampleStage({ name: "upgrade", result: "skipped", reason: "never published" })] },
    "3fa9c1b of miniflux passed, upgrade skipped",
  ],
  [
    "passed with a stage blocked",
    { stages: [sampleStage({ name: "upgrade", result: "blocked", reason: "the published version" })] },
    "3fa9c1b of miniflux passed, upgrade blocked",
  ],
  [
    "failed",
    { result: "failed", stage: "tests", cause: "1 of 3 tests failed" },
    "3fa9c1b of miniflux failed in tests: 1 of 3 tests failed",
  ],
  [
    "infra before the commit was known",
    { result: "infra", commit: null, cause: "the forge does not answer" },
    "miniflux could not be tested: the forge does not answer",
  ],
  ["cancelled", { result: "cancelled" }, "3fa9c1b of miniflux was cancelled"],
  ["timed out", { result: "timed_out", stage: "install" }, "3fa9c1b of miniflux ran out of time in install"],
];
for (const [name, changes, expected] of headlines) {
  Deno.test(`the headline of a run that ${name}`, () =>
    assert.equal(headline(sampleResult(changes)), expected));
}

Deno.test("a mistake in the enrolment is said to be that, and says nothing about the recipe", () => {
  const cause = "recipes/miniflux/install_test.ts, line 3: The file is empty";
  const lint = sampleStage({ name: "lint", result: "failed", cause, fault: "enrolment" });
  const install = sampleStage({ name: "install", result: "blocked", reason: "enrolment" });
  const result = sampleResult({ result: "failed", stage: "lint", cause, stages: [lint, install] });
  assert.equal(headline(result), `3fa9c1b of miniflux failed (enrolment): ${cause}`);
  assert.equal(blame(result), "This is a mistake in recipes/miniflux of cc-ci, not in the recipe");
  assert.deepEqual([judged(result), hasLevel(result)], [false, false]);
  const recipes = sampleResult({
    result: "failed",
    stage: "install",
    cause: "x",
    stages: [lint, { ...install, result: "failed" }],
  });
  assert.equal(
    headline(recipes),
    "3fa9c1b of miniflux failed in install: x",
    "the stage that decides counts",
  );
});

Deno.test("a mistake in the enrolment that keeps a stage from proving anything is not called the host's", () => {
  const cause = "recipe.yml: seed wrote nothing that read finds";
  const backup = sampleStage({ name: "backup", result: "infra", cause, fault: "enrolment" });
  const result = sampleResult({ result: "infra", stage: "backup", cause, stages: [backup] });
  assert.equal(headline(result), `3fa9c1b of miniflux could not be tested (enrolment): ${cause}`);
  assert.equal(blame(result), "This is a mistake in recipes/miniflux of cc-ci, not in the recipe");
  assert.equal(stageText(backup), `mistake in the enrolment: ${cause}`);
  assert.deepEqual([judged(result), hasLevel(result)], [false, false]);
});

Deno.test("only trouble of the host is said to be nobody's fault", () => {
  assert.equal(blame(sampleFailure()), null);
  assert.match(blame(sampleResult({ result: "infra" })) ?? "", /not of the recipe/);
});

Deno.test("a stage's line says what was proved, or why not", () => {
  const text = (changes: Parameters<typeof sampleStage>[0]) => stageText(sampleStage(changes));
  assert.equal(text({ name: "install", proofs: ["answers", "page opened"] }), "answers, page opened");
  assert.equal(text({ name: "install", result: "failed", cause: "does not answer" }), "does not answer");
  assert.equal(text({ name: "install", result: "infra", cause: "no disk" }), "CI trouble: no disk");
  assert.equal(text({ name: "backup", result: "skipped", reason: "no labels" }), "skipped: no labels");
  assert.equal(
    text({ name: "install", result: "skipped", reason: "cancelled after 18 s" }),
    "cancelled after 18 s",
  );
  assert.equal(text({ name: "upgrade", result: "blocked", reason: "lint" }), "blocked by lint");
});

Deno.test("the stand-in for abra is named with what it did, and not at all where it did nothing", () => {
  const note = (abraStandIn: boolean, ...stages: Parameters<typeof sampleStage>[0][]) =>
    standInNote(sampleResult({ abraStandIn, stages: stages.map(sampleStage) }));
  const lint = { name: "lint", result: "failed" } as const;
  assert.match(
    note(true, lint, { name: "install", result: "failed" }) ?? "",
    /stand-in deployed the recipe$/,
  );
  assert.match(
    note(true, lint, { name: "install", result: "blocked" }) ?? "",
    /stand-in looked at the recipe$/,
  );
  assert.equal(note(true, { name: "fetch", result: "failed" }, { name: "lint", result: "blocked" }), null);
  assert.equal(note(false, { name: "install", result: "passed" }), null);
});

Deno.test("names are listed as people do", () => {
  assert.deepEqual([[], ["a"], ["a", "b"], ["a", "b", "c"]].map(enumerate), [
    "",
    "a",
    "a and b",
    "a, b and c",
  ]);
});
