import assert from "node:assert/strict";
import { refusal, tooMany } from "../testing/fake_answers.ts";
import { open } from "../testing/scenes.ts";
import { command } from "../testing/steps.ts";
import { commits, repo } from "../testing/world.ts";

Deno.test("while everything is limited, twenty waiting commands make a call or two in that time, not each its own", async () => {
  using at = await open();
  const { world, pull } = at;
  const pulls = [pull, ...Array.from({ length: 19 }, () => world.gitea.openPull(repo, commits.first))];
  await world.seconds(3);
  for (const one of pulls) command(world, one);
  const isPoll = (path: string) => /issues\/(search|\d+\/comments)$/.test(path);
  let asked = 0;
  world.gitea.fault = ({ path }) => isPoll(path) || ++asked < 0 ? undefined : tooMany(120);
  await world.seconds(100);
  assert.ok(asked <= 3, `${asked} calls`);
  world.gitea.fault = () => undefined;
  await world.until("all are answered", () => world.bodies().length === 20);
});

Deno.test("a limit on one repository's comments holds no other repository's", async () => {
  using at = await open();
  const { world, pull } = at;
  const other = "recipe-maintainers/other";
  world.recipes.set(other, "other");
  const theirs = world.gitea.openPull(other, commits.first);
  await world.seconds(3);
  world.gitea.fault = ({ method, path }) =>
    method === "POST" && path === `/repos/${repo}/issues/1/comments` ? tooMany(3_600) : undefined;
  command(world, pull);
  await world.seconds(3);
  command(world, theirs);
  await world.until("theirs is answered", () => world.gitea.replies().some((one) => one.repo === other));
});

Deno.test("a command that cannot be decided is looked at less and less often, and once a minute in the end", async () => {
  using at = await open();
  const { world, pull } = at;
  const asked: number[] = [];
  world.gitea.fault = ({ path }) =>
    path.includes("/members/") && asked.push(world.clock.now()) > 0 ? refusal(403, "forbidden") : undefined;
  command(world, pull);
  await world.seconds(250);
  const waits = asked.slice(1).map((time, turn) => (time - (asked[turn] ?? 0)) / 1000);
  assert.deepEqual(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
  world.gitea.fault = () => undefined;
  await world.until("it is answered", () => world.bodies().length === 1);
});
