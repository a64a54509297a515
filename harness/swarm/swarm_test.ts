import assert from "node:assert/strict";
import { engineInfo, engineSocket } from "../testing/engine.ts";
import { Swarm } from "./swarm.ts";

const version = { Version: "28.5.2" };
const info = engineInfo("/var/lib/docker");

Deno.test("an engine is asked once for its version and about itself, and again where it did not answer", async () => {
  const asked: string[] = [];
  let away = true;
  await using engine = await engineSocket((request, response) => {
    const what = (request.url ?? "").split("/").at(-1) ?? "";
    asked.push(what);
    response.writeHead(away ? 500 : 200, { "content-type": "application/json" })
      .end(JSON.stringify(what === "version" ? version : info));
  });
  const swarm = new Swarm(engine.socket);
  const ask = () => Promise.all([swarm.version(), swarm.info()]);
  await assert.rejects(ask(), { code: "docker.failed" });
  away = false;
  for (let times = 0; times < 3; times++) {
    const [said, { DockerRootDir: root }] = await ask();
    assert.equal(said, version.Version);
    assert.equal(root, info.DockerRootDir);
  }
  assert.deepEqual(asked.toSorted(), ["info", "info", "version", "version"]);
});
