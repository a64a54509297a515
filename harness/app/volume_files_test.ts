import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { Readable } from "node:stream";
import { extract } from "tar-stream";
import { Swarm } from "../swarm/swarm.ts";
import { fillVolumes } from "./volume_files.ts";

const STACK = "wiki-0a1b2c_ci_test";

/** An engine that keeps what it is asked for. */
class RecordingSwarm extends Swarm {
  readonly asked: unknown[] = [];

  constructor({ refuses = false } = {}) {
    super("/nowhere");
    this.docker.createContainer = ((options: unknown) => {
      this.asked.push(["create", options]);
      return Promise.resolve({ id: "c" });
    }) as unknown as typeof this.docker.createContainer;
    this.docker.getContainer = (() => ({
      putArchive: async (bytes: Buffer, at: unknown) => {
        if (refuses) throw Object.assign(new Error("no space left on device"), { statusCode: 500 });
        this.asked.push(["put", at, await entriesOf(bytes)]);
      },
      remove: (options: unknown) => Promise.resolve(void this.asked.push(["remove", options])),
    })) as unknown as typeof this.docker.getContainer;
  }
}

async function entriesOf(bytes: Buffer): Promise<string[]> {
  const found: string[] = [];
  const archive = Readable.from([bytes]).pipe(extract());
  for await (const entry of archive) {
    let text = "";
    for await (const piece of entry) text += String(piece);
    const { name, mode, uid, type } = entry.header;
    found.push(`${type} ${name} ${mode?.toString(8)} ${uid} ${text}`);
  }
  return found;
}

const model = {
  services: {
    worker: { image: "worker:1", volumes: [{ type: "bind", source: "data", target: "/host" }] },
    app: {
      image: "nginx:1.22.1",
      volumes: [{ type: "volume", source: "data", target: "/data", read_only: true }],
    },
  },
  volumes: { data: { labels: { kind: "ours" } } },
};
const files = [
  { volume: "data", path: "site/de/index.html", content: "Hallo {domain}" },
  { volume: "data", path: "site/robots.txt", content: "" },
];

const app = {
  files,
  domain: "wiki.ci.test",
  stack: STACK,
  checked: { model },
  at: "head" as const,
  log: () => {},
};

Deno.test("files are written by a container of the service's image with the volume as Swarm makes it, and it goes", async () => {
  const swarm = new RecordingSwarm();
  const log: string[] = [];
  await fillVolumes(swarm, { ...app, log: (line) => void log.push(line) });
  assert.deepEqual(log, [
    "Wrote site/de/index.html into volume data",
    "Wrote site/robots.txt into volume data",
  ]);
  const [create, ...rest] = swarm.asked as [[string, Record<string, unknown>], ...unknown[]];
  assert.deepEqual(JSON.parse(JSON.stringify(create)), ["create", {
    Image: "nginx:1.22.1",
    Cmd: ["true"],
    Labels: { "com.docker.stack.namespace": STACK },
    HostConfig: {
      Mounts: [{
        Type: "volume",
        Source: `${STACK}_data`,
        Target: "/data",
        ReadOnly: false,
        VolumeOptions: {
          Labels: { kind: "ours", "com.docker.stack.namespace": STACK },
          DriverConfig: {},
        },
      }],
    },
  }]);
  assert.deepEqual(rest, [
    ["put", { path: "/data" }, [
      "directory site 755 0 ",
      "directory site/de 755 0 ",
      "file site/de/index.html 644 0 Hallo wiki.ci.test",
      "file site/robots.txt 644 0 ",
    ]],
    ["remove", { force: true, v: true }],
  ]);
});

Deno.test("a volume that no service mounts is the enrolment's mistake, and left out for the published version", async () => {
  const swarm = new RecordingSwarm();
  const odd = { ...app, files: [{ volume: "date", path: "x", content: "x" }] };
  await assert.rejects(fillVolumes(swarm, odd), {
    message: 'recipe.yml: files names volume "date", and no service mounts one of that name',
    fault: "enrolment",
  });
  await fillVolumes(swarm, { ...odd, at: "base" });
  assert.deepEqual(swarm.asked, []);
});

Deno.test("where the engine does not take a file, the container goes all the same", async () => {
  const swarm = new RecordingSwarm({ refuses: true });
  await assert.rejects(fillVolumes(swarm, app), /write files into volume "data" before the app starts/);
  assert.deepEqual(swarm.asked.at(-1), ["remove", { force: true, v: true }]);
});
