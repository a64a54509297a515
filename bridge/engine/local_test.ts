import assert from "node:assert/strict";
import { join } from "node:path";
import { exec } from "../../common/exec.ts";
import { waitFor } from "../../common/time.ts";
import type { RunParams } from "../../protocol/params.ts";
import { LocalEngine } from "./local.ts";

const params: RunParams = {
  RECIPE: "custom-html",
  REF: "a".repeat(40),
  PR: "1",
  SRC: "recipe-maintainers/custom-html",
  RUN: "abcdef012345-1",
};

/** That a run's keeper has ended may be heard of in the next test only. */
const outlives = { sanitizeOps: false, sanitizeResources: false };

/** An engine whose harness is a few lines of shell; `$GATE` is a named pipe that holds it until the test lets go. */
async function scene(harness: string, env: Record<string, string> = {}) {
  const folder = await Deno.makeTempDir({ prefix: "ccci-engine-" });
  const gate = join(folder, "gate");
  await new Deno.Command("mkfifo", { args: [gate] }).output();
  const options = {
    folder: join(folder, "runs"),
    command: ["sh", "-c", harness],
    env: { PATH: Deno.env.get("PATH") ?? "", GATE: gate, FOLDER: folder, ...env },
  };
  const engine = new LocalEngine(options);
  return {
    engine,
    folder,
    again: () => new LocalEngine(options),
    open: () => Deno.writeTextFile(gate, "go\n"),
    ended: () =>
      waitFor(async () => {
        const state = await engine.state(params.RUN);
        return state.kind === "running" ? undefined : state;
      }, { what: "the run to end", timeoutMs: 60_000, everyMs: 10 }),
    pid: async () => Number(await Deno.readTextFile(join(folder, "runs", params.RUN, "pid"))),
    async [Symbol.asyncDispose]() {
      // Keepers that came too late for their run look for it once more before they end, and would write in between.
      await waitFor(async () => (await exec(["pgrep", "-f", folder])).code === 1, {
        what: "every keeper to end",
        timeoutMs: 60_000,
        everyMs: 20,
      });
      await Deno.remove(folder, { recursive: true });
    },
  };
}

const hold = 'read line <"$GATE"';

for (
  const [code, outcome] of [[0, "passed"], [1, "failed"], [3, "infra"], [4, "cancelled"], [
    5,
    "timed_out",
  ]] as const
) {
  Deno.test(`LocalEngine takes exit code ${code} for ${outcome}`, outlives, async () => {
    await using at = await scene(`exit ${code}`);
    assert.deepEqual(await at.engine.start(params), { ok: true });
    assert.deepEqual(await at.ended(), { kind: "ended", outcome, cause: null });
  });
}

Deno.test("LocalEngine never takes an exit code that is no verdict for the recipe's", outlives, async () => {
  for (const code of [2, 78, 137]) {
    await using at = await scene(`exit ${code}`);
    await at.engine.start(params);
    const state = await at.ended();
    assert.ok(state.kind === "ended" && state.outcome === "infra" && state.cause !== null, `${code}`);
  }
});

Deno.test(
  "LocalEngine starts a run once, however often and from wherever it is asked",
  outlives,
  async () => {
    await using at = await scene(`echo started >>"$FOLDER/starts"; ${hold}`);
    assert.equal((await at.engine.state(params.RUN)).kind, "unknown");
    const answers = await Promise.all([
      at.engine.start(params),
      at.again().start(params),
      at.again().start(params),
    ]);
    assert.deepEqual(answers, [{ ok: true }, { ok: true }, { ok: true }]);
    assert.equal((await at.again().state(params.RUN)).kind, "running");
    await at.open();
    assert.equal((await at.ended()).kind, "ended");
    assert.deepEqual(await at.again().start(params), { ok: true });
    assert.equal(await Deno.readTextFile(join(at.folder, "starts")), "started\n");
  },
);

Deno.test(
  "LocalEngine hands over the parameters and settings, and nothing else of its environment",
  outlives,
  async () => {
    await using at = await scene('env >"$FOLDER/env"', { CCCI_RUNS: "/runs" });
    await at.engine.start(params);
    await at.ended();
    const seen = (await Deno.readTextFile(join(at.folder, "env"))).trim().split("\n").map((line) =>
      line.split("=")[0]
    );
    const wanted = ["CCCI_RUNS", "FOLDER", "GATE", "PATH", ...Object.keys(params)];
    assert.deepEqual(
      seen.filter((name) => !["PWD", "SHLVL", "_", "OLDPWD"].includes(name ?? "")).sort(),
      wanted.sort(),
    );
  },
);

Deno.test("LocalEngine cancels a run by a signal that the harness may answer", outlives, async () => {
  await using at = await scene(
    `trap 'exit 4' TERM; touch "$FOLDER/ready"; while :; do read -r line <"$GATE"; done`,
  );
  await at.engine.start(params);
  await waitFor(() => Deno.stat(join(at.folder, "ready")).then(() => true, () => undefined), {
    what: "the harness to listen",
    timeoutMs: 60_000,
    everyMs: 10,
  });
  await at.again().cancel(params.RUN);
  assert.deepEqual(await at.ended(), { kind: "ended", outcome: "cancelled", cause: null });
});

Deno.test(
  "LocalEngine reports a run as lost whose process was killed, and ends its harness",
  outlives,
  async () => {
    await using at = await scene(`trap 'touch "$FOLDER/told"; exit 4' TERM; touch "$FOLDER/ready"; ${hold}`);
    await at.engine.start(params);
    await waitFor(() => Deno.stat(join(at.folder, "ready")).then(() => true, () => undefined), {
      what: "the harness to listen",
      timeoutMs: 60_000,
      everyMs: 10,
    });
    Deno.kill(await at.pid(), "SIGKILL");
    assert.equal((await at.ended()).kind, "lost");
    await waitFor(() => Deno.stat(join(at.folder, "told")).then(() => true, () => undefined), {
      what: "the harness to be told",
      timeoutMs: 60_000,
      everyMs: 10,
    });
    assert.deepEqual(
      await at.engine.start(params),
      { ok: true },
      "and does not run it again under the same name",
    );
    assert.equal((await at.engine.state(params.RUN)).kind, "lost");
  },
);

Deno.test("LocalEngine says why it cannot start", outlives, async () => {
  await using at = await scene("exit 0", { PATH: "/nonexistent" });
  const broken = new LocalEngine({ folder: join(at.folder, "gate", "x"), command: ["true"], env: {} });
  const answer = await broken.start(params);
  assert.ok(!answer.ok && /Could not start the harness/.test(answer.message));
});

Deno.test("LocalEngine refuses parameters that are not of the agreed form", outlives, async () => {
  await using at = await scene("exit 0");
  const answer = await at.engine.start({ ...params, RECIPE: "../x" });
  assert.equal(answer.ok, false);
});

Deno.test("LocalEngine forgets runs that ended long ago, and none that runs", outlives, async () => {
  await using at = await scene(hold);
  await at.engine.start(params);
  await at.engine.forget(Date.now() + 60_000);
  assert.equal((await at.engine.state(params.RUN)).kind, "running");
  await at.open();
  await at.ended();
  await at.engine.forget(Date.now() - 60_000);
  assert.equal((await at.engine.state(params.RUN)).kind, "ended");
  await waitFor(async () => {
    await at.engine.forget(Date.now() + 60_000);
    return (await at.engine.state(params.RUN)).kind === "unknown";
  }, { what: "the run's keeper to end", timeoutMs: 60_000, everyMs: 20 });
});
