import assert from "node:assert/strict";
import type { Room } from "../run/disk.ts";
import { roomAt, usedShare } from "../run/disk.ts";
import { requireFreeSpace, requireRoom, roomToDeploy } from "./free_space.ts";
import { storedSettings } from "../run/settings.ts";
import { engineInfo } from "../testing/engine.ts";
import { Swarm } from "../swarm/swarm.ts";

const wanted = { MIN_FREE_GB: 1, MIN_FREE_INODES: 20_000 };

const cases: [says: string, room: Room, pull: number, cause: RegExp | null, detail?: RegExp][] = [
  ["enough of both", room(5e9, 50_000), 0, null],
  ["a disk that counts no inodes", room(5e9, null), 0, null],
  [
    "too few bytes",
    room(0.4e9, 50_000),
    0,
    /^Only 400 MB are free at "\/docker"$/,
    /^At least 1\.0 GB must.*MIN_FREE_GB/,
  ],
  [
    "too few inodes",
    room(5e9, 312),
    0,
    /^Only 312 of 100000 inodes are free at "\/docker"$/,
    /20000.*MIN_FREE_INODES/,
  ],
  ["images that fit", room(3e9, 50_000), 1e9, null],
  [
    "images that do not fit",
    room(3e9, 50_000),
    1.1e9,
    /^Only 3\.0 GB are free at "\/docker", and the images that are missing take at least 2\.2 GB$/,
    /^Their layers are sent in 1\.1 GB, and 1\.0 GB must be free/,
  ],
];

function room(free: number, inodes: number | null): Room {
  return {
    bytes: { free, used: 10e9 },
    inodes: inodes === null ? null : { free: inodes, used: 100_000 - inodes },
  };
}

for (const [says, room, pull, cause, detail] of cases) {
  Deno.test(`room on a disk: ${says}`, () => {
    const look = () => requireRoom("/docker", { room, wanted, pull });
    if (cause === null) return look();
    assert.throws(look, (error: Error & { code: string; detail: string }) => {
      assert.deepEqual([error.code, cause.test(error.message)], ["stage.infra", true], error.message);
      assert.match(error.detail, detail ?? /^$/);
      return true;
    });
  });
}

class FakeSwarm extends Swarm {
  override info() {
    return Promise.resolve(engineInfo("/tmp"));
  }
}

function runWith(more: Record<string, unknown>) {
  const settings = storedSettings.parse({ BASE_DOMAIN: "ci.test", RUNS: "/tmp", MIN_FREE_GB: 0, ...more });
  return { swarm: new FakeSwarm("/nowhere"), plan: { settings } };
}

Deno.test("the disks of run folders and of Docker are looked at, bytes and inodes", async () => {
  const free = (await roomAt("/tmp"))?.bytes.free ?? 0;
  const spare = await requireFreeSpace(runWith({})) ?? 0;
  assert.ok(Math.abs(spare - free) < 1e9, `${spare} of ${free}`);
  await assert.rejects(requireFreeSpace(runWith({ MIN_FREE_GB: 1e7 })), { code: "stage.infra" });
  await assert.rejects(requireFreeSpace(runWith({ MIN_FREE_INODES: 1e15 })), { message: /inodes are free/ });
  await assert.rejects(requireFreeSpace(runWith({}), { pull: free }), { message: /images that are missing/ });
});

Deno.test("room for an app is asked for once the app that has to go first has gone", async () => {
  const gone = Promise.withResolvers<void>();
  const run = { ...runWith({ MIN_FREE_GB: 1e7 }), room: gone.promise };
  let ended = false;
  const asked = roomToDeploy(run).catch((error) => {
    ended = true;
    throw error;
  });
  await requireFreeSpace(runWith({})); // takes as long as a look takes
  assert.equal(ended, false);
  gone.resolve();
  await assert.rejects(asked, { code: "stage.infra" });
});

Deno.test("a disk's used share is that of df", () => {
  assert.equal(usedShare({ free: 20, used: 80 }), 0.8);
  assert.equal(usedShare({ free: 0, used: 0 }), 0);
});
