import assert from "node:assert/strict";
import { createProgress, inStep, silentProgress } from "./progress.ts";

function record(tty: boolean) {
  let written = "";
  let time = 0;
  const progress = createProgress({
    write: (text) => written += text,
    tty,
    columns: () => 40,
    now: () => time,
  });
  return { progress, text: () => written, pass: (ms: number) => time += ms };
}

Deno.test("without a terminal a step is one line at its end, with note and time", () => {
  const { progress, text, pass } = record(false);
  const step = progress.step("Gitea");
  pass(2_500);
  step.done("already running");
  assert.equal(text(), "✓ Gitea: already running (2.5 s)\n");
});

Deno.test("without a terminal a long step says now and then what it is doing, and not more often", () => {
  const { progress, text, pass } = record(false);
  const step = progress.step("Traefik");
  step.update("downloading");
  pass(25_000);
  step.update("compiling");
  step.update("linking");
  step.done();
  assert.equal(text(), "… Traefik: compiling (25 s)\n✓ Traefik (25 s)\n");
});

Deno.test("a failed step says why", () => {
  const { progress, text } = record(false);
  progress.step("Swarm").fail(new Error("no such node", { cause: new Error("refused") }));
  assert.equal(text(), "✗ Swarm: no such node: refused\n");
});

Deno.test("on a terminal open steps stay below what is finished, cut to its width", () => {
  const { progress, text } = record(true);
  const long = progress.step("Traefik");
  long.update("a sentence that is much too long for this terminal to show");
  const quick = progress.step("Gitea");
  quick.done();
  long.done();
  const shown = text();
  const frames = shown.split("\r\x1b[J");
  const last = frames.at(-2) ?? "";
  assert.match(last, /✓.*Gitea/, "the finished line comes first");
  assert.match(last, /Traefik: a sentence/, "the open one is drawn again below it");
  // deno-lint-ignore no-control-regex
  const lines = last.replaceAll(/\x1b\[[0-9;]*[A-Za-z]/g, "").split("\n");
  assert.ok(lines.every((line) => line.length <= 40), "no line may wrap");
});

Deno.test("inStep() ends the step once, whoever ends it", async () => {
  const { progress, text } = record(false);
  assert.equal(await inStep(progress, "A", (step) => Promise.resolve(step.done("there"))), undefined);
  await inStep(progress, "B", () => Promise.resolve());
  await assert.rejects(inStep(progress, "C", () => Promise.reject(new Error("broken"))), /broken/);
  assert.equal(text(), "✓ A: there (0.0 s)\n✓ B (0.0 s)\n✗ C: broken\n");
});

Deno.test("the silent progress takes everything", async () => {
  assert.equal(await inStep(silentProgress, "A", () => Promise.resolve(3)), 3);
});
