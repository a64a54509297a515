import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { dirname, join } from "node:path";
import { exec } from "../../common/exec.ts";
import { create, hookArgv, restore, snapshots } from "./bot.ts";
import type { Service } from "./labels.ts";

const APP = { name: "note.ci", stack: "note_ci" };
const LABELS = {
  "com.docker.stack.namespace": "note_ci",
  "backupbot.backup": "true",
  "backupbot.backup.pre-hook": "dump",
  "backupbot.backup.post-hook": "clean",
  "backupbot.restore.post-hook": "load",
};

/** A bot over a folder of volumes, with an engine and a restic that are played; what happens is in `events`. */
async function scene(
  options: {
    labels?: Record<string, string>;
    failing?: string;
    running?: boolean;
    secrets?: { SecretName: string; File: { Name: string } }[];
  } = {},
) {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  const root = join(folder, "volumes");
  const data = join(root, "note_ci_data", "_data");
  const foreign = join(root, "other_data", "_data");
  for (const path of [data, foreign]) await Deno.mkdir(path, { recursive: true });
  const store = join(folder, "repository");
  await Deno.mkdir(store);
  const events: string[] = [];
  const log: string[] = [];
  const made: { id: string; tag: string }[] = [{ id: "0thers00", tag: "other" }];
  const service: Service = {
    Spec: {
      Name: "note_ci_app",
      Labels: { ...LABELS, ...options.labels },
      TaskTemplate: {
        ContainerSpec: {
          Mounts: [{ Type: "volume", Source: "note_ci_data" }],
          Secrets: options.secrets ?? [],
        },
      },
    },
  };
  return {
    data,
    foreign,
    events,
    log,
    made,
    store,
    bot: {
      root,
      secrets: join(folder, "secrets"),
      log: (_level: string, message: string) => void log.push(message),
      engine: {
        services: () => Promise.resolve([service]),
        containerOf: (name: string) =>
          Promise.resolve(options.running === false ? undefined : { id: "c1", name: `${name}.1.x` }),
        exec(_container: string, argv: string[]) {
          const command = argv.at(-1) ?? "";
          events.push(command);
          return Promise.resolve(
            command === options.failing ? { code: 3, output: "no space" } : { code: 0, output: "printed" },
          );
        },
      },
      async restic(args: string[]) {
        const [command = ""] = args;
        events.push(command);
        if (command === "backup") {
          const id = `${made.length}aaaaaaa`;
          for (const path of args.slice(args.indexOf("--") + 1)) await copy(path, join(store, id, path));
          made.push({ id, tag: args[args.indexOf("--tag") + 1] ?? "" });
        }
        if (command === "restore") {
          await copy(join(store, args[1] ?? ""), args[args.indexOf("--target") + 1] ?? "");
        }
        const tag = args[args.indexOf("--tag") + 1];
        return command === "snapshots"
          ? JSON.stringify(
            made.filter((one) => one.tag === tag)
              .map(({ id }, at) => ({ id, short_id: id, time: `2026-01-0${at + 1}T00:00:00Z` })),
          )
          : "";
      },
    },
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

async function copy(from: string, to: string): Promise<void> {
  await Deno.mkdir(dirname(to), { recursive: true });
  equal((await exec(["cp", "--archive", "--no-target-directory", from, to])).code, 0);
}

Deno.test("a backup runs its hooks around one snapshot that is tagged with the stack", async () => {
  await using it = await scene();
  await create(APP, it.bot);
  deepEqual(it.events, ["dump", "backup", "clean"]);
  equal(it.made.at(-1)?.tag, "note_ci");
});

Deno.test("a restore brings back what was destroyed, then runs its hook; files made since stay", async () => {
  await using it = await scene();
  await Deno.mkdir(join(it.data, "sub"));
  await Deno.writeTextFile(join(it.data, "sub", "file"), "before");
  await create(APP, it.bot);
  await Deno.remove(join(it.data, "sub"), { recursive: true });
  await Deno.writeTextFile(join(it.data, "later"), "x");
  it.events.length = 0;
  await restore(APP, { wanted: "latest", bot: it.bot });
  equal(await Deno.readTextFile(join(it.data, "sub", "file")), "before");
  equal(await Deno.readTextFile(join(it.data, "later")), "x");
  deepEqual(it.events, ["snapshots", "restore", "load"]);
});

Deno.test("a restore works beside the data, so that all it leaves when killed goes with the volume", async () => {
  await using it = await scene();
  await Deno.writeTextFile(join(it.data, "file"), "plain");
  await create(APP, it.bot);
  const scratch = join(dirname(it.data), "restore");
  const { restic } = it.bot;
  const watched = {
    ...it.bot,
    restic: async (args: string[]) => {
      const printed = await restic(args);
      if (args[0] === "restore") {
        await Deno.writeTextFile(
          join(scratch, "left"),
          args[args.indexOf("--target") + 1] ?? "",
        );
      }
      return printed;
    },
  };
  await restore(APP, { wanted: "latest", bot: watched });
  await rejects(Deno.lstat(scratch), Deno.errors.NotFound);
  await Deno.mkdir(scratch);
  await Deno.writeTextFile(join(scratch, "left"), "by one that was killed");
  await restore(APP, { wanted: "latest", bot: it.bot });
  await rejects(Deno.lstat(scratch), Deno.errors.NotFound);
});

Deno.test("a failing hook is logged with what it printed, and the backup goes on without it", async () => {
  await using it = await scene({ failing: "dump" });
  await create(APP, it.bot);
  match(it.log.join("\n"), /Failed to run command dump in note_ci_app\.1\.x: no space/);
  deepEqual(it.events, ["dump", "backup", "clean"]);
});

Deno.test("a failing hook does not fail a restore either", async () => {
  await using it = await scene({ failing: "load" });
  await create(APP, it.bot);
  await restore(APP, { wanted: "latest", bot: it.bot });
  match(it.log.join("\n"), /Failed to run command load/);
});

Deno.test("every snapshot holds the app's secrets, and nothing of them stays with the bot", async () => {
  await using it = await scene({ secrets: [{ SecretName: "note_ci_key_v1", File: { Name: "key" } }] });
  await create(APP, it.bot);
  deepEqual(it.events, ["/run/secrets/key", "dump", "backup", "clean"]);
  const saved = join(it.store, it.made.at(-1)?.id ?? "", it.bot.secrets, APP.stack, "note_ci_key_v1");
  equal(await Deno.readTextFile(saved), "printed");
  await rejects(Deno.lstat(join(it.bot.secrets, APP.stack)), Deno.errors.NotFound);
});

Deno.test("a hook whose container is away fails the backup", async () => {
  await using it = await scene({ running: false });
  await rejects(create(APP, it.bot), /note_ci_app contains hooks but it's not running/);
  deepEqual(it.events, []);
});

Deno.test("an app without the label is not saved", async () => {
  await using it = await scene({ labels: { "backupbot.backup": "false" } });
  await rejects(create(APP, it.bot), /no service labelled backupbot\.backup=true/);
});

Deno.test("another app's snapshots are neither listed nor restored", async () => {
  await using it = await scene();
  deepEqual(await snapshots(APP, it.bot), []);
  match(it.log.join("\n"), /No Snapshots found for app note\.ci/);
  await rejects(restore(APP, { wanted: "0thers00", bot: it.bot }), /No Snapshots with ID 0thers00/);
  equal(it.events.includes("restore"), false);
});

Deno.test("a label's path that leads out of its volume is refused", async () => {
  for (const path of ["../../other_data/_data", "..", "/x/../.."]) {
    await using it = await scene({ labels: { "backupbot.backup.volumes.data.path": path } });
    await rejects(create(APP, it.bot), /leads out of the volume note_ci_data/);
    equal(it.events.includes("backup"), false);
  }
});

Deno.test("a link in a volume leads neither backup nor restore to another's files", async () => {
  await using it = await scene({ labels: { "backupbot.backup.volumes.data.path": "way/file" } });
  await Deno.writeTextFile(join(it.foreign, "file"), "foreign");
  await Deno.mkdir(join(it.data, "way"));
  await Deno.writeTextFile(join(it.data, "way", "file"), "own");
  await create(APP, it.bot);
  await Deno.remove(join(it.data, "way"), { recursive: true });
  await Deno.symlink(it.foreign, join(it.data, "way"));
  await rejects(create(APP, it.bot), /link leads .* out of the volume/);
  await rejects(restore(APP, { wanted: "latest", bot: it.bot }), /link leads .* out of the volume/);
  equal(await Deno.readTextFile(join(it.foreign, "file")), "foreign");
});

Deno.test("a restore makes no folder through a link to another's files", async () => {
  await using it = await scene({ labels: { "backupbot.backup.volumes.data.path": "way/deep/file" } });
  await Deno.mkdir(join(it.data, "way", "deep"), { recursive: true });
  await Deno.writeTextFile(join(it.data, "way", "deep", "file"), "own");
  await create(APP, it.bot);
  await Deno.remove(join(it.data, "way"), { recursive: true });
  await Deno.symlink(it.foreign, join(it.data, "way"));
  await rejects(restore(APP, { wanted: "latest", bot: it.bot }), /link leads .* out of the volume/);
  await rejects(Deno.lstat(join(it.foreign, "deep")), Deno.errors.NotFound);
});

Deno.test("a link in the place of a folder of the whole volume is not followed by a restore", async () => {
  await using it = await scene();
  await Deno.writeTextFile(join(it.foreign, "file"), "foreign");
  await Deno.mkdir(join(it.data, "way"));
  await Deno.writeTextFile(join(it.data, "way", "file"), "own");
  await create(APP, it.bot);
  await Deno.remove(join(it.data, "way"), { recursive: true });
  await Deno.symlink(it.foreign, join(it.data, "way"));
  await rejects(restore(APP, { wanted: "latest", bot: it.bot }), /cannot overwrite/);
  equal(await Deno.readTextFile(join(it.foreign, "file")), "foreign");
});

Deno.test("what is to be saved and is not there is said, and the rest is saved", async () => {
  await using it = await scene({ labels: { "backupbot.backup.volumes.data.path": "dump.sql" } });
  await create(APP, it.bot);
  match(it.log.join("\n"), /dump\.sql does not exist/);
  equal(it.events.includes("backup"), true);
});

Deno.test("a hook's pipe fails with its first part, and a shell written around the hook is taken off", async () => {
  const run = async (command: string) => {
    const { code, stdout } = await exec(hookArgv(command));
    return { code, stdout };
  };
  equal((await run("false | cat")).code, 1);
  deepEqual(await run("sh -c 'echo \"a  b\"; exit 4'"), { code: 4, stdout: "a  b\n" });
  deepEqual(await run("echo 'it''s' | cat"), { code: 0, stdout: "its\n" });
});
