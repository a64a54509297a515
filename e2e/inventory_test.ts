import assert from "node:assert/strict";
import { inventory } from "./inventory.ts";

/** A Docker whose node is in this state, and which answers nothing about services but that. */
function docker(state: string) {
  return (path: string) =>
    Promise.resolve(
      path === "/info"
        ? { status: 200, body: { Swarm: { LocalNodeState: state, ControlAvailable: false } } }
        : path === "/volumes"
        ? { status: 200, body: { Volumes: [{ Name: "data" }] } }
        : { status: 503, body: { message: "This node is not a swarm manager" } },
    );
}

Deno.test("an engine out of a Swarm has none of its kinds, and one whose node comes up has not told by then", async () => {
  assert.deepEqual(await inventory("service", docker("inactive")), []);
  assert.deepEqual(await inventory("volume", docker("pending")), ["volume data"]);
  await assert.rejects(inventory("service", docker("pending")), {
    message: 'Docker answered 503 about /services: {"message":"This node is not a swarm manager"}',
  });
});
