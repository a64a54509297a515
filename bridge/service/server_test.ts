import assert from "node:assert/strict";
import { ingressFetch } from "../../common/ingress.ts";
import { tlsOf } from "../../common/tls.ts";
import { pathsBelow } from "../../local/host/paths.ts";
import { ensureInsideCertificates, INSIDE } from "../../local/traefik/tls.ts";
import { listen, routes } from "./server.ts";
import type { Vitals } from "./vitals.ts";
import { Store } from "../store/store.ts";
import { FakeClock } from "../../common/testing/fake_clock.ts";

function scene() {
  const clock = new FakeClock();
  const store = new Store(":memory:");
  const vitals: Vitals = {
    polledAt: null,
    pollFailure: null,
    problems: [],
    engineProblems: [],
    maintenance: false,
  };
  const app = routes({ vitals, store, clock, stalePollMs: 60_000 });
  const look = async () => {
    const response = await app.request("/healthz");
    return { status: response.status, body: await response.json() };
  };
  return { clock, store, vitals, look, app, [Symbol.dispose]: () => store[Symbol.dispose]() };
}

Deno.test("/healthz is good only while the forge is seen", async () => {
  using at = scene();
  assert.equal((await at.look()).status, 503, "never polled");
  at.vitals.polledAt = at.clock.now();
  assert.equal((await at.look()).status, 200);
  at.clock.pass(61);
  at.vitals.pollFailure = "connection refused";
  const { status, body } = await at.look();
  assert.equal(status, 503);
  assert.deepEqual([body.ok, body.poll_age_s, body.poll_failure], [false, 61, "connection refused"]);
});

Deno.test("/healthz tells the age of the oldest text the forge has not got", async () => {
  using at = scene();
  at.store.addPost({ key: "k", marker: "m", repo: "o/r", pr: 1, body: "b", planned_at: at.clock.now() });
  at.clock.pass(42);
  assert.equal((await at.look()).body.outbox_age_s, 42);
});

Deno.test("/metrics tells Prometheus how the bridge is", async () => {
  using at = scene();
  at.store.addPost({ key: "k", marker: "m", repo: "o/r", pr: 1, body: "b", planned_at: at.clock.now() });
  at.clock.pass(42);
  const text = async () => await (await at.app.request("/metrics")).text();
  assert.match(await text(), /^ccci_bridge_outbox_age_seconds 42$/m);
  assert.match(await text(), /^ccci_bridge_engine_up 1$/m);
  at.vitals.engineProblems = ["gone"];
  at.vitals.maintenance = true;
  assert.match(await text(), /^ccci_bridge_engine_up 0$/m);
  assert.match(await text(), /^ccci_bridge_maintenance 1$/m);
  assert.doesNotMatch(await text(), /ccci_bridge_commands\{/);
  at.store.addCommand({
    ...{
      comment: 1,
      repo: "o/r",
      pr: 1,
      user_id: 2,
      login: "x",
      written_at: 0,
      kind: "test",
      commit: null,
    },
    ...{ state: "seen", reason: null, seen_at: 0 },
  });
  assert.match(await text(), /^ccci_bridge_commands\{state="seen"\} 1$/m);
});

Deno.test("with a certificate the bridge speaks TLS, and nothing in the clear", async () => {
  using at = scene();
  const folder = await Deno.makeTempDir();
  const stop = new AbortController();
  try {
    const files = await ensureInsideCertificates(pathsBelow(folder));
    const [cert, key, ca] = await Promise.all(
      [files.cert, files.key, files.ca].map((path) => Deno.readTextFile(path)),
    );
    const tls = tlsOf({ TLS_CERT: cert, TLS_KEY: key });
    const server = listen("127.0.0.1:0", { app: at.app, signal: stop.signal, tls });
    const address = `127.0.0.1:${(server.addr as Deno.NetAddr).port}`;
    const call = ingressFetch({ address, ...(ca === undefined ? {} : { ca }) }, { timeoutMs: 20_000 });
    assert.equal((await call(`https://${INSIDE}/healthz`)).status, 503, "never polled");
    await assert.rejects(fetch(`http://${address}/healthz`));
    stop.abort();
    await server.finished;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
