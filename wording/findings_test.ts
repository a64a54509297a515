import assert from "node:assert/strict";
import {
  findingsOf,
  imageBytes,
  otherBlemishes,
  resourcesText,
  runLists,
  servicePeaks,
  uncleanText,
  visualText,
} from "./findings.ts";
import { sampleResult, sampleRich, sampleStage } from "../protocol/testing/sample_result.ts";

Deno.test("a lint warning is counted once, though it is a blemish too", () => {
  assert.equal(uncleanText(sampleRich()), "2 lint warnings, 1 blemish");
  assert.deepEqual(otherBlemishes(sampleRich()), [
    { where: "install", text: "Request failed: /favicon-32.png answered with 404" },
  ]);
  assert.equal(uncleanText(sampleResult()), null);
});

Deno.test("what several stages meet is one blemish", () => {
  const stages = (["install", "restore", "tests"] as const).map((name) =>
    sampleStage({ name, blemishes: ["Console: boom"] })
  );
  assert.deepEqual(otherBlemishes(sampleResult({ stages })), [
    { where: "install, restore and tests", text: "Console: boom" },
  ]);
});

Deno.test("errors come before warnings", () => {
  const finding = (severity: "error" | "warning") => ({ rule: "r", severity, file: "f", message: "m" });
  const lint = sampleStage({ name: "lint", findings: [finding("warning"), finding("error")] });
  const result = sampleResult({ stages: [lint] });
  assert.deepEqual(findingsOf(result).map((one) => one.severity), ["error", "warning"]);
  assert.equal(uncleanText(result), "1 lint error, 1 lint warning");
});

Deno.test("peaks are over all stages, times are added", () => {
  assert.deepEqual(
    servicePeaks(sampleRich().stages).map(({ cpuSeconds, ...peak }) => ({
      ...peak,
      cpuSeconds: Number(cpuSeconds.toFixed(2)),
    })),
    [
      { service: "db", memoryBytes: 66.3e6, cpuSeconds: 5.87, diskBytes: 51.9e6 },
      { service: "app", memoryBytes: 21.1e6, cpuSeconds: 1.55, diskBytes: 0.1e6 },
    ],
  );
  assert.equal(resourcesText(sampleRich()), "Memory at peak: db 66.3 MB, app 21.1 MB · images 300 MB");
  assert.equal(resourcesText(sampleResult()), null);
});

Deno.test("an image that several services use counts once", () => {
  const images = ["web", "worker"].map((service) => ({ service, image: "a:1", bytes: 5 }));
  assert.equal(imageBytes(sampleResult({ images })), 5);
});

Deno.test("a change nobody would see is called none", () => {
  const said = (changed: number) =>
    visualText(sampleRich({ visual: { before: "a", after: "b", difference: "c", changed } }));
  assert.deepEqual([0.0001, 0.0006, 0.0421, 0.4].map(said), [
    "The page looks the same before and after the upgrade",
    "Less than 0.1 % of the page's pixels changed by the upgrade",
    "4.2 % of the page's pixels changed by the upgrade",
    "40 % of the page's pixels changed by the upgrade",
  ]);
  assert.equal(visualText(sampleResult()), null);
});

Deno.test("nothing looks the same beside lost data", () => {
  const visual = { before: "a", after: "b", difference: "c", changed: 0 };
  const stages = [sampleStage({ name: "upgrade", result: "failed", cause: "data is gone" })];
  assert.equal(visualText(sampleRich({ visual, stages })), null);
});

Deno.test("each of several upgrades is told with how it ended; a single one is not told twice", () => {
  const upgrade = sampleStage({
    name: "upgrade",
    result: "failed",
    bases: [
      { version: "3.0.0+1", result: "passed", seconds: 41 },
      { version: "2.0.0+1", result: "failed", seconds: 62, cause: "data is gone" },
      { version: "1.0.0+1", result: "blocked", seconds: 0, reason: "the upgrade from 2.0.0+1" },
    ],
  });
  assert.deepEqual(runLists(sampleResult({ stages: [upgrade] })), [{
    title: "Upgraded from 3 versions",
    items: [
      "3.0.0+1: passed, 41 s",
      "2.0.0+1: failed: data is gone, 1 min 02 s",
      "1.0.0+1: blocked by the upgrade from 2.0.0+1",
    ],
  }]);
  assert.deepEqual(runLists(sampleResult({ stages: [sampleStage({ name: "upgrade" })] })), []);
});
