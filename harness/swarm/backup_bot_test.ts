import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { PassThrough } from "node:stream";
import { frame } from "../testing/frame.ts";
import { FakeClock } from "../../common/testing/fake_clock.ts";
import { forgetSnapshots, lookIntoSnapshot } from "./backup_bot.ts";
import { DockerError, Swarm } from "./swarm.ts";
import type { ContainerObject } from "./schema.ts";

const APP = { stack: "wiki-0a1b2c_ci_test", domain: "wiki-0a1b2c.ci.test" };

/** What restic answers to a command. */
type Restic = (command: string, rest: string[]) => { code?: number; stdout?: string; stderr?: string };

/** An engine with a backup bot, whose container comes back after some looks. */
class FakeSwarm extends Swarm {
  looks = 0;
  calls: string[] = [];
  readonly #away: number;

  constructor(away: number, restic: Restic) {
    super("/nowhere");
    this.#away = away;
    const spec = { Name: "backup_app", Labels: { "com.docker.stack.namespace": "backup" }, TaskTemplate: {} };
    this.docker.listServices = (() =>
      Promise.resolve([{
        ID: "b",
        Spec: { ...spec, Mode: {} },
      }])) as unknown as typeof this.docker.listServices;
    this.docker.getContainer = (() => ({
      exec: ({ Cmd: [, , command = "", ...rest] }: { Cmd: string[] }) => {
        this.calls.push([command, ...rest].join(" "));
        const { code = 0, stdout = "", stderr = "" } = restic(command, rest);
        const stream = new PassThrough();
        stream.end(Buffer.concat([frame(1, stdout), frame(2, stderr)]));
        return Promise.resolve({
          start: () => Promise.resolve(stream),
          inspect: () => Promise.resolve({ Running: false, ExitCode: code }),
        });
      },
    })) as unknown as typeof this.docker.getContainer;
  }
  override containerOf(): Promise<ContainerObject> {
    if (this.looks++ < this.#away) {
      return Promise.reject(new DockerError("find the bot", { code: "docker.no-container" }));
    }
    return Promise.resolve({ Id: "c", Names: [], Labels: {}, State: "running", Status: "Up", Mounts: [] });
  }
}

const ROOT = "/var/lib/docker/volumes";

/** What restic lists of a snapshot with these files, their sizes by path. */
function listing(files: Record<string, number>): string {
  const lines = Object.entries(files).map(([path, size]) =>
    JSON.stringify({
      struct_type: "node",
      type: size < 0 ? "dir" : "file",
      path,
      ...(size > 0 ? { size } : {}),
    })
  );
  return `${JSON.stringify({ struct_type: "snapshot", id: "one", paths: [ROOT] })}\n${lines.join("\n")}\n`;
}

const PATIENCE = { timeoutMs: 60_000, signal: new AbortController().signal };
const listed = JSON.stringify([
  { id: "one", tags: [APP.stack] },
  { id: "two", tags: [`${APP.domain}:1.0.0`] },
  { id: "foreign", tags: [`${APP.stack}x`] },
]);
const forget = (swarm: Swarm) =>
  forgetSnapshots(swarm, { app: APP, limitMs: 10_000, clock: new FakeClock() });

Deno.test("a snapshot is looked through to its end, however many files it holds", async () => {
  const many = Object.fromEntries(
    Array.from({ length: 15_000 }, (_, at) => [`${ROOT}/${APP.stack}_a/_data/${"x".repeat(240)}${at}`, 1]),
  );
  const last = `${ROOT}/${APP.stack}_zzz/_data/.marker`;
  const swarm = new FakeSwarm(0, () => ({ stdout: listing({ ...many, [last]: 8 }) }));
  const places = [{ volume: `${APP.stack}_zzz`, path: ".marker" }];
  const seen = await lookIntoSnapshot(swarm, "one", { places, ours: [], ...PATIENCE });
  assert.deepEqual(seen, { files: 15_001, missing: [], empty: [], hollow: [] });
});

Deno.test("what a snapshot lacks is told from what is elsewhere, is empty, or is a secret", async () => {
  const data = `${ROOT}/${APP.stack}_data/_data`;
  const swarm = new FakeSwarm(0, () => ({
    stdout: listing({
      [data]: -1,
      [`${data}/deep`]: -1,
      [`${data}/deep/dump.sql`]: 9,
      [`${data}/other.sql`]: 0,
      [`${ROOT}/${APP.stack}_data2/_data/a.sql`]: 9,
      [`/secrets/${APP.stack}_password_v1`]: 9,
    }),
  }));
  const places = ["dump.sql", "other.sql", "a.sql", "deep"].map((path) => ({
    volume: `${APP.stack}_data`,
    path,
  }));
  const seen = await lookIntoSnapshot(swarm, "one", { places, ours: [], ...PATIENCE });
  assert.equal(seen.files, 3);
  assert.deepEqual(seen.missing.map(({ path }) => path), ["dump.sql", "a.sql"]);
  assert.deepEqual(seen.empty.map(({ path }) => path), ["other.sql"]);
});

