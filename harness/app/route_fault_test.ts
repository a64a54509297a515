import assert from "node:assert/strict";
import { isGatewayAnswer, listeningSockets, mismatch } from "./route_fault.ts";

/** As printed by `cat /proc/net/tcp /proc/net/tcp6` in a container. */
const table =
  `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0B00007F:A4C1 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 88101 1 0 100 0 0 10 0
   1: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 88102 1 0 100 0 0 10 0
   2: 0500000A:0050 0300000A:D2C0 01 00000000:00000000 00:00000000 00000000     0        0 88103 1 0 100 0 0 10 0
  sl  local_address                         remote_address                        st tx_queue rx_queue
   0: 00000000000000000000000000000000:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000
   1: 00000000000000000000000001000000:0CEA 00000000000000000000000000000000:0000 0A 00000000:00000000
   2: 0000000000000000FFFF00000100007F:0CEB 00000000000000000000000000000000:0000 0A 00000000:00000000
`;

Deno.test("listening sockets are told from connections, and those that only the container reaches from others", () => {
  assert.deepEqual(listeningSockets(table), [
    { port: 0xa4c1, loopback: true },
    { port: 80, loopback: false },
    { port: 8080, loopback: false },
    { port: 3306, loopback: true },
    { port: 3307, loopback: true },
  ]);
});

const label = (port: string) => ({ "traefik.http.services.wiki.loadbalancer.server.port": port });
const open = (...ports: number[]) => ports.map((port) => ({ port, loopback: false }));

const cases: [
  what: string,
  labels: Record<string, string>,
  sockets: ReturnType<typeof open>,
  expect: RegExp | null,
][] = [
  ["the right port", label("80"), open(80, 9000), null],
  ["another port", label("8080"), open(9000, 80), /server\.port=8080.*listens on 80, 9000$/],
  ["nothing yet", label("80"), [], /listens on no port/],
  ["only itself", label("80"), [{ port: 80, loopback: true }], /127\.0\.0\.1 only/],
  ["no label and one port", {}, open(80), null],
  ["no label and two ports", {}, open(80, 81), /listens on 80, 81, and no label/],
];

for (const [what, labels, sockets, expect] of cases) {
  Deno.test(`a port label and a container that listens on ${what}`, () => {
    const said = mismatch({ name: "app", labels }, sockets);
    if (expect === null) assert.equal(said, null);
    else assert.match(said ?? "", expect);
  });
}

Deno.test("only the proxy's own words count as its answer", () => {
  assert.equal(isGatewayAnswer(502, "Bad Gateway"), true);
  assert.equal(isGatewayAnswer(502, "<h1>The app behind me is starting</h1>"), false);
  assert.equal(isGatewayAnswer(500, "Bad Gateway"), false);
});
