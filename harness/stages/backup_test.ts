import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { stringify } from "yaml";
import { FakeClock } from "../../common/testing/fake_clock.ts";
import type { App } from "../app/app.ts";
import type { RunContext } from "../checks/context.ts";
import { loadCompose } from "../recipe/compose.ts";
import { type StageContext, StageFailure } from "../run/stage.ts";
import { Swarm } from "../swarm/swarm.ts";
import { frame } from "../testing/frame.ts";
import { backupStage } from "./backup.ts";

const STACK = "wiki-0a1b2c_ci_test";

/** A script that a hook may call, as a config of the recipe. */
const SCRIPT = "#!/bin/sh\nFILE=/data/dumps/all.sql\npg_dump > $FILE || true\n";

/** A recipe that saves one file of a volume, which a hook makes, in a folder of its own. */
async function recipeOf(labels: string[], volumes: string[]) {
  const folder = await Deno.makeTempDir();
  const app = {
    image: "x:1",
    volumes: ["data:/data", ...volumes.map((one) => `${one}:/${one}`)],
    configs: [{ source: "dump", target: "/dump.sh" }],
    deploy: { labels },
  };
  const named = Object.fromEntries(["data", ...volumes].map((one) => [one, null]));
  await Deno.writeTextFile(`${folder}/dump.sh`, SCRIPT);
  await Deno.writeTextFile(
    `${folder}/compose.yml`,
    stringify({
      version: "3.8",
      services: { app },
      volumes: named,
      configs: { dump: { file: "dump.sh" } },
    }),
  );
  const compose = await loadCompose(folder, {});
  assert.ok(compose.ok);
  return {
    folder,
    compose,
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

/**
 * An engine whose backup bot has restic list these files of the app's volume `data`, or of one that is named before a
 * colon, snapshot after snapshot. A file with `!` holds nothing.
 */
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
        const lines = (snapshots[argv.at(-1) ?? ""] ?? []).map((entry) => {
          const [, volume = "data", name = ""] = /^(?:(\w+):)?(.*?)[/!]?$/.exec(entry) ?? [];
          const root = `/var/lib/docker/volumes/${STACK}_${volume}/_data`;
          const path = name === "" ? root : `${root}/${name}`;
          return JSON.stringify(
            entry.endsWith("/")
              ? { type: "dir", path }
              : { type: "file", path, size: entry.endsWith("!") ? 0 : 7 },
          );
        });
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

/**
 * Backs an app up. @param holds what each snapshot holds, the first one first
 * @param more.fails what the bot says when it makes each of the snapshots; null: it makes it
 */
async function backUp(
  labels: string[],
  holds: readonly (readonly string[])[],
  { backup = {}, fails = [], off = false, volumes = [] }: {
    backup?: { expect?: string[]; retry?: boolean };
    fails?: (string | null)[];
    off?: boolean;
    /** Volumes beside `data`, each mounted at its name. */
    volumes?: string[];
  } = {},
) {
  await using recipe = await recipeOf([...(off ? [] : ["backupbot.backup=true"]), ...labels], volumes);
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
    checkout: recipe.folder,
    backUp: () =>
      (fails[told.backups++] ?? null) === null
        ? Promise.resolve({ id: `snapshot${told.backups}`, time: clock.now(), failedHooks: [], cut: false })
        : Promise.reject(new StageFailure(fails[told.backups - 1] ?? "")),
  } as unknown as App;
  const run = {
    compose: { head: recipe.compose, base: null },
    app: () => app,
    enrolment: { data: { seed: [], destroy: [], read: [] }, backup: { expect: [], retry: false, ...backup } },
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

const folders = "backupbot.backup.volumes.data.path=uploads,dumps";

for (
  const [what, command] of [
    ["its command", "pg_dump > /data/dumps/all.sql || true"],
    ["a script that it calls", "/dump.sh backup"],
    ["a path within the volume", "cd /data; pg_dump > dumps/all.sql"],
  ] as const
) {
  Deno.test(`a hook that wrote nothing where ${what} names a place fails the stage, though another place is filled`, async () => {
    const hook = `backupbot.backup.pre-hook=${command}`;
    const silent = await backUp([folders, hook], [["uploads/", "uploads/a", "dumps/"], [
      "uploads/",
      "uploads/a",
      "dumps/",
    ]]);
    assert.deepEqual([silent.failure?.code, silent.failure?.message, silent.backups], [
      "backup.path",
      '"dumps" of volume "data" is empty in the snapshot',
      2,
    ]);
    const done = await backUp([folders, hook], [["uploads/", "dumps/", "dumps/all.sql"]]);
    assert.deepEqual([done.failure, done.backups, done.blemishes], [null, 1, []]);
  });
}

Deno.test("a dump without content is none, and what a hook reads may be empty", async () => {
  const hollow = await backUp([path, hook], [["dump.sql!"], ["dump.sql!"]]);
  assert.equal(hollow.failure?.message, '"dump.sql" of volume "data" is empty in the snapshot');
  const reads = "backupbot.backup.pre-hook=tar -cf /data/dumps/all.tar /data/uploads";
  const made = await backUp([folders, reads], [["uploads/", "dumps/", "dumps/all.tar"]]);
  assert.deepEqual([made.failure, made.backups], [null, 1]);
});

Deno.test("a volume that is there for a hook's dumps has to hold one", async () => {
  const hook = "backupbot.backup.pre-hook=pg_dump > /dumps/all.sql || true";
  const without = ["a", "dumps:/"];
  const silent = await backUp([hook], [without, without], { volumes: ["dumps"] });
  assert.equal(silent.failure?.message, 'Volume "dumps" is empty in the snapshot');
  const done = await backUp([hook], [[...without, "dumps:all.sql"]], { volumes: ["dumps"] });
  assert.deepEqual([done.failure, done.backups], [null, 1]);
});

Deno.test("a path that recipe.yml expects has to be in the snapshot, with content, whatever the labels say", async () => {
  const backup = { expect: ["data/dumps/all.sql"] };
  const whole = await backUp([], [["dumps/all.sql"]], { backup });
  assert.deepEqual([whole.failure, whole.backups, whole.blemishes], [null, 1, []]);
  const lacking = await backUp([], [["other"]], { backup });
  assert.deepEqual([lacking.failure?.code, lacking.failure?.message, lacking.backups], [
    "backup.expect",
    '"dumps/all.sql" of volume "data" is not in the snapshot, which backup.expect in recipe.yml asks for',
    1,
  ]);
  const narrow = await backUp([path], [["dump.sql"]], { backup });
  assert.equal(
    detailOf(narrow.failure),
    'Of the volume, the label backupbot.backup.volumes.data.path saves "dump.sql"',
  );
  const out = await backUp(["backupbot.backup.volumes.data=false"], [[]], { backup });
  assert.equal(detailOf(out.failure), "The label backupbot.backup.volumes.data=false leaves the volume out");
  const empty = await backUp([], [["dumps/"]], { backup: { expect: ["data/dumps"] } });
  assert.match(empty.failure?.message ?? "", /^"dumps" of volume "data" is empty in the snapshot/);
  const labelled = await backUp([path], [["dump.sql"]], { backup: { expect: ["data/dump.sql"] } });
  assert.equal(labelled.failure, null);
  const late = await backUp([hook], [["other"], ["other", "dump.sql"]], {
    backup: { expect: ["data/dump.sql"] },
  });
  assert.deepEqual([late.failure, late.backups, late.blemishes.length], [null, 2, 1]);
});

Deno.test("where recipe.yml expects something, labels that are gone are a failure, and a volume that is none is its mistake", async () => {
  const gone = await backUp([], [], { backup: { expect: ["data/dump.sql"] }, off: true });
  assert.deepEqual([gone.failure?.code, detailOf(gone.failure)], [
    "backup.labels",
    "backup.expect in recipe.yml asks for data/dump.sql in a backup",
  ]);
  const { failure, backups } = await backUp([], [], { backup: { expect: ["date/dump.sql"] } });
  assert.match(
    failure?.message ?? "",
    /^recipe\.yml: backup\.expect names volume "date", .* probably meant as "data"$/,
  );
  assert.deepEqual([failure instanceof StageFailure && failure.fault, backups], ["enrolment", 0]);
});

Deno.test("a backup that fails is made a second time where recipe.yml allows it, and that is told", async () => {
  const once = await backUp([], [["other"], ["other"]], { fails: ["busy", null] });
  assert.deepEqual([once.failure?.message, once.backups], ["busy", 1]);
  const backup = { retry: true };
  const twice = await backUp([], [[], ["other"]], { fails: ["busy", null], backup });
  assert.deepEqual([twice.failure, twice.backups, twice.blemishes], [null, 2, [
    "It took a second backup, since the first one failed: busy",
  ]]);
  const never = await backUp([], [], { fails: ["busy", "still busy"], backup });
  assert.deepEqual([never.failure?.message, never.backups, never.blemishes], ["still busy", 2, []]);
  const late = await backUp([], [["other"], ["other", "x.sql"]], {
    backup: { retry: true, expect: ["data/x.sql"] },
  });
  assert.deepEqual([late.failure, late.backups], [null, 2]);
  assert.match(
    late.blemishes.join(),
    /^It took a second backup, .*"x\.sql" of volume "data" is not in the snapshot/,
  );
  // A label may name what nobody has written yet: that is no failure, and no second backup would help.
  const nothing = await backUp([path], [["other"], ["other"]], { backup });
  assert.deepEqual([nothing.failure, nothing.backups], [null, 1]);
});

function detailOf(failure: Error | null): string | undefined {
  return failure instanceof StageFailure ? failure.detail : undefined;
}
