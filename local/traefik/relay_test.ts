import assert from "node:assert/strict";
import { ingressFetch } from "../../common/ingress.ts";
import { pathsBelow } from "../host/paths.ts";
import { passOn, relay } from "./relay.ts";
import { relayCommand } from "./relay_process.ts";
import { type Certificates, ensureCertificates, ensureInsideCertificates, INSIDE } from "./tls.ts";

/** A relay in front of a program that echoes what it is sent. */
async function withRelay(
  work: (site: { port: number; seen: string[]; inside: Certificates; others: Certificates }) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const paths = pathsBelow(folder);
  const [inside, others] = [await ensureInsideCertificates(paths), await ensureCertificates(paths)];
  const seen: string[] = [];
  const program = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    seen.push(request.headers.get("cookie") ?? "");
    return new Response(await request.text());
  });
  const { port } = program.addr as Deno.NetAddr;
  const tls = { cert: await Deno.readTextFile(inside.cert), key: await Deno.readTextFile(inside.key) };
  const listener = relay({ hostname: "127.0.0.1", port: 0, ...tls }, { hostname: "127.0.0.1", port });
  try {
    await work({ port: (listener.addr as Deno.NetAddr).port, seen, inside, others });
  } finally {
    listener.close();
    await program.shutdown();
    await Deno.remove(folder, { recursive: true });
  }
}

const call = async (port: number, { ca }: Pick<Certificates, "ca">, body = "") =>
  await ingressFetch({ address: `127.0.0.1:${port}`, ca: await Deno.readTextFile(ca) }, {
    timeoutMs: 20_000,
  })(
    `https://${INSIDE}/`,
    { method: "POST", body, headers: { cookie: "session=secret" } },
  );

Deno.test("the relay: what comes by TLS arrives whole, and so does the answer", async () => {
  await withRelay(async ({ port, seen, inside }) => {
    const text = "long ".repeat(300_000);
    const answer = await call(port, inside, text);
    assert.equal(await answer.text(), text);
    assert.deepEqual(seen, ["session=secret"]);
  });
});

Deno.test("the relay: plain HTTP gets nothing, and the next call is answered", async () => {
  await withRelay(async ({ port, seen, inside }) => {
    await assert.rejects(fetch(`http://127.0.0.1:${port}/`, { headers: { cookie: "in the clear" } }));
    assert.deepEqual(seen, []);
    assert.equal((await call(port, inside)).status, 200);
  });
});

Deno.test("the relay: whoever believes another CA does not speak to it", async () => {
  await withRelay(async ({ port, seen, others }) => {
    await assert.rejects(call(port, others));
    assert.deepEqual(seen, []);
  });
});

Deno.test("a connection is passed on as it is, after a line that says from where it comes", async () => {
  const program = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const heard = (async () => {
    using connection = await program.accept();
    const said = await new Response(connection.readable).text();
    return said;
  })();
  const { port } = program.addr as Deno.NetAddr;
  const listener = passOn({ hostname: "127.0.0.1", port: 0 }, { hostname: "127.0.0.1", port });
  const visitors = (listener.addr as Deno.NetAddr).port;
  const visitor = await Deno.connect({ hostname: "127.0.0.1", port: visitors });
  const own = visitor.localAddr.port;
  const writer = visitor.writable.getWriter();
  await writer.write(new TextEncoder().encode("PROXY TCP4 6.6.6.6 6.6.6.6 1 2\r\nhello"));
  await writer.close();
  const said = `PROXY TCP4 127.0.0.1 127.0.0.1 ${own} ${visitors}\r\nPROXY TCP4 6.6.6.6 6.6.6.6 1 2\r\nhello`;
  assert.equal(await heard, said);
  await visitor.readable.cancel();
  listener.close();
  program.close();
});

Deno.test("the relay may reach and read what it needs, and a folder that its permissions cannot name is refused", () => {
  const start = (folder: string) => {
    const inside = { ca: "", cert: `${folder}/cert.pem`, key: `${folder}/key.pem` };
    return relayCommand({ gateway: "172.18.0.1", inside, proxy: "loopback" });
  };
  assert.ok(start("/c").includes("--allow-read=/c/cert.pem,/c/key.pem"));
  assert.throws(() => start("/a,b"), /Could not let a program read "\/a,b\/cert\.pem"/);
});
