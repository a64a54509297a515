import assert from "node:assert/strict";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { type Clock, systemClock } from "../common/time.ts";
import { tidyImages } from "../harness/cleanup/images_on_disk.ts";
import { keepImages } from "../harness/images/engine_lock.ts";
import { noteImage, readLedger } from "../harness/images/pulled.ts";
import { roomAt, usedShare } from "../harness/run/disk.ts";
import { isRoot } from "../local/host/host.ts";
import type { FindLogin } from "../harness/images/login.ts";
import { type Obtained, obtainImages, type Unobtainable } from "../harness/images/obtain.ts";
import { askRetryAfter } from "../harness/images/retry_after.ts";
import type { TroubleKind } from "../harness/images/trouble.ts";
import { bytesToPull } from "../harness/images/size.ts";
import { movedByPull } from "../harness/images/what_runs.ts";
import { InfraFailure, StageFailure } from "../harness/run/stage.ts";
import { faultNames, faultyRegistry } from "./testing/faulty_registry.ts";
import { playImagesStage } from "./testing/images_stage.ts";
import { PullEngine } from "./testing/pull_engine.ts";
import { Registry, USER } from "./testing/registry.ts";
import { listOf, tinyImage } from "./testing/tiny_image.ts";
import { onRealServices } from "./scene.ts";

/** Why no second engine can be started here. */
const obstacle = isRoot() ? null : "it starts a Docker Engine, which needs root";

/** Pauses between attempts are over at once, and noted. */
function quickClock(): Clock & { pauses: number[] } {
  const pauses: number[] = [];
  return {
    pauses,
    now: () => systemClock.now(),
    elapsed: () => systemClock.elapsed(),
    sleep: (ms) => Promise.resolve(void pauses.push(ms)),
  };
}

interface Asked {
  login?: { username: string; password: string };
  limitMs?: number;
  clock?: Clock;
  log?: string[];
  hidden?: string[];
}

async function obtain(
  engine: PullEngine,
  images: string[],
  { login, limitMs = 60_000, clock = quickClock(), log = [], hidden = [] }: Asked = {},
): Promise<(Obtained | Unobtainable)[]> {
  const findLogin: FindLogin = (registry) =>
    Promise.resolve(login === undefined ? null : { ...login, serveraddress: registry });
  return await obtainImages(engine.swarm, images, {
    findLogin,
    hide: (secret) => void hidden.push(secret),
    log: (line) => void log.push(line),
    clock,
    signal: new AbortController().signal,
    limitMs,
    askRetryAfter,
  });
}

/** Pulls images, of which each must fail, and says by which fault and whose. */
async function troubles(engine: PullEngine, images: string[], asked?: Asked) {
  const results = await obtain(engine, images, asked);
  return results.map((one) =>
    one.ok ? `${one.image} was pulled` : `${one.trouble.kind}, ${one.trouble.whose}`
  );
}

