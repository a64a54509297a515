import assert from "node:assert/strict";
import { stringify } from "yaml";
import { backedUp, backupHooks, protectedVolumes } from "./backup_labels.ts";
import { loadCompose } from "./compose.ts";

async function compose(labels: { app?: unknown; db?: unknown }) {
  const folder = await Deno.makeTempDir();
  try {
    const service = (mounts: string[], one: unknown) => ({
      image: "x:1",
      volumes: mounts,
      deploy: { labels: one ?? [] },
    });
    const text = stringify({
      version: "3.8",
      services: {
        app: service(["files:/srv/files", "cache:/srv/cache"], labels.app),
        db: service(["data:/var/lib/data", "files:/mnt"], labels.db),
      },
      volumes: { files: null, cache: null, data: null },
    });
    await Deno.writeTextFile(`${folder}/compose.yml`, text);
    const loaded = await loadCompose(folder, {});
    assert.ok(loaded.ok);
    return loaded;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const saved = async (labels: { app?: unknown; db?: unknown }) =>
  backedUp(await compose(labels), "s")?.map(({ volume, paths }) =>
    `${volume.key}${paths === null ? "" : `: ${paths.join(" ")}`}`
  ) ?? null;

Deno.test("nothing is backed up unless a label says so", async () => {
  assert.equal(await saved({}), null);
  assert.equal(await saved({ app: ["backupbot.backup=false"] }), null);
  assert.equal(await saved({ app: { "backupbot.backup.volumes.files": "true" } }), null);
});

Deno.test("one label saves all volumes of the stack, each once; others leave out or narrow down", async () => {
  assert.deepEqual(await saved({ db: { "backupbot.backup": "true" } }), ["files", "cache", "data"]);
  assert.deepEqual(await saved({ app: ["backupbot.backup=true", "backupbot.backup.volumes.cache=false"] }), [
    "files",
    "data",
  ]);
  assert.deepEqual(
    await saved({
      app: { "backupbot.backup": true, "backupbot.backup.volumes.files.path": "uploads, /etc/,../../x" },
      db: { "backupbot.backup": "true", "backupbot.backup.volumes.data.path": "backup.sql" },
    }),
    ["files: uploads etc", "cache", "data: backup.sql"],
  );
});

Deno.test("what several services say of one volume counts together, as the bot reads it", async () => {
  const paths = (text: string) => ({
    "backupbot.backup": "true",
    "backupbot.backup.volumes.files.path": text,
  });
  assert.deepEqual(await saved({ app: paths("a/./b"), db: paths("/c//d/, a/b") }), [
    "files: a/b c/d",
    "cache",
    "data",
  ]);
  assert.deepEqual(await saved({ app: paths("a"), db: paths("./") }), ["files", "cache", "data"]);
  const off = { "backupbot.backup.volumes.cache": "False" };
  assert.deepEqual(
    await saved({ app: off, db: { "backupbot.backup": "true", "backupbot.backup.volumes.cache": "true" } }),
    ["files", "data"],
  );
});

Deno.test("a volume in memory keeps nothing, so nothing is asked of it", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const volumes = {
      files: null,
      scratch: { driver_opts: { type: "tmpfs", device: "tmpfs", o: "size=1m" } },
    };
    const app = {
      image: "x:1",
      volumes: ["files:/f", "scratch:/s"],
      deploy: { labels: ["backupbot.backup=true", "backupbot.backup.pre-hook=sh -c 'a | b'"] },
    };
    await Deno.writeTextFile(
      `${folder}/compose.yml`,
      stringify({ version: "3.8", services: { app }, volumes }),
    );
    const loaded = await loadCompose(folder, {});
    assert.ok(loaded.ok);
    assert.deepEqual(protectedVolumes(loaded, "s").map(({ key }) => key), ["files"]);
    assert.deepEqual(backedUp(loaded, "s")?.map(({ volume }) => volume.key), ["files"]);
    assert.deepEqual(backupHooks(loaded, "backup.pre"), [{ service: "app", command: "a | b" }]);
    assert.deepEqual(backupHooks(loaded, "restore.post"), []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("data is protected without labels, too, unless it is left out", async () => {
  const keys = async (labels: { app?: unknown }) =>
    protectedVolumes(await compose(labels), "s").map(({ key }) => key);
  assert.deepEqual(await keys({}), ["files", "cache", "data"]);
  assert.deepEqual(await keys({ app: ["backupbot.backup.volumes.cache=false"] }), ["files", "data"]);
});

Deno.test("labels of several compose files are laid over each other by name", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const file = (labels: unknown) => ({
      version: "3.8",
      services: { app: { image: "x:1", volumes: ["files:/srv/files"], deploy: { labels } } },
      volumes: { files: null },
    });
    await Deno.writeTextFile(`${folder}/compose.yml`, stringify(file(["backupbot.backup=true", "a=1"])));
    await Deno.writeTextFile(`${folder}/compose.more.yml`, stringify(file({ "other.label": "1" })));
    const loaded = await loadCompose(folder, { COMPOSE_FILE: "compose.yml:compose.more.yml" });
    assert.ok(loaded.ok);
    assert.deepEqual(backedUp(loaded, "s")?.map(({ volume }) => volume.key), ["files"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
