import assert from "node:assert/strict";
import { freePort } from "../../common/testing/free_port.ts";
import { UsageError } from "../../common/errors.ts";
import { waitFor } from "../../common/time.ts";
import { eldest, listenersIn, portHolder, requireFreePorts } from "./ports.ts";

const TABLE =
  `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:01BB 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 111 1 0 100 0 0 10 0
   1: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 222 1 0 100 0 0 10 0
   2: 0100007F:01BB 0100007F:D2F4 01 00000000:00000000 00:00000000 00000000     0        0 333 1 0 20 4 30 10 -1
   3: 010012AC:01BB 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 444 1 0 100 0 0 10 0
`;

Deno.test("listenersIn() sees who listens on loopback or every address", () => {
  assert.deepEqual(listenersIn(TABLE, 443), ["111"], "neither connections nor other addresses count");
  assert.deepEqual(listenersIn(TABLE, 80), ["222"]);
  assert.deepEqual(listenersIn(TABLE, 8080), []);
});

Deno.test("a taken port is refused with the name and number of the process that has it", () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  assert.equal(portHolder(port)?.pid, Deno.pid);
  assert.throws(() => requireFreePorts([port]), (error) => {
    assert.ok(error instanceof UsageError);
    assert.match(error.message, new RegExp(`port ${port}: "deno" \\(process ${Deno.pid}\\)`));
    assert.match(error.hint ?? "", /Stop "deno"/);
    return true;
  });
  requireFreePorts([port], (holder) => holder.pid === Deno.pid);
});

Deno.test("who has a port is the one that its children have it from, whatever their numbers are", () => {
  const parents = new Map([[25719, 29228], [25720, 25719], [29228, 1]]);
  const parentOf = (pid: number) => parents.get(pid) ?? 0;
  assert.equal(eldest([25719, 25720, 29228], parentOf), 29228);
  assert.equal(eldest([25720, 25719], parentOf), 25719, "what the first of them has let go");
  assert.equal(eldest([], parentOf), undefined);
});

Deno.test("a port that nobody has is free", async () => {
  const port = freePort();
  // A child that another test is just starting has the listener, too, until it executes its program.
  await waitFor(() => portHolder(port) === undefined, { what: "the port to be free", timeoutMs: 60_000 });
  requireFreePorts([port]);
});
