import assert from "node:assert/strict";
import { type Clock, systemClock, waitFor } from "../common/time.ts";
import type { DroneEngine } from "../bridge/engine/drone.ts";
import type { EngineState } from "../bridge/engine/engine.ts";
import { DroneLab } from "./drone_lab.ts";
import { onRealServices } from "./scene.ts";

/** A pipeline for our builds that runs these commands. */
const pipeline = (step: string, event = "custom") =>
  `kind: pipeline
type: exec
name: recipe-ci
clone:
  disable: true
trigger:
  event: [ ${event} ]
steps:
  - name: run
${step}
`;

let lab: DroneLab;
/** Drone takes 45 s to say that there is no pipeline, so the test asks this first and reads the answer last. */
let withoutPipeline: ReturnType<DroneEngine["start"]>;

Deno.test.beforeAll(async () => {
  lab = await DroneLab.open();
  withoutPipeline = lab.engine({ commit: await lab.emptyCommit() }).start(lab.params("exit-0"));
});
Deno.test.afterAll(async () => await lab[Symbol.asyncDispose]());

/** The system's clock, set forward. */
function clockAhead(ms: number): Clock {
  return { ...systemClock, now: () => systemClock.now() + ms };
}

async function until(what: string, holds: () => Promise<boolean>, timeoutMs = 120_000): Promise<void> {
  await waitFor(holds, { what, timeoutMs, everyMs: 50 });
}

/** The state of a run once it neither waits nor runs. */
function settled(engine: DroneEngine, run: string): Promise<EngineState> {
  return waitFor(async () => {
    const state = await engine.state(run);
    return ["waiting", "running", "away"].includes(state.kind) ? undefined : state;
  }, { what: `the end of run ${run}`, timeoutMs: 180_000, everyMs: 50 });
}

/** Starts a run whose harness goes on until it is let go. */
async function holding(engine: DroneEngine): Promise<string> {
  const params = lab.params("hold");
  assert.deepEqual(await engine.start(params), { ok: true });
  await lab.note(params.RUN, "pid");
  await until("Drone to say that it runs", async () => (await engine.state(params.RUN)).kind === "running");
  return params.RUN;
}

const passed = { kind: "ended", outcome: "passed", cause: null };

onRealServices("the harness gets the five parameters and nothing else of the bridge's", async () => {
  const engine = lab.engine();
  const params = lab.params("exit-0");
  assert.deepEqual(await engine.problems(), []);
  assert.deepEqual(await engine.state(params.RUN), { kind: "unknown" });
  assert.deepEqual(await engine.start(params), { ok: true });
  assert.deepEqual(await settled(engine, params.RUN), passed);
  const [build, ...others] = await lab.builds(params.RUN);
  assert.deepEqual(others, []);
  assert.deepEqual(build?.params, params);
  assert.deepEqual([build?.event, build?.after], ["custom", lab.commit]);
  const lines = (await lab.note(params.RUN, "env")).split("\n");
  for (const [name, value] of Object.entries(params)) assert.ok(lines.includes(`${name}=${value}`), name);
});

onRealServices("each exit code of the harness is told as what it means", async () => {
  const engine = lab.engine();
  const codes = { 1: "failed", 3: "infra", 4: "cancelled", 5: "timed_out", 78: "infra" };
  for (const [code, outcome] of Object.entries(codes)) {
    const params = lab.params(`exit-${code}`);
    await engine.start(params);
    const state = await settled(engine, params.RUN);
    assert.equal(state.kind === "ended" && state.outcome, outcome, `exit code ${code}`);
  }
});

onRealServices("the pipeline is the pinned commit's, whatever was pushed since", async () => {
  const since = await lab.push(pipeline("    commands: [ exit 1 ]"));
  assert.notEqual(since, lab.commit);
  const engine = lab.engine();
  const params = lab.params("exit-0");
  await engine.start(params);
  assert.deepEqual(await settled(engine, params.RUN), passed);
});

onRealServices(
  "a repository that is not the pipelines' has nothing run on the host, whoever owns it",
  async () => {
    const proof = await Deno.makeTempFile();
    const builds = await lab.anotherRepository("another", pipeline(`    commands: [ rm ${proof} ]`));
    assert.deepEqual(await lab.built(builds), {
      status: "error",
      errors: ["insufficient permission to run the pipeline"],
    });
    await Deno.remove(proof);
  },
);

onRealServices("nobody logs in to Drone except the owner of the pipelines", async () => {
  await assert.rejects(lab.logIn(await lab.stranger("stranger")), /it answered 401 without a token/);
});

