import assert from "node:assert/strict";
import type { Progress } from "../host/progress.ts";
import { fromRegistry, listedMirrors, type Registry, settingsMirrors } from "./registry.ts";

/** Notes each step with how it ended. */
function notedProgress(): Progress & { lines: string[] } {
  const lines: string[] = [];
  return {
    lines,
    note: (text) => void lines.push(text),
    step: (title) => ({
      update() {},
      done: (note) => void lines.push(note === undefined ? title : `${title}: ${note}`),
      fail: (cause) => void lines.push(`${title} failed: ${cause}`),
    }),
  };
}

function registryThat(answers: boolean): Registry {
  return {
    answers: () => Promise.resolve(answers),
    pull: () => Promise.resolve(),
    files: () => Promise.resolve(),
  };
}

Deno.test("a part comes from the registry, and not a word is said where none answers", async () => {
  const progress = notedProgress();
  const { signal } = new AbortController();
  const got: string[] = [];
  const get = (registry: Registry) =>
    fromRegistry({ name: "Traefik", work: () => Promise.resolve(void got.push("once")) }, {
      progress,
      signal,
      registry,
    });
  assert.equal(await get(registryThat(false)), false);
  assert.deepEqual([got, progress.lines], [[], []]);
  assert.equal(await get(registryThat(true)), true);
  assert.deepEqual([got, progress.lines], [["once"], ["Pull Traefik"]]);
});

Deno.test("what a registry does not give is made here, and one line says why", async () => {
  const progress = notedProgress();
  const work = () => Promise.reject(new Error('Could not pull "traefik:v3": toomanyrequests:\n  slow down'));
  const options = { progress, signal: new AbortController().signal, registry: registryThat(true) };
  assert.equal(await fromRegistry({ name: "Traefik", work }, options), false);
  assert.deepEqual(progress.lines, [
    'Pull Traefik: not to be had, so it is made here: Could not pull "traefik:v3": toomanyrequests: slow down',
  ]);
});

Deno.test("nothing is made in the place of a pull that Ctrl-C ended", async () => {
  const interrupted = new Error("Ctrl-C");
  const options = {
    progress: notedProgress(),
    signal: AbortSignal.abort(interrupted),
    registry: registryThat(true),
  };
  const work = () => Promise.reject(new Error("ended"));
  await assert.rejects(fromRegistry({ name: "Traefik", work }, options), interrupted);
});

Deno.test("mirrors are those that the engine names, or its settings where none runs", () => {
  const mirror = "http://127.0.0.1:5000/";
  assert.deepEqual(listedMirrors(`["${mirror}"]\n`), [mirror]);
  assert.deepEqual(settingsMirrors(`{"debug":true,"registry-mirrors":["${mirror}"]}`), [mirror]);
  for (const text of ["", "null", "[]", '["no address"]']) assert.deepEqual(listedMirrors(text), []);
  for (const text of ["", "{", "{}", '{"registry-mirrors":"x"}']) assert.deepEqual(settingsMirrors(text), []);
});
