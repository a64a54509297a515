import assert from "node:assert/strict";
import { appIngressOf, ingressFetch, serviceFetch } from "./ingress.ts";

/** A port that notes who connects, and hangs up. */
function listener() {
  const inner = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  let connections = 0;
  const done = (async () => {
    for await (const connection of inner) {
      connections++;
      connection.close();
    }
  })();
  return {
    port: inner.addr.port,
    connections: () => connections,
    async [Symbol.asyncDispose]() {
      inner.close();
      await done;
    },
  };
}

Deno.test("serviceFetch() connects to the ingress for our own hosts and to nobody else's for others", async () => {
  const cases: [host: string, own: boolean][] = [
    ["ci.localhost", true],
    ["git.ci.localhost", true],
    ["localhost", false],
    ["127.0.0.1", false],
  ];
  for (const [host, own] of cases) {
    await using ingress = listener();
    await using elsewhere = listener();
    const address = `127.0.0.1:${ingress.port}`;
    const fetch = serviceFetch({ base: "ci.localhost", ingress: { address } });
    await assert.rejects(fetch(`https://${host}:${elsewhere.port}/api/v1/version`));
    assert.deepEqual([ingress.connections() > 0, elsewhere.connections() > 0], [own, !own], host);
  }
});

Deno.test("serviceFetch() takes a host for ours by whole names only, and none where no base is known", async () => {
  for (const base of ["host", null]) {
    await using ingress = listener();
    await using elsewhere = listener();
    const fetch = serviceFetch({ base, ingress: { address: `127.0.0.1:${ingress.port}` } });
    await assert.rejects(fetch(`https://localhost:${elsewhere.port}/`));
    assert.deepEqual([ingress.connections(), elsewhere.connections() > 0], [0, true]);
  }
});

Deno.test("serviceFetch() follows no redirects, keeps method and body, and has limits elsewhere, too", async () => {
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/moved") {
      return new Response(null, { status: 303, headers: { location: "/elsewhere" } });
    }
    if (pathname === "/none") return new Response(null, { status: 204 });
    if (pathname === "/never") {
      return new Response(new ReadableStream({ start: (stream) => stream.enqueue(new Uint8Array(1)) }));
    }
    return new Response(`${request.method} ${await request.text()}`, { status: 201 });
  });
  const at = `http://127.0.0.1:${server.addr.port}`;
  const hosts = { base: "ci.localhost", ingress: { address: "127.0.0.1:1" } };
  const fetch = serviceFetch(hosts, { maxBytes: 20 });
  const moved = await fetch(`${at}/moved`);
  assert.deepEqual([moved.status, moved.headers.get("location")], [303, "/elsewhere"]);
  assert.equal((await fetch(`${at}/none`)).status, 204);
  const made = await fetch(`${at}/`, { method: "POST", body: "hello" });
  assert.deepEqual([made.status, await made.text()], [201, "POST hello"]);
  await assert.rejects(fetch(`${at}/`, { method: "POST", body: "x".repeat(30) }), /larger than 20 bytes/);
  await assert.rejects(serviceFetch(hosts, { timeoutMs: 500 })(`${at}/never`), /time limit/);
});

Deno.test("ingressFetch() goes to the proxy's web entry point for http where that is known, as visitors do", async () => {
  const named: (string | null)[] = [];
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, ({ headers }) => {
    named.push(headers.get("host"));
    return new Response(null, { status: 301, headers: { location: "https://app.ci.localhost/docs/" } });
  });
  const http = `127.0.0.1:${server.addr.port}`;
  const moved = await ingressFetch({ address: "127.0.0.1:1", http })("http://app.ci.localhost/docs");
  assert.deepEqual([moved.status, named], [301, ["app.ci.localhost"]]);
  const unset = await appIngressOf({ INGRESS: "[::1]:8443" });
  assert.equal(unset.http, "[::1]:80");
  const set = await appIngressOf({ INGRESS: "127.0.0.1:8443", INGRESS_HTTP: "127.0.0.1:8080" });
  assert.equal(set.http, "127.0.0.1:8080");
});

