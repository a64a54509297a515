import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { badGateway, refusal, tooMany } from "./fake_answers.ts";
import type { Scenario } from "./scenarios.ts";
import { command, end, nth, watched } from "./steps.ts";
import { commits, repo } from "./world.ts";

/** What forge and machine do to the bridge. */
export const forgeScenarios: Scenario[] = [
  {
    name: "the forge answers 500 for ten minutes while the verdict is ready",
    drone: false,
    async play(world) {
      const pull = await watched(world);
      command(world, pull);
      const run = await nth(world, 1);
      world.gitea.fault = () => refusal(500);
      world.finish(run, "passed");
      await world.seconds(20);
      world.clock.pass(600);
      await world.seconds(5);
      world.gitea.fault = () => undefined;
      await end(world);
    },
    comments: ["✅"],
    starts: 1,
  },
  {
    name: "the forge says 429 and to come back in 120 s",
    drone: false,
    async play(world) {
      const pull = await watched(world);
      const posts = () =>
        world.gitea.requests.filter((one) => /^POST .*issues\/1\/comments$/.test(one)).length;
      world.gitea.fault = ({ method, path }) =>
        method === "POST" && path.endsWith("/comments") ? tooMany(120) : undefined;
      command(world, pull);
      await world.until("it was told", () => posts() > 0);
      const told = posts();
      await world.seconds(100);
      // Killed in the very call, nobody heard the answer.
      const unheard = world.killAt === null ? 0 : 1;
      assert.ok(posts() <= told + unheard, "no call before that");
      world.gitea.fault = () => undefined;
      world.finish(await nth(world, 1), "passed");
      await end(world);
    },
    comments: ["✅"],
    starts: 1,
  },
  {
    name: "the token is revoked, and its user is no member any more, for a while",
    drone: false,
    async play(world) {
      const pull = await watched(world);
      world.gitea.fault = () => refusal(401, "invalid username, password or token");
      command(world, pull);
      await world.seconds(10);
      const location = `/api/v1/orgs/${world.gitea.org}/public_members/maintainer`;
      world.gitea.fault = ({ path }) =>
        path.includes("/members/") ? new Response(null, { status: 303, headers: { location } }) : undefined;
      await world.seconds(60);
      assert.deepEqual(world.bodies(), [], "nobody is told that they are no member");
      assert.deepEqual(world.started(), []);
      world.gitea.fault = () => undefined;
      world.finish(await nth(world, 1), "passed");
      await end(world);
    },
    comments: ["✅"],
    starts: 1,
  },
  {
    name: "two hours away, five commands missed",
    drone: false,
    async play(world) {
      const pulls = [await watched(world)];
      while (pulls.length < 5) pulls.push(world.gitea.openPull(repo, commits.first));
      await world.seconds(3);
      for (const pull of pulls.toReversed()) {
        world.clock.pass(1_440);
        command(world, pull);
      }
      world.restart();
      for (let run = 1; run <= 5; run++) world.finish(await nth(world, run), "passed");
      await end(world);
      const order = world.gitea.replies().map(({ pr }) => pr);
      // A comment that was under way when the process died comes later.
      if (world.killAt === null) assert.deepEqual(order, [5, 4, 3, 2, 1], "in the order they were written");
    },
    comments: ["✅", "✅", "✅", "✅", "✅"],
    starts: 5,
  },
  ...[-300, 300].map((skew): Scenario => ({
    name: `the forge's clock ${skew < 0 ? "behind" : "ahead"} by five minutes, two commands in one second, ` +
      "60 pull requests touched at once",
    drone: false,
    async play(world) {
      world.gitea.skewMs = skew * 1000;
      const pull = await watched(world);
      const other = world.gitea.openPull(repo, commits.first);
      await world.seconds(3);
      const touched = Array.from({ length: 58 }, () => world.gitea.openPull(repo, commits.first));
      for (const one of touched) world.gitea.say(one, { user: "outsider", body: "Hello" });
      command(world, pull);
      command(world, other);
      world.finish(await nth(world, 1), "passed");
      world.finish(await nth(world, 2), "passed");
      await end(world);
    },
    comments: ["✅", "✅"],
    starts: 2,
  })),
  {
    name: "somebody rewrites our comment, then deletes it",
    drone: false,
    async play(world) {
      const pull = await watched(world);
      command(world, pull);
      const run = await nth(world, 1);
      for (const comment of world.gitea.replies()) world.gitea.edit(comment, "✅ nothing to see");
      await world.until("the dashboard knows it", () => world.dashboard.runs.has(run));
      world.dashboard.progress(run, [{ name: "fetch", running: true, report: null }]);
      await world.until("it is ours again", () => /fetch/.test(world.bodies()[0] ?? ""));
      for (const comment of world.gitea.replies()) comment.deleted = true;
      world.finish(run, "failed");
      await end(world);
    },
    comments: ["❌"],
    starts: 1,
  },
  {
    name: "two runs of one pull request have their verdicts while the forge takes none",
    drone: false,
    async play(world) {
      const pull = await watched(world);
      command(world, pull);
      const first = await nth(world, 1);
      command(world, pull);
      await world.until("the second waits", () => world.bodies().length === 2);
      world.gitea.fault = ({ method }) => method === "PATCH" ? badGateway() : undefined;
      world.finish(first, "failed");
      world.finish(await nth(world, 2), "passed");
      await world.seconds(25);
      world.gitea.fault = () => undefined;
      await end(world);
    },
    comments: ["❌", "✅"],
    starts: 2,
  },
  {
    name: "the disk with the bridge's database is full for a minute",
    drone: false,
    async play(world) {
      const pull = await watched(world);
      const tables = ["commands", "runs", "posts"];
      const full = tables.flatMap((table) =>
        ["INSERT", "UPDATE"].map((what) =>
          `CREATE TRIGGER full_${table}_${what} BEFORE ${what} ON ${table} ` +
          "BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END;"
        )
      );
      const room = tables.flatMap((table) =>
        ["INSERT", "UPDATE"].map((what) => `DROP TRIGGER full_${table}_${what};`)
      );
      const fill = (sql: string[]) => {
        using db = new DatabaseSync(world.database);
        db.exec(sql.join("\n"));
      };
      for (const when of ["before anything is noted", "in the middle of the run"] as const) {
        if (when === "before anything is noted") command(world, pull);
        else world.finish(await nth(world, 1), "passed");
        fill(full);
        for (let second = 0; second < 30; second++) await world.second().catch(isFull);
        fill(room);
      }
      await end(world);
    },
    comments: ["✅"],
    starts: 1,
  },
  {
    name: "the fork of a pull request is deleted, and the forge leaves the pull request open",
    drone: false,
    async play(world) {
      const pull = await watched(world);
      pull.forkGone = true;
      command(world, pull);
      world.finish(await nth(world, 1), "passed");
      await end(world);
    },
    comments: ["✅"],
    starts: 1,
  },
];

function isFull(error: unknown): void {
  assert.match(String(error), /disk is full/);
}
