import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { stringify } from "yaml";
import { FakeClock } from "../../common/fake_clock.ts";
import type { App } from "../app/app.ts";
import type { RunContext } from "../checks/context.ts";
import { loadCompose } from "../recipe/compose.ts";
import type { StageContext } from "../run/stage.ts";
import { Swarm } from "../swarm/swarm.ts";
import { frame } from "../testing/frame.ts";
import { backupStage } from "./backup.ts";

const STACK = "wiki-0a1b2c_ci_test";

/** A recipe that saves one file of a volume, which a hook makes. */
async function composeOf(labels: string[]) {
  const folder = await Deno.makeTempDir();
  try {
    const app = { image: "x:1", volumes: ["data:/data"], deploy: { labels } };
    await Deno.writeTextFile(
      `${folder}/compose.yml`,
      stringify({ version: "3.8", services: { app }, volumes: { data: null } }),
    );
    const compose = await loadCompose(folder, {});
    assert.ok(compose.ok);
    return compose;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** An engine whose backup bot has restic list these files of the app's volume, snapshot after snapshot. */
class FakeSwarm extends Swarm {
  constructor(snapshots: Readonly<Record<string, readonly string[]>>) {
    super("/nowhere");
    const spec = { Name: "backup_app", Labels: { "com.docker.stack.namespace": "backup" }, TaskTemplate: {} };
    const bot = [{ ID: "b", Spec: { ...spec, Mode: {} } }];
    this.docker.listServices = (() => Promise.resolve(bot)) as unknown as typeof this.docker.listServices;
    this.containerOf = () =>
      Promise.resolve({ Id: "c", Names: [], Labels: {}, State: "running", Status: "Up", Mounts: [] });
    this.containers = () => Promise.resolve([]);
    this.docker.getContainer = (() => ({
      exec: ({ Cmd: argv }: { Cmd: string[] }) => {
        const stream = new PassThrough();
        const root = `/var/lib/docker/volumes/${STACK}_data/_data`;
        const lines = (snapshots[argv.at(-1) ?? ""] ?? []).map((path) =>
          path.endsWith("/")
            ? JSON.stringify({ type: "dir", path: `${root}/${path.slice(0, -1)}` })
            : JSON.stringify({ type: "file", path: `${root}/${path}`, size: 7 })
        );
        stream.end(frame(1, lines.map((line) => `${line}\n`).join("")));
        return Promise.resolve({
          start: () => Promise.resolve(stream),
          inspect: () => Promise.resolve({ Running: false, ExitCode: 0 }),
        });
      },
    })) as unknown as typeof this.docker.getContainer;
  }
}

const path = "backupbot.backup.volumes.data.path=dump.sql";
const hook = "backupbot.backup.pre-hook=dump > /data/dump.sql";

/** Backs an app up. @param holds what each snapshot holds, the first one first */
async function backUp(labels: string[], holds: readonly (readonly string[])[]) {
  const told = { backups: 0, blemishes: [] as string[], proofs: [] as string[] };
  const clock = new FakeClock();
  const ctx = {
    clock,
    log: () => {},
    note: () => {},
    blemish: (text: string) => void told.blemishes.push(text),
    proof: (text: string) => void told.proofs.push(text),
    remaining: () => 60_000,
    signal: new AbortController().signal,
  } as unknown as StageContext;
  const swarm = new FakeSwarm(Object.fromEntries(holds.map((files, at) => [`snapshot${at + 1}`, files])));
  const app = {
    swarm,
    stack: STACK,
    backUp: () =>
      Promise.resolve({ id: `snapshot${++told.backups}`, time: clock.now(), failedHooks: [], cut: false }),
  } as unknown as App;
  const run = {
    compose: { head: await composeOf(["backupbot.backup=true", ...labels]), base: null },
    app: () => app,
    enrolment: { data: { seed: [], destroy: [], read: [] } },
    marker: "m4rk",
    send: () => {},
    saved: null,
  } as unknown as RunContext;
  const failure = await backupStage(run, ctx).then(() => null, (error: Error & { code?: string }) => error);
  return { ...told, failure, saved: run.saved };
}

Deno.test("a dump that the hook makes for the first time is in the second snapshot, and that is told", async () => {
  const { backups, blemishes, proofs, failure, saved } = await backUp([path, hook], [
    ["other"],
    ["other", "dump.sql"],
  ]);
  assert.equal(failure, null);
  assert.equal(backups, 2);
  assert.deepEqual(blemishes, [
    "dump.sql was not in the first snapshot, which the bot made before the hook was done",
  ]);
  assert.deepEqual(proofs, ["snapshot snapshot, 2 files"]);
  assert.equal(saved?.parts.length, 1);
});

Deno.test("a dump that is in no second snapshot either fails the stage, and there is no third", async () => {
  const { backups, blemishes, failure, saved } = await backUp([path, hook], [["other"], ["other"], [
    "dump.sql",
  ]]);
  assert.deepEqual([failure?.code, failure?.message], [
    "backup.path",
    '"dump.sql" of volume "data" is not in the snapshot',
  ]);
  assert.deepEqual([backups, blemishes, saved], [2, [], null]);
});

Deno.test("what is in the first snapshot, or is made by no hook, is backed up once", async () => {
  const whole = await backUp([path, hook], [["dump.sql"]]);
  assert.deepEqual([whole.failure, whole.backups, whole.blemishes], [null, 1, []]);
  const hookless = await backUp([path], [["other"]]);
  assert.equal(hookless.backups, 1);
  assert.match(hookless.blemishes.join(), /There is nothing at "dump\.sql" of volume "data"/);
});

Deno.test("a folder into which the hook wrote nothing fails the stage, after a second try", async () => {
  const folder = "backupbot.backup.volumes.data.path=dumps";
  const quiet = "backupbot.backup.pre-hook=true";
  const { failure, backups } = await backUp([folder, quiet], [["dumps/"], ["dumps/"]]);
  assert.deepEqual([failure?.code, failure?.message, backups], [
    "backup.path",
    '"dumps" of volume "data" is empty in the snapshot',
    2,
  ]);
  const full = await backUp([folder, quiet], [["dumps/", "dumps/all.sql"]]);
  assert.deepEqual([full.failure, full.backups, full.blemishes], [null, 1, []]);
});

Deno.test("a folder may be empty where no hook fills it, or the hook's dump is beside it", async () => {
  const hookless = await backUp(["backupbot.backup.volumes.data.path=uploads"], [["other", "uploads/"]]);
  assert.deepEqual([hookless.failure, hookless.backups], [null, 1]);
  const both = "backupbot.backup.volumes.data.path=uploads,dump.sql";
  const beside = await backUp([both, hook], [["uploads/", "dump.sql"]]);
  assert.deepEqual([beside.failure, beside.backups], [null, 1]);
});
