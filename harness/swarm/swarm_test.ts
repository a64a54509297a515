import assert from "node:assert/strict";
import { createServer } from "node:http";
import { join } from "node:path";
import { Swarm } from "./swarm.ts";

const version = { Version: "28.5.2" };
const info = {
  DockerRootDir: "/var/lib/docker",
  DefaultRuntime: "runc",
  Runtimes: {},
  Swarm: { LocalNodeState: "active", ControlAvailable: true },
};

Deno.test("an engine is asked once for its version and about itself, and again where it did not answer", async () => {
  const asked: string[] = [];
  let away = true;
  const server = createServer((request, response) => {
    const what = (request.url ?? "").split("/").at(-1) ?? "";
    asked.push(what);
    response.writeHead(away ? 500 : 200, { "content-type": "application/json" })
      .end(JSON.stringify(what === "version" ? version : info));
  });
  const folder = await Deno.makeTempDir();
  const socket = join(folder, "docker.sock");
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  try {
    const swarm = new Swarm(socket);
    const ask = () => Promise.all([swarm.version(), swarm.info()]);
    await assert.rejects(ask(), { code: "docker.failed" });
    away = false;
    for (let times = 0; times < 3; times++) {
      const [said, { DockerRootDir: root }] = await ask();
      assert.equal(said, version.Version);
      assert.equal(root, info.DockerRootDir);
    }
    assert.deepEqual(asked.toSorted(), ["info", "info", "version", "version"]);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await Deno.remove(folder, { recursive: true });
  }
});