Deno.test("ingressFetch() has the same limits, and stops when its caller does", async () => {
  const over = Promise.withResolvers<Response>();
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/none") return new Response(null, { status: 204 });
    if (pathname === "/silent") return over.promise;
    if (pathname === "/never") {
      return new Response(new ReadableStream({ start: (stream) => stream.enqueue(new Uint8Array(1)) }));
    }
    return new Response("x".repeat(30));
  });
  const at = `http://127.0.0.1:${server.addr.port}`;
  const ingress = { address: "127.0.0.1:1" };
  assert.equal(await (await ingressFetch(ingress)(`${at}/`)).text(), "x".repeat(30));
  assert.equal((await ingressFetch(ingress)(`${at}/none`)).status, 204);
  await assert.rejects(ingressFetch(ingress, { maxBytes: 20 })(`${at}/`), /larger than 20 bytes/);
  for (const path of ["/never", "/silent"]) {
    await assert.rejects(ingressFetch(ingress, { timeoutMs: 500 })(`${at}${path}`), /time limit/);
  }
  const stop = new AbortController();
  const stopped = ingressFetch(ingress)(`${at}/silent`, { signal: stop.signal });
  stop.abort();
  await assert.rejects(stopped, { name: "AbortError" });
  over.resolve(new Response());
});

/** A server that sends the same bytes to whoever asks, and closes. */
function rawServer(text: string) {
  const inner = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const answer = async (connection: Deno.Conn) => {
    await connection.read(new Uint8Array(4096));
    await connection.write(new TextEncoder().encode(text));
    await connection.closeWrite();
    await new Response(connection.readable).arrayBuffer().catch(() => {}); // until the other end closes as well
  };
  const done = (async () => {
    for await (const connection of inner) await answer(connection).catch(() => {});
  })();
  return {
    url: `http://127.0.0.1:${inner.addr.port}/`,
    async [Symbol.asyncDispose]() {
      inner.close();
      await done;
    },
  };
}

Deno.test("a body that goes on for ever is read for as long as its reader wants it", async () => {
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => {
    return new Response(new ReadableStream({ start: (stream) => stream.enqueue(new Uint8Array(3)) }));
  });
  const get = ingressFetch({ address: "127.0.0.1:1" }, { enough: { bytes: 1_000, ms: 50 } });
  const response = await get(`http://127.0.0.1:${server.addr.port}/`);
  assert.equal((await response.arrayBuffer()).byteLength, 3);
});

const heads: [head: string, expect: number | RegExp][] = [
  ["204 No Content\r\nContent-Length: 3\r\n\r\nabc", 204],
  ["205 Reset Content\r\nContent-Length: 0\r\n\r\n", 205],
  ["205 Reset Content\r\nContent-Length: 3\r\n\r\nabc", 205],
  ["304 Not Modified\r\nContent-Length: 3\r\n\r\nabc", 304],
  ["600 What\r\nContent-Length: 0\r\n\r\n", 600],
  ["999 What\r\nContent-Length: 0\r\n\r\n", 999],
  ["103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", 200],
  ["101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n", /status 101/],
  [`200 OK\r\n${`Set-Cookie: a=${"b".repeat(4_000)}\r\n`.repeat(30)}Content-Length: 1\r\n\r\nx`, 200],
  [`200 OK\r\nX: ${"b".repeat(1_000_000)}\r\nContent-Length: 1\r\n\r\nx`, /Header overflow/],
  ["100 Continue\r\n\r\n", /./],
  ["200 OK\r\nX A: b\r\nContent-Length: 1\r\n\r\nx", /Parse Error/],
  ["200 OK\r\nX: a\x01b\r\nContent-Length: 1\r\n\r\nx", /Parse Error/],
  ["200 OK\r\nContent-Length: 10\r\n\r\nx", /aborted/],
];

for (const [head, expect] of heads) {
  Deno.test(`whatever a server sends is an answer or an error: ${JSON.stringify(head.slice(0, 60))}`, async () => {
    await using server = rawServer(`HTTP/1.1 ${head}`);
    const get = ingressFetch({ address: "127.0.0.1:1" }, { timeoutMs: 60_000 })(server.url);
    if (typeof expect === "number") assert.equal((await get).status, expect);
    else await assert.rejects(get, expect);
  });
}
