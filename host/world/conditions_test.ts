import assert from "node:assert/strict";
import { HostError } from "../errors.ts";
import { takenPorts } from "./conditions.ts";

Deno.test("ports on which somebody listens are taken, and an address that this host has not is named", () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  assert.deepEqual(takenPorts([port], "127.0.0.1"), [port]);
  assert.throws(() => takenPorts([0], "203.0.113.7"), (error) => {
    assert.ok(error instanceof HostError);
    assert.equal(error.outcome, "wrong");
    assert.match(error.message, /^This host does not have the address 203\.0\.113\.7/);
    return true;
  });
});
