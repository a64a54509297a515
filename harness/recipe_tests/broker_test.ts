import assert from "node:assert/strict";
import type { BrokerOptions } from "./broker_types.ts";
import { httpsSite, missingProgram } from "../testing/https_site.ts";
import { brokerOfApp, callBroker } from "./testing/broker.ts";

const missing = await missingProgram("openssl");

async function withBroker(
  changes: Partial<BrokerOptions>,
  work: (socket: string) => Promise<void>,
): Promise<void> {
  await using broker = await brokerOfApp({
    exec: (_service, [program]) =>
      Promise.resolve({ code: 0, stdout: program === "a" ? "x".repeat(2 * 1024 * 1024) : "", stderr: "" }),
    ...changes,
  });
  await work(broker.socketPath);
}

Deno.test({
  name: `fetch goes to the ingress under the app's name and follows nothing${
    missing ? ` (skipped: no ${missing})` : ""
  }`,
  ignore: missing !== undefined,
  async fn() {
    await using site = await httpsSite(["app.ci.test"], (request, response) => {
      const body: Uint8Array[] = [];
      request.on("data", (chunk) => body.push(chunk));
      request.on("end", () => {
        const text = `${request.method} ${request.headers.host} ${request.headers["x-a"]} ${
          new TextDecoder().decode(body[0])
        }`;
        response.writeHead(302, { location: "https://other.test/", "set-cookie": ["a=1", "b=2"] }).end(text);
      });
    });
    const ingress = { address: site.ingress, ca: await Deno.readTextFile(site.ca) };
    await withBroker({ ingress }, async (socket) => {
      const { value } = await callBroker(socket, {
        method: "fetch",
        params: {
          url: "https://app.ci.test/path?q=1",
          method: "POST",
          headers: [["x-a", "1"], ["Host", "other.test"]],
          body: btoa("hello"),
        },
      });
      const answer = value as { status: number; headers: [string, string][]; body: string; url: string };
      assert.equal(answer.status, 302);
      assert.equal(atob(answer.body), "POST app.ci.test 1 hello");
      assert.deepEqual(answer.headers.filter(([name]) => name === "set-cookie").map(([, value]) => value), [
        "a=1",
        "b=2",
      ]);
    });
  },
});

Deno.test({
  name: `fetch over http is answered by the proxy's web entry point, as for visitors${
    missing ? ` (skipped: no ${missing})` : ""
  }`,
  ignore: missing !== undefined,
  async fn() {
    await using site = await httpsSite(["app.ci.test"], () => {});
    const ingress = { address: site.ingress, http: site.ingressHttp };
    await withBroker({ ingress }, async (socket) => {
      const { value } = await callBroker(socket, {
        method: "fetch",
        params: { url: "http://app.ci.test/docs/" },
      });
      const { status, headers } = value as { status: number; headers: [string, string][] };
      const location = headers.find(([name]) => name === "location")?.[1];
      assert.deepEqual([status, location], [301, "https://app.ci.test/docs/"]);
    });
  },
});

/** Calls that must be refused, and with what. */
const refused: Record<string, [call: unknown, code: string]> = {
  "another domain": [{ method: "fetch", params: { url: "https://git.ci.test/" } }, "broker.domain"],
  "another port": [{ method: "fetch", params: { url: "https://app.ci.test:8443/" } }, "broker.domain"],
  "another port of http": [{ method: "fetch", params: { url: "http://app.ci.test:443/" } }, "broker.domain"],
  "another scheme": [{ method: "fetch", params: { url: "ftp://app.ci.test/" } }, "broker.domain"],
  "an address with a user": [{ method: "fetch", params: { url: "https://a@app.ci.test/" } }, "broker.domain"],
  "a domain hidden behind a backslash": [
    { method: "fetch", params: { url: "https://git.ci.test\\@app.ci.test/" } },
    "broker.domain",
  ],
  "another service": [{ method: "exec", params: { service: "traefik", argv: ["sh"] } }, "broker.service"],
  "a command without words": [{ method: "exec", params: { service: "app", argv: [] } }, "broker.request"],
  "too long a time": [
    { method: "exec", params: { service: "app", argv: ["a"], timeoutMs: 1e9 } },
    "broker.request",
  ],
  "a secret nobody generated": [{ method: "secret", params: { name: "toString" } }, "broker.secret"],
  "a page without a browser": [{ method: "page.open", params: {} }, "broker.browser"],
  "a page that is not open": [{ method: "page.title", params: { page: 1 } }, "broker.request"],
  "an unknown call": [{ method: "constructor", params: {} }, "broker.request"],
  "no call at all": ["null\n", "broker.request"],
  "no JSON": ["{\n", "broker.request"],
};
for (const [name, [line, code]] of Object.entries(refused)) {
  Deno.test(`refuses ${name}`, () =>
    withBroker({}, async (socket) => {
      const { ok, error } = await callBroker(socket, line);
      assert.deepEqual([ok, error?.code], [false, code]);
    }));
}