Deno.test("a folder in which nothing is except what we put there holds nothing of the app's", async () => {
  const data = `${ROOT}/wiki_data/_data`;
  const swarm = new FakeSwarm(0, () => ({
    stdout: listing({
      [`${data}/dumps`]: -1,
      [`${data}/dumps/.marker`]: 8,
      [`${data}/dumps/old`]: -1,
      [`${data}/full`]: -1,
      [`${data}/full/.marker`]: 8,
      [`${data}/full/deep`]: -1,
      [`${data}/full/deep/a.sql`]: 9,
    }),
  }));
  const at = (path: string) => ({ volume: "wiki_data", path });
  const ours = [at("dumps/.marker"), at("full/.marker")];
  const places = [...ours, at("dumps"), at("full")];
  const seen = await lookIntoSnapshot(swarm, "one", { places, ours, ...PATIENCE });
  assert.deepEqual([seen.missing, seen.empty, seen.hollow], [[], [], [at("dumps")]]);
});

Deno.test("a bot that has gone says nothing of what a snapshot lacks", async () => {
  const swarm = new FakeSwarm(0, () => ({}));
  swarm.docker.listServices = (() => Promise.resolve([])) as unknown as typeof swarm.docker.listServices;
  const places = [{ volume: "wiki_data", path: "dump.sql" }];
  const look = lookIntoSnapshot(swarm, "one", { places, ours: [], ...PATIENCE, clock: new FakeClock() });
  await assert.rejects(look, (error: DockerError) => /Could not find the backup bot/.test(error.message));
});

Deno.test("a bot that is being restarted is waited for, and then forgets this app's snapshots only", async () => {
  const swarm = new FakeSwarm(5, (command) => ({ stdout: command === "snapshots" ? listed : "" }));
  await forget(swarm);
  assert.equal(swarm.calls.at(-1), "forget --prune one two");
});

Deno.test("the lock of a backup that was killed is taken away", async () => {
  let locked = true;
  const swarm = new FakeSwarm(0, (command) => {
    if (command === "unlock") locked = false;
    if (command !== "forget") return { stdout: command === "snapshots" ? listed : "" };
    return locked ? { code: 1, stderr: "repository is already locked by PID 1" } : {};
  });
  await forget(swarm);
  assert.deepEqual(swarm.calls.slice(-1), ["forget --prune one two"]);
});

Deno.test("a snapshot that another run forgets meanwhile does not keep this run's from being forgotten", async () => {
  let looks = 0;
  const swarm = new FakeSwarm(0, (command) => {
    if (command !== "snapshots") return {};
    return looks++ === 0
      ? { code: 1, stderr: "Load(<snapshot/0a1b2c3d>, 0, 0) returned error: no such file" }
      : { stdout: listed };
  });
  await forget(swarm);
  assert.equal(swarm.calls.at(-1), "forget --prune one two");
});

Deno.test("a bot that stays away, or a repository that refuses for good, is an error in the end", async () => {
  const away = new FakeSwarm(1_000, () => ({}));
  await assert.rejects(forget(away), { code: "docker.no-container" });
  assert.equal(away.looks, 21);
  const broken = new FakeSwarm(0, () => ({ code: 1, stderr: "wrong password" }));
  await assert.rejects(forget(broken), /wrong password/);
  assert.equal(broken.calls.length, 21);
});

Deno.test("a repository in which others work is waited for longer than a bot that is away", async () => {
  let tries = 0;
  const swarm = new FakeSwarm(0, (command) => {
    if (command === "snapshots") return { stdout: listed };
    if (command === "unlock" || ++tries > 60) return {};
    return { code: 1, stderr: "unable to create lock in backend: repository is already locked by PID 7" };
  });
  await forgetSnapshots(swarm, { app: APP, limitMs: 10_000, lockedMs: 120_000, clock: new FakeClock() });
  assert.equal(swarm.calls.at(-1), "forget --prune one two");
  tries = -1000;
  await assert.rejects(forget(swarm), /already locked/);
});
