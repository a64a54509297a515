import assert from "node:assert/strict";
import { emptyReport } from "../run/stage.ts";
import { join } from "node:path";
import type * as z from "zod";
import { FileLock } from "../../common/file_lock.ts";
import { reportHost } from "./host_report.ts";
import { tidy } from "./janitor.ts";
import { noteImage } from "../images/pulled.ts";
import { roomAt } from "../run/disk.ts";
import { RunFolder } from "../run/folder.ts";
import { readSettings } from "../run/settings.ts";
import { engineInfo } from "../testing/engine.ts";
import { DockerError, type DockerObject, type Kind, type OwnedObject, Swarm } from "../swarm/swarm.ts";

const HOUR = 3_600_000;
const NOW = Date.parse("2026-01-02T00:00:00Z");

/** An engine with objects of a given age. */
class FakeSwarm extends Swarm {
  all: OwnedObject[];
  removed: string[] = [];
  /** What the backup bot's repository says when it is asked. */
  refusal: DockerError | null = null;
  readonly #stubborn: string;

  constructor(all: OwnedObject[], stubborn = "", socket = "/nowhere") {
    super(socket);
    this.all = all;
    this.#stubborn = stubborn;
  }
  override allObjects() {
    return Promise.resolve(this.all);
  }
  override services() {
    return Promise.resolve([]);
  }
  override tasks() {
    return Promise.resolve([]);
  }
  override containers() {
    return Promise.resolve([]);
  }
  /** Answers the search for the backup bot: there is none. */
  override ask<T extends z.ZodType>(
    _action: string,
    _call: () => Promise<unknown>,
    shape: T,
  ): Promise<z.infer<T>> {
    if (this.refusal !== null) return Promise.reject(this.refusal);
    return Promise.resolve(shape.parse([]));
  }
  override remove(object: DockerObject): Promise<void> {
    if (object.name === this.#stubborn) return Promise.reject(new Error(`${object.name} is in use`));
    this.removed.push(object.name);
    this.all = this.all.filter((one) => one.id !== object.id);
    return Promise.resolve();
  }
}

function object(kind: Kind, name: string, owner: { stack?: string; hours?: number }): OwnedObject {
  const { stack = null, hours } = owner;
  return {
    kind,
    id: `${kind} ${name}`,
    name,
    stack,
    ...(hours === undefined ? {} : { changedAt: NOW - hours * HOUR }),
  };
}

async function withRuns(work: (runs: string) => Promise<void>) {
  const runs = await Deno.makeTempDir();
  try {
    await work(runs);
  } finally {
    await Deno.remove(runs, { recursive: true });
  }
}

function settingsIn(runs: string) {
  const env: Record<string, string> = { CCCI_BASE_DOMAIN: "ci.test", CCCI_RUNS: runs };
  return readSettings((name) => env[name]);
}

async function makeRun(runs: string, run: string) {
  const source = { kind: "url", url: "https://git.test/a/wiki", revision: null } as const;
  const request = {
    mode: "local",
    run,
    recipe: "wiki",
    source,
    base: null,
    only: null,
    keep: false,
  } as const;
  return await RunFolder.create(join(runs, run), {
    request,
    settings: settingsIn(runs),
    startedAt: "2026-01-01T00:00:00.000Z",
  });
}

/** Runs of every kind there is, each with a volume of its first app that is days old. */
async function scene(runs: string) {
  const made = {
    live: await makeRun(runs, "alive1-1"),
    dead: await makeRun(runs, "dead01-1"),
    kept: await makeRun(runs, "kept01-1"),
  };
  await made.kept.folder.setState("kept");
  for (const one of [made.dead, made.kept]) one.lock[Symbol.dispose]();
  const volume = (run: keyof typeof made) => `${made[run].plan.apps[0]?.stack}_data`;
  const stack = (run: keyof typeof made) => made[run].plan.apps[0]?.stack ?? "";
  const all = (["live", "dead", "kept"] as const).map((run) =>
    object("volume", volume(run), { stack: stack(run), hours: 48 })
  );
  return { ...made, all, volume };
}

for (const state of ["kept", "clean"] as const) {
  Deno.test(`a run that ends as ${state} while the janitor looks around is left alone`, () =>
    withRuns(async (runs) => {
      const { folder, plan, lock } = await makeRun(runs, "ended1-1");
      const volume = object("volume", `${plan.apps[0]?.stack}_data`, {});
      const swarm = new FakeSwarm([volume]);
      const { take } = FileLock;
      FileLock.take = async (path) => {
        if (path === folder.lock) {
          await folder.setState(state);
          await Deno.writeTextFile(folder.result, "{}");
          lock[Symbol.dispose]();
        }
        return await take(path);
      };
      const said: string[] = [];
      try {
        const options = { settings: settingsIn(runs), now: () => NOW };
        await tidy({ ...options, swarm, announce: (text) => void said.push(text) });
      } finally {
        FileLock.take = take;
      }
      assert.deepEqual([swarm.removed, said, await folder.state()], [[], [], state]);
    }));
}

Deno.test("only what a dead run left is removed: neither a live run's, nor a kept one's, nor a witness'", () =>
  withRuns(async (runs) => {
    const { live, dead, all, volume } = await scene(runs);
    using _lock = live.lock;
    const witness = object("volume", "witness_data", { stack: "witness", hours: 480 });
    const foreign = object("service", "wiki_ci_test_app", { stack: "wiki_ci_test", hours: 480 });
    const elsewhere = object("service", "wiki-0a1b2c_ci_other_app", {
      stack: "wiki-0a1b2c_ci_other",
      hours: 480,
    });
    const swarm = new FakeSwarm([...all, witness, foreign, elsewhere]);
    const said: string[] = [];
    const options = {
      swarm,
      settings: settingsIn(runs),
      announce: (text: string) => said.push(text),
      now: () => NOW,
    };

    const plan = await tidy({ ...options, dryRun: true });
    assert.deepEqual(plan, { cleaned: ["dead01-1"], removed: [], images: [], stuck: {} });
    assert.match(said.join(), new RegExp(`dead01-1.*volume "${volume("dead")}"`));
    assert.deepEqual(swarm.removed, [], "a dry run changes nothing");
    assert.equal(await dead.folder.state(), "open");

    assert.deepEqual(await tidy(options), { cleaned: ["dead01-1"], removed: [], images: [], stuck: {} });
    assert.deepEqual(swarm.removed, [volume("dead")]);
    assert.equal(await dead.folder.state(), "clean");
    assert.equal(JSON.parse(await Deno.readTextFile(dead.folder.result)).result, "infra");
    assert.deepEqual(
      await tidy(options),
      { cleaned: [], removed: [], images: [], stuck: {} },
      "nothing is done twice",
    );
  }));

Deno.test("a stack of ours that no run knows goes once nothing in it has changed for long enough", () =>
  withRuns(async (runs) => {
    const old = "wiki-0a1b2c_ci_test";
    const young = "wiki-0a1b2d_ci_test";
    const ageless = "wiki-0a1b2e_ci_test";
    const swarm = new FakeSwarm([
      object("service", `${old}_app`, { stack: old, hours: 3 }),
      object("secret", `${old}_key_v1`, { hours: 4 }), // as abra makes them: without a label
      object("volume", `${young}_data`, { stack: young, hours: 400 }),
      object("service", `${young}_app`, { stack: young, hours: 2.9 }),
      object("service", `${ageless}_app`, { stack: ageless }),
    ]);
    const report = await tidy({ swarm, settings: settingsIn(runs), announce: () => {}, now: () => NOW });
    assert.deepEqual(report, { cleaned: [], removed: [old], images: [], stuck: {} });
    assert.deepEqual(swarm.removed, [`${old}_app`, `${old}_key_v1`]);
  }));

Deno.test("snapshots of a stack that no run knows go with it, and are counted where they do not", () =>
  withRuns(async (runs) => {
    const old = "wiki-0a1b2c_ci_test";
    const swarm = new FakeSwarm([object("volume", `${old}_data`, { stack: old, hours: 4 })]);
    swarm.refusal = new DockerError("ask the repository", { code: "backup.restic" });
    const report = await tidy({ swarm, settings: settingsIn(runs), announce: () => {}, now: () => NOW });
    assert.deepEqual(swarm.removed, [`${old}_data`]);
    assert.match(report.stuck[`stack ${old}`]?.join() ?? "", /^snapshots of wiki-0a1b2c\.ci\.test: /);
  }));

Deno.test("what cannot be removed is counted, and does not keep the rest from being removed", () =>
  withRuns(async (runs) => {
    for (const run of ["dead01-1", "dead02-1"]) {
      const { lock, folder } = await makeRun(runs, run);
      lock[Symbol.dispose]();
      // A folder in the result's place: writing it fails.
      if (run === "dead01-1") await Deno.mkdir(`${folder.result}.new`);
    }
    const swarm = new FakeSwarm([]);
    const options = { swarm, settings: settingsIn(runs), announce: () => {}, now: () => NOW };
    await tidy({ ...options, dryRun: true });
    assert.equal((await reportHost(runs, { disks: [runs], facts: { floor: true } })).janitor, null);
    const report = await tidy(options);
    assert.deepEqual(Object.keys(report.stuck), ["run dead01-1"]);
    assert.ok(report.cleaned.includes("dead02-1"));
    const host = await reportHost(runs, { disks: [runs], facts: { floor: true } });
    assert.deepEqual(host.janitor, { at: new Date(NOW).toISOString(), stuck: 1 });
    assert.equal(host.floor, true);
    assert.ok((host.freeBytes ?? 0) > 0);
    const counted = (await roomAt(runs))?.inodes;
    assert.equal(
      host.freeInodes === undefined,
      counted === null,
      "inodes are told where the disk counts them",
    );
  }));

Deno.test("a run that died after its teardown gets the result that it owes", () =>
  withRuns(async (runs) => {
    const { lock, folder } = await makeRun(runs, "dead01-1");
    await folder.setState("clean");
    const report = { ...emptyReport("teardown", "passed"), seconds: 1 };
    await folder.append({ t: "2026-01-01T00:00:00.000Z", type: "stage.finished", report });
    lock[Symbol.dispose]();
    const swarm = new FakeSwarm([]);
    await tidy({ swarm, settings: settingsIn(runs), announce: () => {}, now: () => NOW });
    const result = JSON.parse(await Deno.readTextFile(folder.result));
    assert.equal(result.result, "infra");
    const teardowns = result.stages.filter((one: { name: string }) => one.name === "teardown");
    assert.equal(teardowns.length, 1);
  }));

/** An engine with images, of which it does not remove one that is damaged. */
class ImageSwarm extends FakeSwarm {
  images: string[];

