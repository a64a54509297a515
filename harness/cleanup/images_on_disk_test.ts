import assert from "node:assert/strict";
import { FakeClock } from "../../common/testing/fake_clock.ts";
import { writeLedger } from "../images/pulled.ts";
import { Swarm } from "../swarm/swarm.ts";
import { engineInfo, engineSocket } from "../testing/engine.ts";
import { tidyImages, whatIsAbove } from "./images_on_disk.ts";

const half = { free: 500, used: 500 };

Deno.test("images go when a disk is above the mark, in bytes or in inodes", () => {
  assert.equal(whatIsAbove(80, { bytes: half, inodes: half }), null);
  assert.equal(whatIsAbove(80, { bytes: { free: 2e9, used: 8e9 }, inodes: null }), null, "80 % is not above");
  assert.equal(
    whatIsAbove(80, { bytes: { free: 15e9, used: 85e9 }, inodes: half }),
    "85 % (85 GB of 100 GB)",
  );
  assert.equal(
    whatIsAbove(80, { bytes: half, inodes: { free: 100, used: 900 } }),
    "90 % (900 of 1000 inodes)",
  );
  assert.equal(whatIsAbove(100, { bytes: { free: 0, used: 9 }, inodes: null }), null, "never");
  assert.equal(whatIsAbove(80, null), null, "a disk that nobody may look at");
});

/** A dry run with an engine that has one image of ours, and that refuses to list services with these words. */
async function wouldGo(refusal: string): Promise<string[]> {
  const answers: Record<string, unknown> = {
    "/info": engineInfo("/"),
    "/images/json?all=true": [{ Id: "sha256:1", RepoTags: ["nginx:1.27"] }],
    "/containers/json?all=true": [],
  };
  await using engine = await engineSocket((request, response) => {
    const answer = answers[request.url ?? ""];
    response.writeHead(answer === undefined ? 503 : 200, { "content-type": "application/json" })
      .end(JSON.stringify(answer ?? { message: refusal }));
  });
  const clock = new FakeClock();
  const pulled = { id: "sha256:1", names: ["nginx:1.27"], usedAt: clock.iso(), published: [] };
  await writeLedger(engine.folder, { images: [pulled], latest: {} });
  const { removed } = await tidyImages({
    ...{ swarm: new Swarm(engine.socket), runs: engine.folder, announce() {}, clock, above: 0, dryRun: true },
  });
  return removed;
}

Deno.test("images go where there is no Swarm, and stay where it does not say what its services use", async () => {
  const none = 'Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.';
  assert.deepEqual(await wouldGo(`This node is not a swarm manager. ${none}`), ["nginx:1.27"]);
  const worker = "Worker nodes can't be used to view or modify cluster state.";
  assert.deepEqual(await wouldGo(`This node is not a swarm manager. ${worker}`), ["nginx:1.27"]);
  for (
    const refusal of [
      "This node is not a swarm manager. Manager is being prepared or has trouble connecting to the cluster.",
      "Swarm is encrypted and needs to be unlocked before it can be used.",
    ]
  ) await assert.rejects(wouldGo(refusal), { code: "docker.failed" });
});
