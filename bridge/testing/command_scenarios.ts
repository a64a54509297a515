import assert from "node:assert/strict";
import { sampleStage } from "../../protocol/testing/sample_result.ts";
import { webhookRoutes } from "../service/webhook.ts";
import { createHmac } from "node:crypto";
import type { Scenario } from "./scenarios.ts";
import { another, command, end, nth, watched } from "./steps.ts";
import { commits, repo } from "./world.ts";

const secret = "a secret nobody guesses";

/** What people do that the bridge must not take amiss, or not at its word. */
export const commandScenarios: Scenario[] = [
  {
    name: "a force push takes the commit away while its run waits",
    drone: false,
    async play(world) {
      const pull = await watched(world);
      const { run } = await another(world);
      command(world, pull);
      await world.until("it waits", () => world.bodies().length === 2);
      world.gitea.push(pull, commits.second);
      world.finish(run, "passed");
      await end(world);
    },
    comments: ["✅", "⏹️"],
    starts: 1,
  },
  {
    name: "a push while the run runs",
    drone: false,
    async play(world) {
      const pull = await watched(world);
      command(world, pull);
      const run = await nth(world, 1);
      world.gitea.push(pull, commits.second);
      await world.seconds(65);
      world.finish(run, "passed");
      await end(world);
    },
    comments: ["✅"],
    starts: 1,
  },
  {
    name: "a command that comes into a comment by an edit",
    drone: false,
    async play(world) {
      const pull = await watched(world);
      const comment = world.gitea.say(pull, { user: "maintainer", body: "Looks good" });
      await world.seconds(3);
      world.gitea.edit(comment, "!testme");
      await world.rung({ repo, pr: pull.number });
      await world.until("it is refused", () => world.bodies().length === 1);
      world.gitea.edit(comment, "!testme cancel");
      await world.rung({ repo, pr: pull.number });
      await end(world);
    },
    comments: ["🚫"],
    starts: 0,
  },
  {
    name: "commands in fences, quotes, code, links, headings, our own footer and 60 kB of text",
    drone: false,
    async play(world) {
      const pull = await watched(world);
      const hidden = [
        "```\n!testme\n```",
        "> !testme",
        "`!testme` is how it is started",
        "[!testme](https://x.example)",
        "# !testme",
        "<!-- !testme -->",
        `${"word ".repeat(12_000)}!testme`,
      ];
      for (const body of hidden) command(world, pull, body);
      world.gitea.say(pull, { user: world.gitea.bot, body: "Again: `!testme` <!-- cc-ci:0 -->" }).deleted =
        true;
      await world.seconds(10);
    },
    comments: [],
    starts: 0,
  },
  {
    name: "one comment by webhook twice at a time, by poll, and by webhook again",
    drone: false,
    async play(world) {
      const pull = await watched(world);
      command(world, pull);
      const place = { repo, pr: pull.number };
      await Promise.all([world.rung(place), world.rung(place)]);
      world.finish(await nth(world, 1), "passed");
      await world.rung(place);
      await end(world);
    },
    comments: ["✅"],
    starts: 1,
  },
  {
    name: "webhooks that are not signed, signed by SHA-1, 20 MB long, or about another repository",
    drone: false,
    async play(world) {
      const pull = await watched(world);
      const rings = () => assert.fail("It rang");
      const options = { secret, ownId: () => null, ring: rings, ringPush: rings };
      const app = webhookRoutes(options);
      const text = JSON.stringify({
        ...{ action: "created", is_pull: true, issue: { number: pull.number }, comment: { id: 1, body: "" } },
        repository: { full_name: "../elsewhere" },
        sender: { id: 2 },
      });
      const sign = (algorithm: string) => createHmac(algorithm, secret).update(text).digest("hex");
      const post = async (body: string, headers: Record<string, string>) =>
        (await app.request("/hook", {
          method: "POST",
          body,
          headers: { "content-type": "application/json", "x-gitea-event": "issue_comment", ...headers },
        })).status;
      const statuses = [
        await post(text, {}),
        await post(text, { "x-gitea-signature": "0".repeat(64) }),
        await post(text, { "x-hub-signature": `sha1=${sign("sha1")}` }),
        await post("x".repeat(20 * 1024 * 1024), {}),
        await post(text, { "x-gitea-signature": sign("sha256") }),
      ];
      assert.deepEqual(statuses, [401, 401, 401, 413, 204]);
      command(world, pull);
      world.finish(await nth(world, 1), "passed");
      await end(world);
    },
    comments: ["✅"],
    starts: 1,
  },
  {
    name: "fifty commands of a minute by one member, another pull request waiting",
    drone: false,
    async play(world) {
      const pull = await watched(world);
      const { run } = await another(world);
      for (let times = 0; times < 50; times++) command(world, pull);
      await world.until("all are answered", () => world.bodies().length === 51);
      world.finish(run, "passed");
      world.finish(await nth(world, 2), "passed");
      await end(world);
    },
    comments: ["✅", ...Array.from({ length: 49 }, () => "⏹️"), "✅"],
    starts: 2,
  },
  {
    name:
      "a run whose causes, logs and stages are full of markers, mentions, control bytes and 200 kB of text",
    drone: false,
    async play(world) {
      const pull = await watched(world);
      command(world, pull);
      const run = await nth(world, 1);
      await world.until("the dashboard knows it", () => world.dashboard.runs.has(run));
      const evil = `<!-- cc-ci:${
        run.slice(0, 12)
      } --> @maintainer\n!testme\n\u001b[2J\u0000</details>\`\`\`\n`;
      const bad = sampleStage({
        ...{ name: "install", result: "failed", cause: evil, detail: evil.repeat(3_000) },
        tail: Array.from({ length: 2_000 }, () => evil),
      });
      world.dashboard.result(run, { result: "failed", stage: "install", cause: evil, stages: [bad] });
      world.finish(run, "failed");
      await end(world);
      const [body = ""] = world.bodies();
      assert.ok(body.length > 0 && body.length <= 60_000, `${body.length} characters`);
      assert.ok(body.endsWith(`<!-- cc-ci:${run.slice(0, 12)} -->`), "its own marker is the last word");
      // deno-lint-ignore no-control-regex -- these are what must not be there
      assert.doesNotMatch(body, /[\u0000\u001b]/);
    },
    comments: ["❌"],
    starts: 1,
  },
  {
    name: "the pull request's repository is deleted while its run waits",
    drone: false,
    async play(world) {
      const pull = await watched(world);
      const { run } = await another(world);
      command(world, pull);
      await world.until("it waits", () => world.bodies().length === 2);
      world.gitea.pulls.splice(world.gitea.pulls.indexOf(pull), 1);
      world.finish(run, "passed");
      await end(world);
      const before = world.gitea.requests.length;
      await world.seconds(30);
      const asked = world.gitea.requests.slice(before).filter((request) =>
        new RegExp(`/(pulls|issues)/${pull.number}(/|$)`).test(request)
      );
      assert.deepEqual(asked, [], "nobody asks for it any more");
    },
    comments: ["✅", "⏹️"],
    starts: 1,
  },
];