onRealServices("an answer that was lost is looked up before anything is sent again", async () => {
  let posts = 0;
  const loses: typeof fetch = async (input, init) => {
    const response = await fetch(input, init);
    if (init?.method !== "POST") return response;
    posts++;
    await response.body?.cancel();
    throw new TypeError("Connection reset");
  };
  const engine = lab.engine({ fetch: loses });
  const params = lab.params("exit-0");
  assert.equal((await engine.start(params)).ok, false);
  assert.deepEqual(await engine.start(params), { ok: true });
  assert.deepEqual(await lab.engine().start(params), { ok: true }, "nor does a bridge started anew");
  assert.equal(posts, 1);
  assert.equal((await lab.builds(params.RUN)).length, 1);
  assert.deepEqual(await settled(engine, params.RUN), passed);
});

onRealServices("what Drone does not run is CI trouble, said in words", async () => {
  const start = async (commit: string) => {
    const engine = lab.engine({ commit });
    const params = lab.params("exit-0");
    const answer = await engine.start(params);
    return { engine, run: params.RUN, said: answer.ok ? "started" : answer.message };
  };
  const foreign = await start(await lab.push(pipeline("    commands: [ 'true' ]", "push")));
  assert.match(foreign.said, /no pipeline for event "custom"/);
  assert.match((await start("e".repeat(40))).said, /did not find the repository, branch or commit/);
  const bad = await start(await lab.push("kind: pipeline\n  type: [exec\n"));
  const error = await settled(bad.engine, bad.run);
  assert.ok(
    error.kind === "ended" && error.outcome === "infra" && /yaml/.test(error.cause ?? ""),
    error.kind,
  );
  const idle = await start(await lab.push(pipeline("    environment: { A: b }")));
  const nothing = await settled(idle.engine, idle.run);
  assert.deepEqual(
    nothing,
    passed,
    "Drone's word alone: the bridge believes no pass of a harness it never heard",
  );
});

onRealServices(
  "one run at a time: another waits, and one cancelled while it waits never begins",
  async () => {
    const engine = lab.engine();
    const first = await holding(engine);
    const [second, third] = [lab.params("hold"), lab.params("exit-0")];
    for (const params of [second, third]) assert.deepEqual(await engine.start(params), { ok: true });
    assert.deepEqual(await engine.state(second.RUN), { kind: "waiting" });
    await engine.cancel(second.RUN);
    assert.deepEqual(await engine.state(second.RUN), { kind: "ended", outcome: "cancelled", cause: null });
    await lab.letGo(first);
    assert.deepEqual(await settled(engine, first), passed);
    assert.deepEqual(await settled(engine, third.RUN), passed);
    assert.equal(await lab.began(second.RUN), false);
  },
);

onRealServices(
  "two runners take two runs at a time; one with labels takes those alone whose pipeline names exactly these",
  async () => {
    const engine = lab.engine();
    await using _labelled = await lab.anotherRunner({ name: "labelled", labels: { pool: "second" } });
    const first = await holding(engine);
    const second = lab.params("hold");
    assert.deepEqual(await engine.start(second), { ok: true });
    assert.equal(await lab.began(second.RUN), false);
    await using _other = await lab.anotherRunner({ name: "other" });
    await lab.note(second.RUN, "pid");
    for (const run of [first, second.RUN]) {
      await until(`run ${run} to go on`, async () => (await engine.state(run)).kind === "running");
    }
    assert.deepEqual([await lab.runnersOf(first), await lab.runnersOf(second.RUN)], [["local"], ["other"]]);

    const text = await Deno.readTextFile(new URL("../.drone.yml", import.meta.url));
    const chosen = await lab.push(`node: { pool: second }\n${pipeline("    commands: [ 'true' ]")}`);
    assert.doesNotMatch(text, /^node:/m, "the project's pipeline is for runners without labels");
    const third = lab.params("exit-0");
    const byLabel = lab.engine({ commit: chosen });
    await byLabel.start(third);
    assert.deepEqual(await settled(byLabel, third.RUN), passed);
    assert.deepEqual(await lab.runnersOf(third.RUN), ["labelled"]);
    for (const run of [first, second.RUN]) {
      await lab.letGo(run);
      assert.deepEqual(await settled(engine, run), passed);
    }
  },
);

