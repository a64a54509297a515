import assert from "node:assert/strict";
import { HostError } from "../errors.ts";
import { join } from "node:path";
import { holdRuns, waitForRuns } from "./drain.ts";

const nothingRuns = { runs: "/nonexistent/runs" };
const { signal } = new AbortController();

Deno.test("runs are waited for wherever they go on, and builds that no runner has taken", async () => {
  const said: string[] = [];
  const wait = (builds: () => Promise<number[]>) =>
    waitForRuns(nothingRuns, { ms: 0, builds, log: (line) => void said.push(line), signal });
  await wait(() => Promise.resolve([]));
  await assert.rejects(wait(() => Promise.resolve([12, 13])), (error: HostError) => {
    assert.equal(error.message, "Runs go on, as far as can be seen: build 12 of Drone, build 13 of Drone");
    return error.outcome === "not yet";
  });
  const away = new HostError("not yet", "Drone does not answer", { hint: "Look at its log." });
  await assert.rejects(wait(() => Promise.reject(away)), {
    message: "Runs go on, as far as can be seen: what is not known: Drone does not answer",
  });
});

Deno.test("the bridge may read why runs are held back, whatever the caller keeps from others", async () => {
  const state = await Deno.makeTempDir();
  const before = Deno.umask(0o077);
  try {
    await holdRuns(state, "The disk is changed");
    assert.equal(((await Deno.stat(join(state, "maintenance"))).mode ?? 0) & 0o777, 0o644);
  } finally {
    Deno.umask(before);
    await Deno.remove(state, { recursive: true });
  }
});
