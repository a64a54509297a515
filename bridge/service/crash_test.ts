import assert from "node:assert/strict";
import { sampleStage } from "../../protocol/testing/sample_result.ts";
import { commits, repo, World } from "../testing/world.ts";

/** One command from the comment to the verdict, an outsider's beside it. Effects come in the same order every time. */
async function story(world: World): Promise<void> {
  world.gitea.repos.push(repo, commits.second);
  const pull = world.gitea.openPull(repo, commits.first);
  await world.seconds(4);
  world.gitea.say(pull, { user: "outsider", body: "!testme" });
  world.gitea.say(pull, { user: "maintainer", body: "!testme" });
  const run = await world.runStarted();
  world.take(run);
  await world.until("the dashboard knows the run", () => world.dashboard.runs.has(run));
  world.dashboard.progress(run, [{ name: "install", running: true, report: null }]);
  await world.until("the stages are shown", () => world.bodies().some((body) => /install/.test(body)));
  world.dashboard.result(run, { result: "passed", stages: [sampleStage({ name: "install" })] });
  world.finish(run, "passed");
  await world.until("the verdict is there", () => world.bodies().some((body) => /✅ \*\*/.test(body)));
  await world.until("nothing is left to do", () => world.store.liveRuns().length === 0);
  await world.seconds(20);
}

function assertTold(world: World, when: string): void {
  world.assertSound();
  assert.equal(world.started().length, 1, `one run, ${when}`);
  assert.equal(
    world.bodies().length,
    2,
    `one refusal and one verdict, ${when}:\n${world.bodies().join("\n---\n")}`,
  );
  assert.equal(world.bodies().filter((body) => /^✅/.test(body)).length, 1, when);
  assert.equal([...world.dashboard.runs.values()].at(0)?.announcement.state, "passed", when);
  assert.equal(world.dashboard.runs.size, 1, when);
  assert.equal(world.gitea.repos.statuses.at(-1)?.status, "success", when);
}

for (const drone of [false, true]) {
  const title =
    "the process killed before or after any of its effects, or with one under way, loses and doubles nothing";
  Deno.test(`${title}${drone ? ", with Drone" : ""}`, async (t) => {
    const options = { drone, statuses: true };
    using plain = new World(options);
    await story(plain);
    assertTold(plain, "undisturbed");
    const kinds = new Set(plain.effects.map((effect) => effect.replace(/\/[a-z0-9]{12}-1$/, "")));
    assert.ok(
      kinds.size >= 6,
      `reaction, comment, edit, status, announcement, start: ${[...kinds].join(", ")}`,
    );
    const lines = [`${"".padEnd(100)}before  after  late`];
    for (const [effect, name] of plain.effects.entries()) {
      const point = `${effect + 1}. ${name.replace(/[a-z0-9]{12}-1$/, "RUN")}`;
      const stood: string[] = [];
      for (const when of ["before", "after", "late"] as const) {
        const ok = await t.step(`${when} ${point}`, async () => {
          using world = new World(options);
          world.killAt = { effect, when };
          await story(world);
          assert.ok(world.effects.length > effect, "the kill took place");
          assertTold(world, `killed ${when} ${name}`);
        });
        stood.push(ok ? "✓" : "✗");
      }
      lines.push(`${point.padEnd(100)}${stood.join("       ")}`);
    }
    Deno.stderr.writeSync(new TextEncoder().encode(`\n${lines.join("\n")}\n`));
  });
}

Deno.test("restarts at any second of a run lose and double nothing", async () => {
  for (let every = 1; every <= 4; every++) {
    using world = new World({ statuses: true });
    let second = 0;
    const plain = world.second.bind(world);
    world.second = async () => {
      await plain();
      if (++second % every === 0) world.restart();
    };
    await story(world);
    assertTold(world, `restarted every ${every} s`);
  }
});
