import assert from "node:assert/strict";
import { configure, type LogRecord, reset } from "@logtape/logtape";
import type { Forge } from "../forge/forge.ts";
import { guarded } from "./verdict_guard.ts";
import type { Post } from "../store/rows.ts";
import { Store } from "../store/store.ts";
import { FakeClock } from "../../common/testing/fake_clock.ts";
import { open, pass } from "../testing/scenes.ts";
import { repo, type World } from "../testing/world.ts";

const place = { repo, pr: 1 };
const forged = "✅ nothing to see";

/** A pull request whose run has ended, with a verdict that somebody may want to change. */
async function judged() {
  const at = await open();
  at.world.gitea.say(at.pull, { user: "maintainer", body: "!testme" });
  await pass(at.world);
  await at.world.seconds(30);
  return at;
}

function verdict(world: World) {
  const [comment] = world.gitea.replies();
  assert.ok(comment !== undefined);
  return comment;
}

const writes = (world: World) =>
  world.gitea.requests.filter((request) => /^(PATCH|POST) .*comments/.test(request)).length;

/** The ways in which the bridge comes to read a pull request's comments. */
const ways: [string, (at: Awaited<ReturnType<typeof open>>) => Promise<void>][] = [
  ["a webhook", ({ world }) => world.rung(place)],
  ["another comment", async ({ world, pull }) => {
    world.clock.pass(3 * 24 * 3600);
    world.gitea.say(pull, { user: "outsider", body: "Is it good?" });
    await world.second();
  }],
  ["the daily sweep", async ({ world }) => {
    world.clock.pass(3 * 24 * 3600);
    await world.second();
  }],
];

for (const [way, look] of ways) {
  Deno.test(`a verdict that was edited after the run's end is put right by ${way}`, async () => {
    using at = await judged();
    const { world } = at;
    const { body } = verdict(world);
    world.gitea.edit(verdict(world), forged);
    await look(at);
    await world.seconds(10);
    assert.deepEqual(world.bodies(), [body]);
    assert.equal(world.store.oldestUndelivered(), null);
    world.assertSound();
  });
}

Deno.test("a verdict that was deleted stays so, and of replies that are none others may make what they like", async () => {
  using at = await judged();
  const { world, pull } = at;
  world.gitea.say(pull, { user: "maintainer", body: "!testmee" });
  await world.seconds(30);
  const [old, help] = world.gitea.replies();
  assert.ok(old !== undefined && help !== undefined);
  old.deleted = true;
  world.gitea.edit(help, forged);
  await world.rung(place);
  await world.seconds(10);
  assert.deepEqual(world.bodies(), [forged]);
});

Deno.test("commands are heard where the forge cannot list as far back as our verdicts are", async () => {
  using at = await judged();
  const { world, pull } = at;
  world.clock.pass(10 * 24 * 3600);
  world.gitea.say(world.gitea.openPull(repo, pull.head), { user: "outsider", body: "moves the cursor" });
  await world.seconds(5);
  const recent = world.clock.now() - 2 * 24 * 3600_000;
  world.gitea.fault = ({ method, path, query }) =>
    method === "GET" && path.endsWith("/issues/1/comments") &&
      Date.parse(query.get("since") ?? "") < recent
      ? "no answer"
      : undefined;
  world.gitea.say(pull, { user: "maintainer", body: "!testme" });
  await world.seconds(120);
  assert.equal(world.started().length, 2);
});

Deno.test("lists go back to our eldest comment, and what is older than asked for is not handed on", async () => {
  using at = await judged();
  const { world, pull } = at;
  const before = writes(world);
  world.clock.pass(3 * 24 * 3600);
  const asked = world.clock.now();
  world.gitea.say(pull, { user: "outsider", body: "Is it good?" });
  await world.rung(place);
  await world.seconds(10);
  assert.equal(writes(world), before, "ours is still there");
  const { forge, store, clock } = world.deps();
  for (const since of [asked, asked - 1]) {
    const answer = await guarded(forge, { store, clock }).comments({ ...place, since });
    assert.deepEqual(answer.ok && answer.value.map(({ body }) => body), ["Is it good?"]);
  }
});

Deno.test("whoever changes a verdict again and again gets it left as it is in the end, and the log says so", async () => {
  const lines: LogRecord[] = [];
  await configure({
    reset: true,
    sinks: { lines: (line) => lines.push(line) },
    loggers: [{ category: [], sinks: ["lines"] }],
  });
  try {
    using at = await judged();
    const { world } = at;
    const before = writes(world);
    for (let times = 0; times < 6; times++) {
      world.gitea.edit(verdict(world), forged);
      await world.rung(place);
      await world.seconds(30);
    }
    assert.equal(writes(world) - before, 3);
    assert.deepEqual(world.bodies(), [forged]);
    const told = lines.filter(({ level }) => level === "error").map(({ message }) => message.join(""));
    assert.deepEqual(told, ["leaving a verdict as somebody else wants it"]);
  } finally {
    await reset();
  }
});

Deno.test("a forge that stores line ends and blanks in its own way is not written to again", async () => {
  using at = await judged();
  const { world } = at;
  const comment = verdict(world);
  world.gitea.edit(comment, `${comment.body.replaceAll("\n", " \r\n")}\r\n`);
  const before = writes(world);
  await world.rung(place);
  await world.seconds(10);
  assert.equal(writes(world), before);
});

Deno.test("a verdict that is older than two weeks is history", async () => {
  using at = await judged();
  const { world } = at;
  world.clock.pass(15 * 24 * 3600);
  world.gitea.edit(verdict(world), forged);
  await world.rung(place);
  await world.seconds(10);
  assert.deepEqual(world.bodies(), [forged]);
});

Deno.test("a text of ours that changes while the comments are read is not taken for somebody else's", async () => {
  const meanwhile: [Partial<Post>, repairs: number][] = [
    [{}, 1],
    [{ body: "running" }, 0],
    [{ unsure_until: 9 }, 0],
    [{ body: "running", delivered: "running", delivered_at: 2 }, 0],
    // Somebody else's, and put right while the list was under way.
    [{ delivered_at: 2 }, 0],
  ];
  for (const [changes, repairs] of meanwhile) {
    using store = new Store(":memory:");
    const clock = new FakeClock();
    const key = "run:abc";
    store.addPost({ key, marker: "m", ...place, body: "queued", planned_at: clock.now() });
    store.changePost(key, { id: 7, final: 1, delivered: "queued", delivered_at: 1 });
    const comments = () => {
      store.changePost(key, changes);
      return Promise.resolve({ ok: true, value: [{ id: 7, body: "another" }], at: null });
    };
    const forge = guarded({ comments } as unknown as Forge, { store, clock });
    await forge.comments({ ...place, since: null });
    assert.equal(store.post(key)?.repairs, repairs, JSON.stringify(changes));
  }
});
