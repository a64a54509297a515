import assert from "node:assert/strict";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { pack } from "tar-stream";
import { stringify } from "yaml";
import { type Compose, loadCompose } from "../recipe/compose.ts";
import * as schema from "../swarm/schema.ts";
import { Swarm } from "../swarm/swarm.ts";
import { unkeptBlemish, unkeptData, whyNothingKept } from "./unkept_data.ts";

const CREATED = 1_767_225_600;
const unnamed = (letter: string) => letter.repeat(64);

/** A mount of a container, with when the files in it were written: seconds after the container was made. */
interface Mounted {
  name: string;
  target: string;
  files: number[];
  /** What the files hold. @default "content" */
  content?: string;
}

/** Where an app of one service `db` keeps data that no update keeps. */
async function unkept(mounts: Mounted[], { state = "running", replicas = 1 } = {}) {
  const swarm = new Swarm("/nowhere");
  swarm.containers = () =>
    Promise.resolve(Array.from({ length: replicas }, (_, at) =>
      schema.container.parse({
        Id: `c${at}`,
        Created: CREATED,
        State: state,
        Status: "Up",
        Labels: { "com.docker.swarm.service.name": "s_db" },
        Mounts: mounts.map(({ name, target }) => ({ Type: "volume", Name: name, Destination: target })),
      })));
  swarm.docker.getContainer = (() => ({
    getArchive: ({ path }: { path: string }) => {
      const archive = pack();
      archive.entry({ name: "db/", type: "directory", mtime: new Date((CREATED + 5) * 1000) });
      const { files = [], content = "content" } = mounts.find(({ target }) => target === path) ?? {};
      for (const seconds of files) {
        archive.entry({ name: `db/${seconds}`, mtime: new Date((CREATED + seconds) * 1000) }, content);
      }
      archive.finalize();
      return Promise.resolve(archive.pipe(new PassThrough()));
    },
  })) as unknown as typeof swarm.docker.getContainer;
  return (await unkeptData({ swarm, stack: "s" })).map(unkeptBlemish);
}

async function compose(service: object, volumes: object = { data: null }): Promise<Compose> {
  const folder = await Deno.makeTempDir();
  try {
    const text = stringify({ version: "3.8", services: { app: { image: "x:1", ...service } }, volumes });
    await Deno.writeTextFile(join(folder, "compose.yml"), text);
    const loaded = await loadCompose(folder, {});
    assert.ok(loaded.ok);
    return loaded;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("data that a service writes into a volume without a name is a blemish, told once for all replicas", async () => {
  const data = { name: unnamed("a"), target: "/data/db", files: [-900, 2] };
  const empty = { name: unnamed("b"), target: "/data/configdb", files: [] };
  assert.deepEqual(await unkept([data, empty], { replicas: 2 }), [
    'Service "db" keeps data at /data/db in a volume that every update replaces',
  ]);
});

Deno.test("a volume with a name, one that holds only what the image brings, and one that nobody uses are none", async () => {
  assert.deepEqual(await unkept([{ name: "s_data", target: "/data/db", files: [2] }]), []);
  assert.deepEqual(await unkept([{ name: unnamed("a"), target: "/app/static", files: [-900, -5] }]), []);
  assert.deepEqual(
    await unkept([{ name: unnamed("a"), target: "/data/db", files: [2] }], { state: "exited" }),
    [],
  );
});

Deno.test("the empty file at which the engine mounts a config is no data", async () => {
  assert.deepEqual(await unkept([{ name: unnamed("a"), target: "/etc/app", files: [2], content: "" }]), []);
});

Deno.test("why no data was looked for is said as it is", async () => {
  const said = (base: Compose, unkept = [] as { service: string; target: string }[]) =>
    whyNothingKept(base, { stack: "s", unkept });
  const none = await compose({}, {});
  assert.match(
    said(none, [{ service: "db", target: "/data/db" }]),
    /service "db" has at \/data\/db is in a volume/,
  );
  assert.equal(said(none), "No data to keep: the recipe has no volumes");
  const volumes = ["data:/data"];
  assert.match(
    said(await compose({ volumes }, { data: { driver_opts: { type: "tmpfs" } } })),
    /are in memory$/,
  );
  const labels = ["backupbot.backup.volumes.data=false"];
  assert.match(said(await compose({ volumes, deploy: { labels } })), /labels leave out all volumes$/);
  assert.match(said(await compose({ volumes })), /nothing that ran could write/);
});