/** A test with a folder for registries and an engine of its own. */
function testPulls(name: string, work: (folder: string) => Promise<void>): void {
  onRealServices(name, async () => {
    const folder = await Deno.makeTempDir({ prefix: "cc-ci-e2e-" });
    try {
      await work(folder);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  }, obstacle);
}

// Without a bridge of its own the engine would remove docker0, which the stack's engine needs.
testPulls("an engine for pulls has a bridge of its own, which goes with it", async (folder) => {
  const bridges = () =>
    [...Deno.readDirSync("/sys/class/net")].map(({ name }) => name).filter((name) => /^ccci-pull/.test(name));
  {
    await using engine = await PullEngine.start({ folder });
    assert.deepEqual(bridges(), [engine.bridge]);
  }
  assert.deepEqual(bridges(), []);
});

testPulls("images come from a registry, a mirror and one with a log-in, each once", async (folder) => {
  await using plain = await Registry.start({ folder });
  await using behind = await Registry.start({ folder, mirrors: plain.host });
  await using locked = await Registry.start({ folder, login: true });
  await using engine = await PullEngine.start({ folder, mirror: behind.host });
  const image = await tinyImage("one", { bytes: 200_000 });
  const other = await tinyImage("two", { bytes: 200_000 });
  await plain.push("library/hub:1", { image });
  await plain.push("x:1", { image: other });
  await locked.push("x:1", { image: await tinyImage("three") });

  const wanted = ["hub:1", `${plain.host}/x:1`, "hub:1"];
  const log: string[] = [];
  const first = await obtain(engine, wanted, { log });
  assert.deepEqual(
    first.map((one) => one.ok && [one.image, one.digest, one.from, one.bytes > 200_000]),
    [["hub:1", image.manifest.digest, "registry", true], [
      wanted[1],
      other.manifest.digest,
      "registry",
      true,
    ]],
  );
  assert.ok(log.some((line) => /^hub:1: 20\d kB in [\d.]+ s, sha256:/.test(line)), log.join("\n"));

  const again = await obtain(engine, wanted);
  assert.deepEqual(again.map((one) => one.ok && [one.from, one.bytes]), [["registry", 0], [
    "registry",
    0,
  ]]);

  const pinned = `${plain.host}/x:1@${other.manifest.digest}`;
  assert.deepEqual((await obtain(engine, [pinned])).map((one) => one.ok && one.from), ["machine"]);

  const secret = `${locked.host}/x:1`;
  assert.deepEqual(await troubles(engine, [secret]), ["stranger, host"]);
  const wrong = { username: USER.name, password: "a wrong password" };
  assert.deepEqual(await troubles(engine, [secret], { login: wrong }), ["login, host"]);
  const hidden: string[] = [];
  const told: string[] = [];
  const login = { username: USER.name, password: USER.password };
  const [mine] = await obtain(engine, [secret], { login, hidden, log: told });
  assert.ok(mine?.ok);
  assert.ok(hidden.includes(USER.password));
  assert.ok(!told.join("\n").includes(USER.password), "a log-in is in the log");
});

testPulls(
  "what a real registry does not have is the recipe's, and what it may not be asked the host's",
  async (folder) => {
    await using plain = await Registry.start({ folder });
    await using behind = await Registry.start({ folder, mirrors: plain.host });
    const address = Object.values(networkInterfaces()).flat()
      .find((one) => one !== undefined && !one.internal && one.family === "IPv4")?.address;
    assert.ok(address !== undefined, "this machine has no address apart from loopback");
    await using unknown = await Registry.start({ folder, tlsAt: address });
    await using engine = await PullEngine.start({ folder });
    const foreign = await tinyImage("foreign", { architecture: "s390x" });
    await plain.push("x:1", { image: await tinyImage("x") });
    await plain.push("foreign:1", { image: foreign });
    await plain.push("foreign:list", { image: foreign, as: listOf(foreign, "s390x") });

    const cases: [string, `${TroubleKind}, ${"recipe" | "host"}`][] = [
      [`${plain.host}/x:2`, "missing, recipe"],
      [`${plain.host}/nothing:1`, "missing, recipe"],
      [`${behind.host}/nothing:1`, "missing, recipe"],
      [`${plain.host}/x@sha256:${"0".repeat(64)}`, "missing, recipe"],
      [`${plain.host}/foreign:list`, "machine, recipe"],
      [`${plain.host}/foreign:1`, "machine, recipe"],
      ["No/Name:1", "unnamed, recipe"],
      ["../containers/json", "unnamed, recipe"],
      ["cc-ci.invalid/gone:1", "nowhere, recipe"],
      [`${unknown.host}/x:1`, "certificate, host"],
      ["127.0.0.1:1/x:1", "away, host"],
    ];
    assert.deepEqual(
      await troubles(engine, cases.map(([image]) => image)),
      cases.map(([, expected]) => expected),
    );
  },
);

testPulls("a disk without room is the host's, and nothing of the image stays there", async (folder) => {
  await using plain = await Registry.start({ folder });
  await using engine = await PullEngine.start({ folder, room: 8 });
  await plain.push("big:1", { image: await tinyImage("big", { bytes: 12_000_000 }) });
  assert.deepEqual(await troubles(engine, [`${plain.host}/big:1`]), ["space, host"]);
  assert.deepEqual(await engine.images(), []);
});

testPulls("how much pulls would bring is known before them, from what registries tell", async (folder) => {
  await using plain = await Registry.start({ folder });
  await using locked = await Registry.start({ folder, login: true });
  await using engine = await PullEngine.start({ folder });
  const one = await tinyImage("one", { bytes: 100_000 });
  const two = await tinyImage("two", { bytes: 300_000 });
  await plain.push("one:1", { image: one });
  await plain.push("same:1", { image: one });
  await plain.push("two:list", { image: two, as: listOf(two, two.architecture) });
  await plain.push("two:foreign", { image: two, as: listOf(two, "s390x") });
  await locked.push("two:1", { image: two });
  const login = { username: USER.name, password: USER.password };
  const size = async (images: string[], findLogin: FindLogin = () => Promise.resolve(null)) =>
    await bytesToPull(engine.swarm, images, {
      findLogin,
      hide: () => {},
      signal: new AbortController().signal,
    });
  const at = (name: string) => `${plain.host}/${name}`;
  const [small, large] = [one, two].map(({ layer }) => layer.bytes.length) as [number, number];

  assert.equal(await size([at("one:1")]), small);
  assert.equal(await size([at("one:1"), at("same:1"), at("two:list")]), small + large);
  assert.equal(await size([at("two:foreign"), at("gone:1"), "No/Name", "127.0.0.1:1/x:1"]), 0);
  const secret = `${locked.host}/two:1`;
  assert.equal(await size([secret]), 0, "it tells nothing to those who are not logged in");
  assert.equal(await size([secret], (serveraddress) => Promise.resolve({ ...login, serveraddress })), large);

  assert.ok((await obtain(engine, [at("one:1")])).every((one) => one.ok));
  assert.equal(await size([at("one:1"), at("two:list")]), large, "what is here does not count");
  await plain.push("one:1", { image: two });
  assert.equal(await size([at("one:1")]), large, "the tag has been moved");
});

testPulls(
  "images for which there is no room end the stage before any is pulled, with numbers",
  async (folder) => {
    await using plain = await Registry.start({ folder });
    await using engine = await PullEngine.start({ folder, room: 20 });
    await plain.push("big:1", { image: await tinyImage("big", { bytes: 12_000_000 }) });
    await plain.push("small:1", { image: await tinyImage("small", { bytes: 100_000 }) });
    const play = (head: string, minFreeGb = 0) =>
      playImagesStage(engine, { head: `${plain.host}/${head}`, runs: folder, minFreeGb });

    const big = await play("big:1");
    assert.ok(big.error instanceof InfraFailure);
    assert.match(
      big.error.message,
      /^Only \d+\.\d MB are free at ".*", and the images .* at least 24\.0 MB$/,
    );
    assert.match(big.error.detail ?? "", /^Their layers are sent in 12\.0 MB, and 0 B must be free/);
    assert.deepEqual([big.log, await engine.images()], [[], []], "something was pulled");

    const few = await play("small:1", 0.021);
    assert.match(few.error?.message ?? "", /^Only \d+\.\d MB are free at /);
    assert.deepEqual(await engine.images(), []);
    assert.equal((await play("small:1")).error, null);
  },
);

testPulls(
  "answers that no registry should give are the host's, asked again as often as it is of use",
  async (folder) => {
    await using faulty = faultyRegistry();
    await using engine = await PullEngine.start({ folder });
    const expected: Record<string, [fault: string, attempts: number]> = {
      "hub-limit": ["limit, host", 1], // it asks for an hour
      "words-limit": ["limit, host", 2],
      "plain-limit": ["limit, host", 2],
      "hidden-limit": ["limit, host", 2],
      "layer-limit": ["limit, host", 2],
      unavailable: ["failing, host", 5],
      broken: ["failing, host", 5],
      "bad-gateway": ["failing, host", 5],
      denied: ["closed, recipe", 1],
      "not-json": ["broken, host", 2],
      "lying-manifest": ["broken, host", 2],
      "lying-layer": ["broken, host", 2],
      "half-layer": ["broken, host", 2],
      "cut-layer": ["slow, host", 1], // the engine itself goes on asking for the rest
      "no-layer": ["broken, host", 2],
      silent: ["slow, host", 1],
      "layer-unavailable": ["slow, host", 1],
    };
    assert.deepEqual(Object.keys(expected).toSorted(), faultNames.toSorted());
    await Promise.all(
      Object.entries(expected).map(async ([name, [fault, attempts]]) => {
        const clock = quickClock();
        const image = `${faulty.host}/${name}`;
        const [result] = await obtain(engine, [image], {
          clock,
          limitMs: fault === "slow, host" ? 5_000 : 60_000,
        });
        assert.ok(result !== undefined && !result.ok, `${name} was pulled`);
        const { trouble } = result;
        assert.equal(`${trouble.kind}, ${trouble.whose}`, fault, `${name}: ${trouble.said}`);
        assert.equal(clock.pauses.length + 1, attempts, `${name}: ${clock.pauses}`);
        if (name === "hub-limit") assert.equal(trouble.retryAfterMs, 3_600_000);
        if (name === "words-limit") assert.deepEqual(clock.pauses, [1_500]);
        if (name === "plain-limit") assert.deepEqual(clock.pauses, [2_000]);
      }),
    );
    assert.deepEqual(await engine.images(), []);
    assert.ok((await obtain(engine, [`${faulty.host}/sound`])).every((one) => one.ok));
  },
);

testPulls("what the machine has is used where no registry gave it, or none can be asked", async (folder) => {
  await using engine = await PullEngine.start({ folder });
  const image = await tinyImage("one");
  let name: string;
  {
    await using plain = await Registry.start({ folder });
    name = `${plain.host}/x:1`;
    await plain.push("x:1", { image });
    assert.ok((await obtain(engine, [name])).every((one) => one.ok));
  }
  const log: string[] = [];
  const [stale] = await obtain(engine, [name], { log });
  assert.ok(stale?.ok);
  assert.deepEqual([stale.from, stale.digest], ["stale", image.manifest.digest]);
  // A copy under another name is nobody's but this machine's, as an image is that was made here.
  await engine.swarm.docker.getImage(name).tag({ repo: "made/here", tag: "1" });
  const asked: string[] = [];
  const [made] = await obtain(engine, ["made/here:1"], { log: asked });
  assert.ok(made?.ok);
  assert.deepEqual([made.from, made.digest, asked], ["machine", null, [
    "made/here:1 is on this machine already",
  ]]);
});

/** Plays a run's stage with this image, and writes down what its keeper would. */
async function pullInRun(
  engine: PullEngine,
  played: { head: string; base?: string; runs: string; at: string },
) {
  const { error, messages } = await playImagesStage(engine, played);
  assert.equal(error, null);
  for (const message of messages) {
    if (message.type !== "image") continue;
    await noteImage(played.runs, { image: message.image, recipe: "quick", at: played.at });
  }
}

testPulls("on a full disk images of runs go in their order, and nothing else does", async (folder) => {
  await using plain = await Registry.start({ folder });
  await using engine = await PullEngine.start({ folder, room: 60 });
  const { swarm } = engine;
  const runs = join(folder, "runs");
  await Deno.mkdir(runs);
  const name = (tag: string) => `${plain.host}/x:${tag}`;
  const day = (number: number) => `2026-01-0${number}T00:00:00.000Z`;
  const push = async (tag: string, text = tag) =>
    await plain.push(`x:${tag}`, { image: await tinyImage(text, { bytes: 6_000_000 }) });
  for (const tag of ["theirs", "published", "moved", "held", "old", "recent"]) await push(tag);

  await obtain(engine, [name("theirs")]); // by nobody's run
  await pullInRun(engine, { head: name("theirs"), base: name("published"), runs, at: day(1) });
  await pullInRun(engine, { head: name("moved"), runs, at: day(2) });
  await push("moved", "moved on");
  await pullInRun(engine, { head: name("moved"), runs, at: day(3) });
  await pullInRun(engine, { head: name("held"), runs, at: day(3) });
  const held = await swarm.docker.createContainer({ Image: name("held") }); // it never runs
  await pullInRun(engine, { head: name("old"), runs, at: day(4) });
  await pullInRun(engine, { head: name("recent"), runs, at: day(5) });

  const said: string[] = [];
  const clock = { ...systemClock, now: () => Date.parse(day(6)) };
  const announce = (text: string) => void said.push(text);
  const tidy = (above: number, dryRun = false) => tidyImages({ swarm, runs, announce, clock, above, dryRun });
  const order = ["moved", "moved", "old", "recent", "published"].map(name);

  assert.deepEqual(await tidy(100), { removed: [], stuck: [] }, "the disk is not full");
  assert.deepEqual((await tidy(0, true)).removed, order);
  assert.match(
    said.join("\n"),
    /is full to \d+ % \(\d+\.\d MB of 6\d\.\d MB\); until .* would go:\n- sha256:.* once /,
  );
  assert.equal((await swarm.docker.listImages()).length, 7, "a dry run removes nothing");

  const run = await keepImages(swarm.socket, { announce, clock, signal: new AbortController().signal });
  said.length = 0;
  assert.deepEqual((await tidy(0)).removed, [], "a run goes on");
  assert.match(said.join(), /no image is removed while a run goes on/);
  run[Symbol.dispose]();

  const { DockerRootDir: root } = await swarm.info();
  const percent = async () => 100 * usedShare((await roomAt(root))?.bytes ?? { free: 0, used: 0 });
  const before = await percent();
  assert.deepEqual((await tidy(before - 1)).removed, order.slice(0, 1), "one is enough");
  assert.ok(await percent() < before - 1);
  assert.deepEqual((await tidy(0)).removed, order.slice(1));
  assert.deepEqual(await engine.images(), [name("held"), name("theirs")]);
  assert.deepEqual((await readLedger(runs)).images.map(({ names }) => names), [[name("held")]]);

  await held.remove();
  await swarm.docker.getImage(name("held")).tag({ repo: "made/here", tag: "1" });
  assert.deepEqual((await tidy(0)).removed, [], "somebody gave it a name");
  await swarm.docker.getImage("made/here:1").remove();
  assert.deepEqual((await tidy(0)).removed, [name("held")]);
});

testPulls("a tag that is moved while a run goes on is seen", async (folder) => {
  await using plain = await Registry.start({ folder });
  await using engine = await PullEngine.start({ folder });
  const name = `${plain.host}/x:1`;
  await plain.push("x:1", { image: await tinyImage("one") });
  const before = (await obtain(engine, [name])).filter((one) => one.ok);
  assert.equal(await movedByPull(engine.swarm, before), null);
  await plain.push("x:1", { image: await tinyImage("two") });
  const after = (await obtain(engine, [name])).filter((one) => one.ok); // as Swarm's agent pulls for each task
  const moved = await movedByPull(engine.swarm, before);
  assert.deepEqual([moved?.image, moved?.was, moved?.is], [name, before[0]?.id, after[0]?.id]);
});

testPulls(
  "the stage blames the head, the published version or the host for an image that cannot be had",
  async (folder) => {
    await using plain = await Registry.start({ folder });
    await using faulty = faultyRegistry();
    await using engine = await PullEngine.start({ folder });
    await plain.push("x:1", { image: await tinyImage("one") });
    await plain.push("x:2", { image: await tinyImage("two") });
    const runs = folder;
    const [one, two, gone] = ["1", "2", "gone"].map((tag) => `${plain.host}/x:${tag}`) as [
      string,
      string,
      string,
    ];

    const sound = await playImagesStage(engine, { head: one, base: two, runs });
    assert.equal(sound.error, null);
    assert.deepEqual(sound.run.obtained.map(({ image }) => image), [one, two]);
    assert.match(sound.proofs.join(), /^2 images from registries, /);
    const told = sound.messages.flatMap((message) => message.type === "pulls" ? message.pulls : []);
    assert.deepEqual(told.map(({ image, from }) => [image, from]), [[one, "registry"], [two, "registry"]]);

    const head = await playImagesStage(engine, { head: gone, base: one, runs });
    assert.ok(head.error instanceof StageFailure);
    assert.equal(head.error.message, `There is no image "${gone}" at ${plain.host}`);

    const base = await playImagesStage(engine, { head: one, base: gone, runs });
    assert.equal(base.error, null);
    assert.equal(base.run.compose.base, null);
    assert.match(
      base.run.baseObstacle ?? "",
      /^the published version 1\.0\.0\+1, which does not install: There is no/,
    );

    const leaving = await playImagesStage(engine, { head: one, base: `${faulty.host}/hub-limit`, runs });
    assert.equal(leaving.error, null, "the head leaves a registry that cannot be had");
    assert.equal(leaving.run.compose.base, null);
    assert.match(leaving.run.baseObstacle ?? "", /whose images are not to be had now: /);

    const limited = await playImagesStage(engine, { head: `${faulty.host}/hub-limit`, runs });
    assert.ok(limited.error instanceof InfraFailure);
    assert.match(limited.error.detail ?? "", /toomanyrequests: You have reached/);
    assert.ok(limited.messages.some(({ type }) => type === "retry-at"));

    const slow = await playImagesStage(engine, { head: `${faulty.host}/silent`, runs, seconds: 3 });
    assert.ok(
      slow.error instanceof InfraFailure,
      "a registry that does not answer is not the recipe's fault",
    );
  },
);

testPulls("the stage takes what was made on this machine as it is, in no time", async (folder) => {
  await using engine = await PullEngine.start({ folder });
  {
    await using plain = await Registry.start({ folder });
    await plain.push("x:1", { image: await tinyImage("one") });
    assert.ok((await obtain(engine, [`${plain.host}/x:1`])).every((one) => one.ok));
    await engine.swarm.docker.getImage(`${plain.host}/x:1`).tag({ repo: "made/here", tag: "1" });
  }
  const made = await playImagesStage(engine, { head: "made/here:1", base: "made/here:1", runs: folder });
  assert.deepEqual([made.error, made.proofs, made.log], [
    null,
    ["1 image on this machine"],
    ["made/here:1 is on this machine already"],
  ]);
});

testPulls("a tag with other content than in the last run that passed is noted", async (folder) => {
  await using plain = await Registry.start({ folder });
  await using engine = await PullEngine.start({ folder });
  const image = `${plain.host}/x:1`;
  const runs = join(folder, "runs");
  const play = async () => {
    const end = await playImagesStage(engine, { head: image, runs });
    assert.equal(end.error, null);
    return end;
  };
  await plain.push("x:1", { image: await tinyImage("one") });
  const pulls = (await play()).messages.flatMap((message) => message.type === "pulls" ? message.pulls : []);
  await Deno.mkdir(join(runs, "bbbbbb-1"), { recursive: true });
  const green = {
    run: "bbbbbb-1",
    recipe: "quick",
    result: "passed",
    finishedAt: "2026-01-01T00:00:00Z",
    pulls,
  };
  await Deno.writeTextFile(join(runs, "bbbbbb-1", "result.json"), JSON.stringify(green));
  assert.deepEqual((await play()).notes, []);
  await plain.push("x:1", { image: await tinyImage("two") });
  const moved = await play();
  const text = `"${image}" is not what it was in the last run that passed, bbbbbb-1`;
  assert.deepEqual([moved.notes, moved.run.movedTags], [[text], [text]]);
});
