import assert from "node:assert/strict";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { createServer as createTlsServer } from "node:tls";
import { httpsSite, missingProgram } from "../testing/https_site.ts";
import type { BrokerOptions } from "./broker_types.ts";
import { type Answer, brokerOfApp, callBroker } from "./testing/broker.ts";

type Call = (method: string, params: object) => Promise<Answer>;

/** A broker in front of a server, which gets every connection to port 25 of service `app`. */
async function inFront(
  server: Server,
  work: (call: Call, port: number) => Promise<void>,
  changes: Partial<BrokerOptions> = {},
): Promise<void> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  try {
    await using broker = await brokerOfApp({
      locate: () => Promise.resolve({ host: "127.0.0.1", port }),
      ...changes,
    });
    await work((method, params) => callBroker(broker.socketPath, { method, params }), port);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

const text = ({ value }: Answer) => new TextDecoder().decode(Uint8Array.fromBase64(String(value)));
const base64 = (said: string) => new TextEncoder().encode(said).toBase64();

/** Greets, repeats each line, and closes after `bye`. */
function echo(socket: Socket): void {
  socket.on("error", () => {});
  socket.write("hello\nthere");
  socket.on("data", (data) => {
    socket.write(data);
    if (data.toString() === "bye\n") socket.end();
  });
}

Deno.test("a test talks with a port of the app, line by line, until the other side ends", async () => {
  await inFront(createServer(echo), async (call) => {
    const { value: connection } = await call("tcp.open", { target: "app", port: 25 });
    assert.equal(text(await call("tcp.read", { connection, until: "\n" })), "hello\n");
    assert.equal(text(await call("tcp.read", { connection })), "there");
    await call("tcp.write", { connection, data: base64("one\ntwo\n") });
    assert.equal(text(await call("tcp.read", { connection, until: "two\n" })), "one\ntwo\n");
    await call("tcp.write", { connection, data: base64("bye\n") });
    assert.equal(text(await call("tcp.read", { connection, until: "\n" })), "bye\n");
    const gone = await call("tcp.read", { connection, until: "\n" });
    assert.match(gone.error?.message ?? "", /^The other side closed the connection, and "\\n" did not come/);
    assert.equal(text(await call("tcp.read", { connection })), "");
    assert.equal((await call("tcp.close", { connection })).ok, true);
    assert.equal((await call("tcp.read", { connection })).error?.code, "broker.request");
  });
});

Deno.test("what does not come in time is told with what came, and is not lost", async () => {
  let say = (_text: string) => {};
  const server = createServer((socket) => {
    socket.on("error", () => {});
    say = (said) => void socket.write(said);
    say("he");
  });
  await inFront(server, async (call) => {
    const { value: connection } = await call("tcp.open", { target: "app", port: 25 });
    const late = await call("tcp.read", { connection, until: "\n", timeoutMs: 300 });
    assert.match(
      late.error?.message ?? "",
      /^Nothing more came within 0\.3 s, and "\\n" did not come; it said "he"/,
    );
    say("llo\n");
    assert.equal(text(await call("tcp.read", { connection, until: "\n" })), "hello\n");
  });
});

Deno.test("only the run's own services and domains are reached, and a bounded number of times", async () => {
  const asked: string[] = [];
  await inFront(createServer(echo), async (call) => {
    for (const target of ["traefik", "127.0.0.1", "other.ci.test", "APP", "", "app.ci.test."]) {
      const refused = await call("tcp.open", { target, port: 22 });
      assert.equal(refused.error?.code, "broker.target", target);
    }
    for (const port of [0, 65_536, 1.5, -1]) {
      assert.equal((await call("tcp.open", { target: "app", port })).error?.code, "broker.request");
    }
    assert.deepEqual(asked, []);
    const unheard = await call("tcp.open", { target: "app.ci.test", port: 22 });
    assert.match(unheard.error?.message ?? "", /publishes no port 22/);
    const codes = [];
    for (let n = 0; n < 9; n++) {
      codes.push((await call("tcp.open", { target: "app", port: 25 })).error?.code ?? "ok");
    }
    assert.deepEqual(codes, [...Array(8).fill("ok"), "broker.limit"]);
  }, {
    locate: (target, port) => {
      asked.push(target);
      if (target !== "app") return Promise.reject(new Error(`The app publishes no port ${port}`));
      return Promise.resolve({ host: "127.0.0.1", port: openPort });
    },
  });
});

/** A port at which somebody listens as long as this file's tests run. */
const listener = createServer(echo).unref();
const openPort = await new Promise<number>((resolve) =>
  listener.listen(0, "127.0.0.1", () => {
    const address = listener.address();
    resolve(typeof address === "object" && address !== null ? address.port : 0);
  })
);

Deno.test("an address that has become somebody else's while it was connected to is left at once", async () => {
  let asked = 0;
  await inFront(createServer(echo), async (call) => {
    const opened = await call("tcp.open", { target: "app", port: 25 });
    assert.match(opened.error?.message ?? "", /was started anew just now/);
  }, {
    locate: () => Promise.resolve({ host: asked++ === 0 ? "127.0.0.1" : "127.0.0.2", port: openPort }),
  });
});

Deno.test("nobody who listens, and nobody who answers, is told", async () => {
  await inFront(createServer(), async (call, port) => {
    const refused = await call("tcp.open", { target: "app", port: 25 });
    assert.match(refused.error?.message ?? "", /^Port 25 of "app" cannot be reached: .*refused/i);
    assert.notEqual(port, 1);
  }, { locate: () => Promise.resolve({ host: "127.0.0.1", port: 1 }) });
});

Deno.test("a flood is read no further than a call may", async () => {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    const flood = () => {
      while (socket.write(new Uint8Array(64 * 1024).fill(120))) { /* as much as it takes */ }
    };
    socket.on("drain", flood);
    flood();
  });
  await inFront(server, async (call) => {
    const { value: connection } = await call("tcp.open", { target: "app", port: 25 });
    assert.equal((await call("tcp.read", { connection, until: "\n" })).error?.code, "broker.size");
  });
});

const missing = await missingProgram("openssl");

Deno.test({
  name: "with tls the connection is encrypted, whoever vouches for the certificate",
  ignore: missing !== undefined,
  async fn() {
    await using site = await httpsSite(["app.ci.test"], () => {});
    const [cert, key] = ["cert.pem", "key.pem"].map((name) => Deno.readTextFileSync(join(site.folder, name)));
    const server = createTlsServer({ cert, key }, echo);
    await inFront(server, async (call) => {
      const opened = await call("tcp.open", { target: "app", port: 25, tls: true });
      const connection = opened.value;
      assert.equal(
        text(await call("tcp.read", { connection, until: "\n" })),
        "hello\n",
        JSON.stringify(opened),
      );
    });
  },
});
