import assert from "node:assert/strict";
import { join } from "node:path";
import { Swarm } from "../../harness/swarm/swarm.ts";
import { CcciError } from "../../common/errors.ts";
import { HostError } from "../errors.ts";
import { initSwarm, lookAtSwarm, makeBridge, makeProxyNetwork, removeBridge } from "./engine.ts";
import { readRoutes } from "./route_files.ts";

const BRIDGE = { subnet: "172.18.0.0/16", gateway: "172.18.0.1", publish: null };

/**
 * An engine that answers every call with this status and message, as Docker words it, or by its path; or none, which
 * drops all.
 */
async function engine(
  answer: { status: number; message: string } | ((path: string) => unknown) | "drops" | "gone",
) {
  const folder = await Deno.makeTempDir();
  const path = join(folder, "docker.sock");
  const serves = answer === "gone" ? null : answer === "drops" ? dropping(path) : Deno.serve(
    { path, onListen() {} },
    ({ url }) =>
      typeof answer === "function"
        ? Response.json(answer(new URL(url).pathname))
        : Response.json({ message: answer.message }, { status: answer.status }),
  );
  return {
    swarm: new Swarm(path),
    async [Symbol.asyncDispose]() {
      await serves?.[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

function dropping(path: string): AsyncDisposable {
  const listener = Deno.listen({ transport: "unix", path });
  const loop = (async () => {
    for await (const connection of listener) connection.close();
  })();
  return {
    async [Symbol.asyncDispose]() {
      listener.close();
      await loop;
    },
  };
}

const calls: Record<string, (swarm: Swarm) => Promise<unknown>> = {
  "the removal of a bridge": removeBridge,
  "a bridge": (swarm) => makeBridge(swarm, BRIDGE),
  "a Swarm": (swarm) => initSwarm(swarm, "192.0.2.7"),
  "the network of the proxy": makeProxyNetwork,
  "a look at routes": (swarm) => readRoutes(swarm, "traefik"),
};

for (const [what, call] of Object.entries(calls)) {
  Deno.test(`a Docker that goes away at ${what} is not there yet`, async () => {
    for (const way of ["drops", "gone"] as const) {
      await using docker = await engine(way);
      await assert.rejects(call(docker.swarm), (error) => {
        assert.ok(error instanceof HostError, String(error));
        assert.match(error.message, /^Could not (make|remove|look at) /);
        assert.match(error.hint ?? "", /Docker does not answer/);
        assert.equal(error.outcome, "not yet");
        return true;
      });
    }
  });
}

Deno.test("a Docker that goes away at a look is told by a sentence", async () => {
  await using docker = await engine("drops");
  await assert.rejects(lookAtSwarm(docker.swarm), CcciError);
});

Deno.test("nodes of a Swarm count where a task may go to, now or once they are back", async () => {
  const node = (ID: string, Availability: string, State = "ready") => ({
    ...{ ID, Spec: { Availability }, Status: { State } },
  });
  const nodesOf = async (...others: ReturnType<typeof node>[]) => {
    const nodes = [node("own", "active"), ...others];
    const Swarm = { LocalNodeState: "active", ControlAvailable: true, NodeID: "own", Nodes: nodes.length };
    await using docker = await engine((path) =>
      path.endsWith("/nodes") ? nodes : path.endsWith("/info") ? { Swarm } : []
    );
    return (await lookAtSwarm(docker.swarm)).nodes;
  };
  assert.equal(await nodesOf(), 1);
  assert.equal(await nodesOf(node("a", "drain"), node("b", "pause"), node("c", "drain", "down")), 1);
  assert.equal(await nodesOf(node("a", "active"), node("b", "active", "down"), node("c", "drain")), 3);
});

const refusals = [
  {
    what: "an address that this host does not have",
    ...{ status: 400, message: "listen tcp 192.0.2.7:2377: bind: cannot assign requested address" },
    ...{ outcome: "wrong", todo: /"swarm\.advertise" to an IPv4 address/ },
  },
  {
    what: "a port of Swarm that somebody has",
    ...{ status: 500, message: "listen tcp 127.0.0.1:2377: bind: address already in use" },
    ...{ outcome: "wrong", todo: /ss -ltnp sport = :2377/ },
  },
  {
    what: "live-restore",
    ...{ status: 500, message: "--live-restore daemon configuration is incompatible with swarm mode" },
    ...{ outcome: "wrong", todo: /daemon\.json and restart Docker/ },
  },
  {
    what: "a request that makes no sense",
    ...{ status: 400, message: "invalid pool request" },
    ...{ outcome: "wrong", todo: /journalctl -u docker/ },
  },
  {
    what: "something of its own that may pass",
    ...{ status: 503, message: "This node is not a swarm manager" },
    ...{ outcome: "not yet", todo: /journalctl -u docker/ },
  },
];
for (const { what, status, message, outcome, todo } of refusals) {
  Deno.test(`a Docker that refuses for ${what} is told with its words and what to do`, async () => {
    await using docker = await engine({ status, message });
    await assert.rejects(initSwarm(docker.swarm, "192.0.2.7"), (error) => {
      assert.ok(error instanceof HostError, String(error));
      assert.match(error.message, /^Could not make a Swarm of this node at 192\.0\.2\.7:2377: /);
      assert.ok(error.message.includes(message), error.message);
      assert.match(error.hint ?? "", todo);
      assert.equal(error.outcome, outcome);
      return true;
    });
  });
}