Deno.test("a test is not given part of an output as if it were all of it", () =>
  withBroker({}, async (socket) => {
    const { ok, error } = await callBroker(socket, {
      method: "exec",
      params: { service: "app", argv: ["a"] },
    });
    assert.deepEqual([ok, error?.code], [false, "broker.size"]);
  }));

Deno.test("closing ends calls under way and removes the socket", async () => {
  let path = "";
  let pending: Promise<unknown> | undefined;
  let aborted = false;
  const begun = Promise.withResolvers<void>();
  await withBroker({
    exec: (_service, _argv, { signal }) =>
      new Promise((_, reject) => {
        begun.resolve();
        signal?.addEventListener("abort", () => {
          aborted = true;
          reject(signal.reason);
        });
      }),
  }, async (socket) => {
    path = socket;
    pending = callBroker(socket, { method: "exec", params: { service: "app", argv: ["sleep"] } }).catch(
      () => {},
    );
    await begun.promise;
  });
  await pending;
  assert.ok(aborted);
  await assert.rejects(Deno.stat(path), Deno.errors.NotFound);
});

Deno.test("a line without an end is refused as soon as it is longer than any call", () =>
  withBroker({}, async (socket) => {
    const connection = await Deno.connect({ transport: "unix", path: socket });
    const answer = new Response(connection.readable).text().catch(String); // may be lost when the broker hangs up
    const piece = new Uint8Array(1024 * 1024).fill(120);
    let sent = 0;
    try {
      for (; sent < 64; sent++) {
        for (let at = 0; at < piece.length;) at += await connection.write(piece.subarray(at));
      }
    } catch { /* the broker has hung up */ }
    assert.ok(sent < 64, "the broker went on reading");
    assert.match(await answer, /broker\.limit|reset/i);
    assert.equal(
      (await callBroker(socket, { method: "exec", params: { service: "app", argv: ["x"] } })).ok,
      true,
    );
  }));

Deno.test("lines that are long together are refused, and calls after them are answered", () =>
  withBroker({}, async (socket) => {
    const piece = new Uint8Array(11 * 1024 * 1024).fill(120);
    const connections = [];
    const answers: Promise<string>[] = [];
    for (let count = 0; count < 6; count++) {
      const connection = await Deno.connect({ transport: "unix", path: socket });
      connections.push(connection);
      answers.push(new Response(connection.readable).text().catch(String));
      try {
        for (let at = 0; at < piece.length;) at += await connection.write(piece.subarray(at));
      } catch { /* the broker has hung up */ }
    }
    const refused = await Promise.any(answers); // the others are still being read
    assert.match(refused, /broker\.limit|reset/i);
    for (const connection of connections) await connection.closeWrite().catch(() => {});
    await Promise.all(answers);
    assert.equal(
      (await callBroker(socket, { method: "exec", params: { service: "app", argv: ["x"] } })).ok,
      true,
    );
  }));

Deno.test("a set-up reads what earlier runs have left, and any other file that nothing was", async () => {
  const orphans = [{ neededBy: ["wiki.ci.test"], handed: { client: { value: "7", secret: true } } }];
  await withBroker({ orphans }, async (socket) => {
    const { value } = await callBroker(socket, { method: "orphans", params: {} });
    assert.deepEqual(value, [{ neededBy: ["wiki.ci.test"], handed: { client: "7" } }]);
  });
  await withBroker({}, async (socket) => {
    assert.deepEqual((await callBroker(socket, { method: "orphans", params: {} })).value, []);
  });
});