  constructor(runs: string, { images, damaged }: { images: string[]; damaged: string }) {
    super([], "", join(runs, "docker.sock"));
    this.images = images;
    const getImage = (id: string) => ({
      inspect: () => Promise.resolve(this.#listed(id)),
      remove: () => {
        if (id === damaged) return Promise.reject(Object.assign(new Error("no layer"), { statusCode: 500 }));
        this.images = this.images.filter((one) => one !== id);
        return Promise.resolve();
      },
    });
    const listImages = () => Promise.resolve(this.images.map((id) => this.#listed(id)));
    const none = () => Promise.resolve([]);
    Object.assign(this.docker, { getImage, listImages, listContainers: none, listServices: none });
  }
  #listed(id: string) {
    return { Id: id, RepoTags: [`${id}:1`], RepoDigests: [], Size: 1e6 };
  }
  override async ask<T extends z.ZodType>(
    _action: string,
    call: () => Promise<unknown>,
    shape: T,
  ): Promise<z.infer<T>> {
    return shape.parse(await call());
  }
  override info() {
    return Promise.resolve(engineInfo("/tmp"));
  }
}

Deno.test("images that were removed for want of room are told, and those that could not be are counted", () =>
  withRuns(async (runs) => {
    const swarm = new ImageSwarm(runs, { images: ["theirs", "old", "damaged"], damaged: "damaged" });
    for (const [id, at] of [["damaged", "2026-01-01T00:00:00Z"], ["old", "2026-01-01T12:00:00Z"]] as const) {
      const image = { id, name: `${id}:1`, was: null, published: null };
      await noteImage(runs, { image, recipe: "wiki", at });
    }
    const said: string[] = [];
    const announce = (text: string) => void said.push(text);
    const settings = { ...settingsIn(runs), IMAGES_ABOVE: 0 };
    const dry = await tidy({ swarm, settings, announce, now: () => NOW, dryRun: true });
    assert.deepEqual([dry.images, swarm.images.length], [["damaged:1", "old:1"], 3]);
    const report = await tidy({ swarm, settings, announce, now: () => NOW });
    assert.deepEqual(report, {
      cleaned: [],
      removed: [],
      images: ["old:1"],
      stuck: { images: ["damaged:1"] },
    });
    assert.deepEqual(swarm.images, ["theirs", "damaged"]);
    assert.match(
      said.at(-1) ?? "",
      /^"\/tmp" is full to .*; removing image "old:1" \(1\.0 MB\), last used 12 h ago$/,
    );
    const { janitor } = await reportHost(runs, { disks: [runs], facts: { floor: true } });
    assert.deepEqual(janitor, { at: new Date(NOW).toISOString(), stuck: 1, images: 1 });
  }));

Deno.test("a provider that a run may take over while folders are read stays, as it was not too old before", async () => {
  await withRuns(async (runs) => {
    const limitHours = settingsIn(runs).JANITOR_MAX_AGE / 3600;
    const provider = object("service", "keyc-0a1b2c_ci_test_app", {
      stack: "keyc-0a1b2c_ci_test",
      hours: limitHours - 1 / 3600,
    });
    let now = NOW;
    const swarm = new class extends FakeSwarm {
      override allObjects() {
        now += 10_000; // as long as the looks at Docker and at the folders take
        return super.allObjects();
      }
    }([provider]);
    const options = { swarm, settings: settingsIn(runs), announce: () => {}, now: () => now };
    assert.deepEqual((await tidy(options)).removed, []);
    assert.deepEqual((await tidy(options)).removed, ["keyc-0a1b2c_ci_test"]);
  });
});
