import assert from "node:assert/strict";
import type * as z from "zod";
import { mayMakeContainers, recipesFault } from "./leftovers.ts";
import type { RunPlan } from "../run/folder.ts";
import { type DockerObject, Swarm } from "../swarm/swarm.ts";
import * as schema from "../swarm/schema.ts";

const STACK = "wiki-0a1b2c_ci_test";
const STARTED = "2026-01-01T00:00:00.500Z";
const plan = { apps: [{ stack: STACK }], providers: [], startedAt: STARTED } as unknown as RunPlan;
const volume: DockerObject = { kind: "volume", id: `${STACK}_data`, name: `${STACK}_data` };
const network: DockerObject = { kind: "network", id: "n1", name: `${STACK}_internal` };

/** An engine in which two things are left over, and these containers are there. */
class FakeSwarm extends Swarm {
  readonly #all: Record<string, unknown>[];

  constructor(...all: Record<string, unknown>[]) {
    super("/nowhere");
    this.#all = all.map((one) => ({ Id: "c", Names: ["/holder"], State: "running", Status: "Up", ...one }));
  }
  override objects() {
    return Promise.resolve([volume, network]);
  }
  override ask<T extends z.ZodType>(_action: string, _call: () => Promise<unknown>, shape: T) {
    return Promise.resolve(shape.parse(this.#all));
  }
  override containers() {
    return Promise.resolve(this.#all.map((one) => schema.container.parse(one)));
  }
}

const usesVolume = { Mounts: [{ Type: "volume", Name: volume.name }] };
const inNetwork = { NetworkSettings: { Networks: { any: { NetworkID: "n1" } } } };
const own = { Labels: { "com.docker.stack.namespace": STACK } };
const Created = Date.parse(STARTED) / 1000;

const cases: [what: string, container: Record<string, unknown>, makes: boolean, expect: RegExp[]][] = [
  ["its own container uses the volume", { ...own, ...usesVolume }, false, [/^volume .*_data" .*"holder"/]],
  ["its own container is in the network", { ...own, ...inNetwork }, false, [/^network .*_internal"/]],
  ["somebody else's container uses the volume", { ...usesVolume, Created: Created + 60 }, false, []],
  ["one that it made by Docker's socket does", { ...usesVolume, Created: Created + 60 }, true, [/^volume/]],
  ["one that was there before the run does", { ...usesVolume, Created: Created - 60 }, true, []],
  [
    "one of another stack does",
    {
      ...usesVolume,
      Created: Created + 60,
      Labels: { "com.docker.stack.namespace": "other" },
    },
    true,
    [],
  ],
  ["its own container uses something else", own, false, []],
];

for (const [what, container, makes, expect] of cases) {
  Deno.test(`a leftover is ${expect.length > 0 ? "" : "not "}the recipe's fault when ${what}`, async () => {
    const found = await recipesFault(new FakeSwarm(container), { plan, makes });
    assert.equal(found.length, expect.length, found.join());
    for (const [at, pattern] of expect.entries()) assert.match(found[at] ?? "", pattern);
  });
}

Deno.test("only a recipe that gets at Docker's socket can have made containers", async () => {
  const socket = { Mounts: [{ Type: "bind", Source: "/run/docker.sock", Destination: "/d.sock" }] };
  assert.equal(await mayMakeContainers(new FakeSwarm(socket), plan), true);
  assert.equal(await mayMakeContainers(new FakeSwarm(usesVolume), plan), false);
});
