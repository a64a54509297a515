import assert from "node:assert/strict";
import { join } from "node:path";
import { readMaintenance } from "./maintenance.ts";
import { open } from "../testing/scenes.ts";
import { commits, repo } from "../testing/world.ts";

Deno.test("readMaintenance() reads a file's first line, and nothing where there is none", async () => {
  const folder = await Deno.makeTempDir({ prefix: "ccci-switch-" });
  try {
    const path = join(folder, "maintenance");
    assert.equal(await readMaintenance(path), null);
    await Deno.writeTextFile(path, "new disk until noon \nsecond line\n");
    assert.equal((await readMaintenance(path))?.note, "new disk until noon");
    await Deno.writeTextFile(path, "");
    assert.equal((await readMaintenance(path))?.note, "");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("under maintenance commands get one reply, what runs goes on, what waits is held and starts afterwards", async () => {
  using at = await open();
  const { world, pull } = at;
  world.gitea.say(pull, { user: "maintainer", body: "!testme" });
  const run = await world.runStarted();
  const second = world.gitea.openPull(repo, commits.second);
  world.gitea.say(second, { user: "maintainer", body: "!testme" });
  await world.until("it waits", () => world.bodies().length === 2);
  world.maintenance = { since: 1, note: "new *disk*" };
  const third = world.gitea.openPull(repo, commits.first);
  for (let times = 0; times < 2; times++) {
    world.gitea.say(third, { user: "maintainer", body: "!testme" });
    await world.seconds(4);
  }
  assert.equal(world.bodies().length, 3, "one reply");
  assert.match(
    world.bodies()[2] ?? "",
    /^🚧 Nothing was tested: cc-ci is under maintenance \(new \\\*disk\\\*\)/,
  );
  world.finish(run, "passed");
  await world.until("the first is reported", () => /✅/.test(world.bodies()[0] ?? ""));
  await world.seconds(10);
  assert.equal(world.engine.started.length, 1);
  assert.match(world.bodies()[1] ?? "", /waits for the end of maintenance/);
  world.maintenance = null;
  await world.until("the second starts", () => world.engine.started.length === 2);
  world.maintenance = { since: 2, note: "" };
  world.gitea.say(third, { user: "maintainer", body: "!testme" });
  await world.until("the next time has its reply", () => world.bodies().length === 4);
});