onRealServices("a cancel is left to the dashboard first; Drone's own tells the harness to end", async () => {
  const soon = lab.engine();
  const run = await holding(soon);
  await soon.cancel(run);
  assert.deepEqual(await soon.state(run), { kind: "running" }, "nothing is killed in the first minute");
  let ahead = 0;
  const engine = lab.engine({ clock: { ...systemClock, now: () => systemClock.now() + ahead } });
  await engine.cancel(run);
  ahead = 61_000;
  await engine.cancel(run);
  assert.deepEqual(await engine.state(run), { kind: "ended", outcome: "cancelled", cause: null });
  await lab.note(run, "told");
  const by = await lab.engine().state(run);
  assert.ok(
    by.kind === "ended" && by.cause === "The build was cancelled in Drone",
    "seen by who did not ask",
  );
});

onRealServices(
  "a runner that is told to end takes no more builds, and waits for the one it has",
  async () => {
    const engine = lab.engine();
    const run = await holding(engine);
    lab.tellRunner("SIGTERM");
    const next = lab.params("exit-0");
    assert.deepEqual(await engine.start(next), { ok: true });
    await lab.letGo(run);
    assert.deepEqual(await settled(engine, run), passed);
    await until("the runner to end", () => Promise.resolve(!lab.runnerRuns()));
    assert.equal(await lab.began(next.RUN), false);
    await lab.startRunner();
    assert.deepEqual(await settled(engine, next.RUN), passed);
  },
);

onRealServices(
  "what a dead runner left says it runs for ever; it is cleared, and the next run runs",
  async () => {
    const engine = lab.engine();
    const run = await holding(engine);
    await lab.killRunner();
    await lab.letGo(run);
    await lab.startRunner();
    assert.deepEqual(await engine.state(run), { kind: "running" });
    const hour = await lab.engine({ clock: clockAhead(66 * 60_000) }).state(run);
    assert.equal(hour.kind, "lost", "not beyond Drone's own limit");
    await engine.cancel(run, { gone: true });
    const [build] = await lab.builds(run);
    assert.equal(build?.status, "killed");
    const next = lab.params("exit-0");
    await engine.start(next);
    assert.deepEqual(await settled(engine, next.RUN), passed);
  },
);

onRealServices("a stage that its runner took and never started is lost after a while", async () => {
  // An empty value below "environment:" ends the runner.
  const commit = await lab.push(pipeline("    commands: [ 'true' ]\n    environment:\n      A:"));
  const engine = lab.engine({ commit });
  const params = lab.params("exit-0");
  await engine.start(params);
  await until("the runner to be gone", () => Promise.resolve(!lab.runnerRuns()));
  await lab.startRunner();
  assert.deepEqual(await engine.state(params.RUN), { kind: "waiting" });
  const later = lab.engine({ commit, clock: clockAhead(91_000) });
  assert.deepEqual(await later.state(params.RUN), {
    kind: "lost",
    cause: 'The runner on "local" took the run and disappeared',
  });
  await later.cancel(params.RUN);
  assert.equal((await lab.builds(params.RUN))[0]?.status, "killed");
});

onRealServices("settings of Drone that would harm are named", async () => {
  const engine = lab.engine();
  await lab.ask("PATCH", "", { timeout: 30, ignore_pull_requests: false });
  const problems = await engine.problems();
  assert.equal(problems.length, 2);
  assert.match(problems.join("\n"), /is 30 min: set it to 60 as Drone's admin/);
  await lab.ask("PATCH", "", { timeout: 60, ignore_pull_requests: true });
  assert.deepEqual(await engine.problems(), []);
});

onRealServices("Drone says after 45 s that there is no pipeline, and is waited for", async () => {
  const answer = await withoutPipeline;
  assert.match(answer.ok ? "started" : answer.message, /is there a "\.drone\.yml" at the pinned commit/);
});

onRealServices(
  "where an organisation owns the pipelines, its members log in to Drone and nobody else",
  async () => {
    const member = await lab.stranger("member");
    await lab.organisation("pipelines", member);
    await lab.startServer("pipelines");
    assert.notEqual(await lab.logIn(member), "");
    await assert.rejects(lab.logIn(await lab.stranger("outsider")), /it answered 401 without a token/);
    assert.deepEqual(await lab.engine().problems(), [], "the bridge's account is asked for no membership");
    await lab.startServer();
  },
);

onRealServices("Drone's server goes and comes back in the middle of a run, and nothing is lost", async () => {
  const engine = lab.engine();
  const run = await holding(engine);
  await lab.stopServer();
  assert.equal((await engine.state(run)).kind, "away");
  assert.equal((await engine.start(lab.params("exit-0"))).ok, false);
  await lab.startServer();
  assert.deepEqual(await lab.engine().state(run), { kind: "running" });
  await lab.letGo(run);
  assert.deepEqual(await settled(engine, run), passed);
});
