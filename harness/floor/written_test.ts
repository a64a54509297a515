import assert from "node:assert/strict";
import { join } from "node:path";
import { Swarm } from "../swarm/swarm.ts";
import { writtenBytes } from "./written.ts";

/** An engine with these containers, as Docker 20.10 lists them with `size`. */
function engine(containers: unknown[]): Swarm {
  const swarm = new Swarm("/nowhere");
  swarm.docker.listContainers = () => Promise.resolve(containers as never);
  return swarm;
}

Deno.test("volumes, layers and logs count, each once, and a container that has ended as well", async () => {
  const root = await Deno.makeTempDir();
  try {
    const write = async (bytes: number, ...path: string[]) => {
      await Deno.mkdir(join(root, ...path, ".."), { recursive: true });
      await Deno.writeFile(join(root, ...path), new Uint8Array(bytes).fill(1));
    };
    await write(1_000_000, "volumes/data/_data/file");
    await write(500_000, "containers/c1/c1-json.log");
    await write(300_000, "containers/c1/c1-json.log.1");
    await write(200_000, "containers/c2/c2-json.log");
    const volume = {
      Type: "volume",
      Name: "data",
      Source: join(root, "volumes/data/_data"),
      Destination: "/data",
    };
    const one = { Id: "c1", State: "running", Status: "Up", Names: ["/one"], Labels: {}, SizeRw: 40_000 };
    const swarm = engine([
      { ...one, Mounts: [volume, { Type: "bind", Source: "/usr", Destination: "/usr" }] },
      { ...one, Id: "c2", State: "exited", Mounts: [volume], SizeRw: 60_000 },
      { ...one, Id: "gone", Mounts: null, SizeRw: undefined },
    ]);
    const bytes = await writtenBytes(swarm, { stack: "s", root });
    assert.ok(bytes !== null && bytes >= 2_100_000 && bytes < 2_150_000, String(bytes));
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("an app without containers has written nothing; where we may not look nothing is known", async () => {
  assert.equal(await writtenBytes(engine([]), { stack: "s", root: "/nowhere" }), 0);
  const hidden = { Id: "c1", State: "running", Status: "Up", Names: [], Labels: {}, Mounts: [] };
  assert.equal(await writtenBytes(engine([hidden]), { stack: "s", root: "/nowhere" }), null);
});
