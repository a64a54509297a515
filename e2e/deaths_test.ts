import assert from "node:assert/strict";
import { basename, join } from "node:path";
import { exists } from "../common/files.ts";
import { waitFor } from "../common/time.ts";
import { RunFolder, runFolders } from "../harness/run/folder.ts";
import { makeRecipe } from "./fixture_recipe.ts";
import { HARNESS, HarnessRun, janitor, sigkill } from "./harness_cli.ts";
import { objectsOf } from "./inventory.ts";
import { onTheStack } from "./on_the_stack.ts";
import { assertEnd, deployed, deployedIn, processesGone, start } from "./quick_run.ts";
import { deployWitness } from "./witness.ts";

onTheStack("SIGTERM cancels a run and cleans up", async (bench) => {
  await using run = await start(bench);
  await deployed(run);
  Deno.kill(run.pid, "SIGTERM");
  assertEnd(await run.ended, { code: 4, result: "cancelled", cause: /SIGTERM/ });
});

onTheStack("SIGKILL of what started the run, as Drone does it, cancels it", async (bench) => {
  const { stack, folder, runs } = bench;
  const path = await makeRecipe(join(folder, "quick"));
  const harness = [...HARNESS, "run-recipe", path];
  const script = 'setpriv --pdeathsig TERM -- "$@" 2>&1; exit $?';
  const shell = new Deno.Command("sh", {
    args: ["-c", script, "step", ...harness],
    cwd: new URL("..", import.meta.url).pathname,
    env: { ...stack.env, CCCI_RUNS: runs },
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  let run: string;
  try {
    run = await waitFor(async () => (await runFolders(runs))[0]?.path, {
      what: "the run folder",
      timeoutMs: 120_000,
    });
    await deployedIn(run);
  } finally {
    // Also when the test has failed: the run must not go on when its folder goes. It may be over already.
    await sigkill(shell.pid).catch(() => {});
    await shell.status;
  }
  await processesGone(run);
  const result = JSON.parse(await Deno.readTextFile(new RunFolder(run).result));
  assert.equal(result.result, "cancelled", result.cause);
});

/** Within this time a run of which a process was killed has ended, and nothing of it is left. */
const CLEAN_MS = 60_000;

for (const [victim, result] of [["front", "cancelled"], ["keeper", "infra"], ["worker", "infra"]] as const) {
  onTheStack(
    `SIGKILL of the ${victim} of "./cc-ci run-recipe" ends the run within a minute`,
    async (bench) => {
      await using run = await start(bench, { byLauncher: true });
      await deployed(run);
      const folder = new RunFolder(await run.folder());
      await sigkill(victim === "front" ? run.pid : await run.process(victim));
      await waitFor(async () => await folder.state() === "clean" && await exists(folder.result), {
        what: "the run to clean up after itself",
        timeoutMs: CLEAN_MS,
      });
      assert.deepEqual(await objectsOf(folder.path), []);
      assert.equal(JSON.parse(await Deno.readTextFile(folder.result)).result, result);
      await processesGone(folder.path);
      assert.equal((await run.ended).code, victim === "front" ? 137 : 3);
    },
  );
}

onTheStack(
  "the janitor removes what a dead run left, and neither a live run's nor a stranger's things",
  async (bench) => {
    const { stack, runs, folder } = bench;
    await using _witness = await deployWitness();
    // It died in another folder of runs and is moved here, since no two runs work in one folder at a time.
    const elsewhere = join(folder, "elsewhere");
    const recipe = await makeRecipe(join(folder, "dead", "quick"));
    await using dead = new HarnessRun(stack, { runs: elsewhere, args: [recipe] });
    await deployed(dead);
    const there = await dead.folder();
    // Whichever process outlives the other would clean up.
    const keeper = await dead.process("keeper");
    Deno.kill(keeper, "SIGSTOP");
    await sigkill(dead.pid);
    await sigkill(keeper);
    await dead.ended;
    await processesGone(there);
    // Started last: it has to be up for as long as the janitor looks around.
    await using live = await start(bench);
    await deployed(live);
    const alive = await live.folder();
    const path = join(runs, basename(there));
    await Deno.rename(there, path);
    const remains = await objectsOf(path);
    assert.notDeepEqual(remains, [], "there must be something to remove");

    const looked = await janitor(bench, { args: ["--dry-run"] });
    assert.equal(looked.code, 0, looked.stderr);
    assert.match(looked.stdout, /Would clean up after 1 run and 0 stacks/);
    // Swarm goes on starting what the dead run asked for, so that there may be more than there was.
    const kept = await objectsOf(path);
    assert.deepEqual(remains.filter((object) => !kept.includes(object)), [], "a dry run removes nothing");
    const living = await objectsOf(alive);
    const done = await janitor(bench);
    assert.equal(done.code, 0, done.stderr);
    assert.match(done.stdout, /Cleaned up after 1 run and 0 stacks; 0 things could not be removed/);
    assert.deepEqual(await objectsOf(path), []);
    assert.ok(living.length > 0, "the other run was up meanwhile");
    const ended = await live.ended;
    assert.equal(ended.code, 0, ended.stderr);
  },
);
