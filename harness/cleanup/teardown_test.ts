import assert from "node:assert/strict";
import { join } from "node:path";
import { FakeClock } from "../../common/testing/fake_clock.ts";
import type { Clock } from "../../common/time.ts";
import type { PlannedApp } from "../run/folder.ts";
import { readSettings } from "../run/settings.ts";
import { DockerError, type DockerObject, type Kind, Swarm } from "../swarm/swarm.ts";
import type { ContainerObject, ServiceObject, TaskObject } from "../swarm/schema.ts";
import { tearDownApp } from "./teardown.ts";

const STACK = "wiki-0a1b2c_ci_test";
const ANONYMOUS = "f".repeat(64);

/** An engine in which some objects refuse to go. */
class FakeSwarm extends Swarm {
  removed: string[] = [];
  /** How many calls fail as if no engine were there. */
  away = 0;
  /** Names of objects whose removal fails. */
  stubborn: readonly string[];
  #all: (DockerObject & { stack: string | null })[];

  constructor(names: [Kind, string][], stubborn: readonly string[] = []) {
    super("/nowhere");
    this.#all = names.map(([kind, name]) => ({
      kind,
      id: name,
      name,
      stack: name.startsWith(STACK) ? STACK : null,
    }));
    this.stubborn = stubborn;
  }

  override allObjects() {
    if (this.away-- > 0) {
      return Promise.reject(new DockerError("list services", { code: "docker.away" }));
    }
    return Promise.resolve(this.#all);
  }
  names(): string[] {
    return this.#all.map(({ name }) => name);
  }
  override services(): Promise<ServiceObject[]> {
    return Promise.resolve([]);
  }
  override tasks(): Promise<TaskObject[]> {
    return Promise.resolve([]);
  }
  override containers(): Promise<ContainerObject[]> {
    const mount = { Type: "volume", Name: ANONYMOUS, Source: "", Destination: "/data", RW: true };
    return Promise.resolve([{
      Id: "c",
      Names: [],
      Labels: {},
      State: "running",
      Status: "Up",
      Mounts: [mount],
    }]);
  }
  override remove(object: DockerObject): Promise<void> {
    if (this.stubborn.includes(object.name)) return Promise.reject(new Error(`${object.name} is in use`));
    this.removed.push(object.name);
    this.#all = this.#all.filter((one) => one.name !== object.name);
    return Promise.resolve();
  }
}

const settings = readSettings((name) => ({ CCCI_BASE_DOMAIN: "ci.test", CCCI_RUNS: "/nonexistent" })[name]);

async function tearDown(
  swarm: Swarm,
  options: {
    stack?: string;
    volumes?: string[];
    stopped?: () => void;
    limitMs?: number;
    log?: (line: string) => void;
    clock?: Clock;
  } = {},
) {
  const folder = await Deno.makeTempDir();
  const abraDir = join(folder, "abra");
  await Deno.mkdir(abraDir);
  const app: PlannedApp = {
    lane: "install",
    domain: "wiki-0a1b2c.ci.test",
    stack: options.stack ?? STACK,
    abraDir,
  };
  try {
    return await tearDownApp(app, {
      swarm,
      settings,
      volumes: options.volumes ?? [],
      log: options.log ?? (() => {}),
      limitMs: options.limitMs ?? 60_000,
      ...(options.clock === undefined ? {} : { clock: options.clock }),
      ...(options.stopped === undefined ? {} : { stopped: options.stopped }),
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("what carries the stack's name goes, with the anonymous volumes noted or seen; others' objects stay", async () => {
  const noted = "e".repeat(64);
  const swarm = new FakeSwarm([
    ["network", `${STACK}_internal`],
    ["secret", `${STACK}_key_v1`],
    ["service", `${STACK}_app`],
    ["volume", `${STACK}_data`],
    ["volume", ANONYMOUS],
    ["volume", noted],
    ["volume", "d".repeat(64)],
    ["volume", "othe-0a1b2c_ci_test_data"],
    ["service", "traefik_app"],
    ["network", "proxy"],
  ]);
  assert.deepEqual(await tearDown(swarm, { volumes: [noted] }), []);
  assert.deepEqual(
    swarm.removed.toSorted(),
    [`${STACK}_app`, `${STACK}_data`, `${STACK}_internal`, `${STACK}_key_v1`, noted, ANONYMOUS].toSorted(),
  );
});

Deno.test("what does not go is named", async () => {
  const swarm = new FakeSwarm([["volume", `${STACK}_data`]], [`${STACK}_data`]);
  assert.deepEqual(await tearDown(swarm, { limitMs: 300 }), [`volume "${STACK}_data"`]);
});

Deno.test("a stack that is not named like ours is left alone", async () => {
  const swarm = new FakeSwarm([["service", "traefik_app"]]);
  assert.match((await tearDown(swarm, { stack: "traefik" })).join(), /"traefik" is not one of ours/);
  assert.deepEqual(swarm.removed, []);
});

Deno.test("an engine that restarts meanwhile is waited for, one that stays away is named", async () => {
  const swarm = new FakeSwarm([["volume", `${STACK}_data`]]);
  swarm.away = 1;
  assert.deepEqual(await tearDown(swarm), []);
  assert.deepEqual(swarm.removed, [`${STACK}_data`]);
  swarm.away = 1_000;
  assert.match((await tearDown(swarm, { limitMs: 300 })).join(), /Docker does not answer/);
});

Deno.test("that nothing runs any more is told before the rest is gone", async () => {
  const told = async (stubborn: string, limit: { limitMs?: number } = {}) => {
    const swarm = new FakeSwarm(
      [["service", `${STACK}_app`], ["container", `${STACK}_app.1`], ["network", `${STACK}_internal`]],
      [stubborn],
    );
    const there: string[] = [];
    const stopped = () => {
      there.push(...swarm.names());
      swarm.stubborn = []; // the objects can be removed from now on
    };
    await tearDown(swarm, { stopped, ...limit });
    return there;
  };
  assert.deepEqual(await told(`${STACK}_internal`), [`${STACK}_internal`]);
  assert.deepEqual(await told(`${STACK}_app.1`, { limitMs: 300 }), []);
});

Deno.test("the log says what a teardown waits for, once and not at once", async () => {
  const clock = new FakeClock(0);
  const said: [at: number, line: string][] = [];
  const swarm = new FakeSwarm([["volume", `${STACK}_data`]], [`${STACK}_data`]);
  await tearDown(swarm, { clock, limitMs: 20_000, log: (line) => said.push([clock.now(), line]) });
  const [first, ...rest] = said;
  assert.equal(first?.[1], `Waiting until it is gone: volume "${STACK}_data" (${STACK}_data is in use)`);
  assert.ok(first[0] > 5_000 && first[0] < 6_000, `${first[0]} ms`);
  assert.deepEqual(rest.map(([, line]) => line), [`${STACK}_data is in use`]);
});
