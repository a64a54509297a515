import assert from "node:assert/strict";
import type { Login } from "./login.ts";
import { referenceOf } from "./reference.ts";
import { askRetryAfter } from "./retry_after.ts";

const password = "the host's own word";
const mine: Login = { username: "me", password, serveraddress: "" };
const header = `Basic ${btoa(`me:${password}`)}`;

/** What a registry was asked with, by path, and what it answers. */
interface Site {
  host: string;
  asked: [path: string, authorization: string | null][];
}

async function withSite(
  answer: (request: Request, site: Site) => Response | Promise<Response>,
  work: (site: Site) => Promise<void>,
): Promise<void> {
  const site: Site = { host: "", asked: [] };
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const { pathname, search } = new URL(request.url);
    site.asked.push([`${request.method} ${pathname}${search}`, request.headers.get("authorization")]);
    return answer(request, site);
  });
  site.host = `127.0.0.1:${server.addr.port}`;
  try {
    await work(site);
  } finally {
    await server.shutdown();
  }
}

const limited = () => new Response("no", { status: 429, headers: { "retry-after": "90" } });
const wants = (challenge: string) =>
  new Response("no", { status: 401, headers: { "www-authenticate": challenge } });
const ask = (host: string, login: Login | null) =>
  askRetryAfter(referenceOf(`${host}/x:1`), { login, signal: new AbortController().signal });

const door = "GET /v2/";
const manifest = "GET /v2/x/manifests/1";

Deno.test("a registry that wants nothing of whoever asks is not told the log-in", () =>
  withSite(
    (request) => new URL(request.url).pathname === "/v2/" ? new Response("{}") : limited(),
    async (site) => {
      assert.equal(await ask(site.host, mine), 90_000);
      assert.deepEqual(site.asked, [[door, null], [manifest, null]]);
    },
  ));

Deno.test("a registry that limits this host at its door says so there", () =>
  withSite(limited, async (site) => {
    assert.equal(await ask(site.host, mine), 90_000);
    assert.deepEqual(site.asked, [[door, null]]);
  }));

Deno.test("a registry that wants a log-in is told the host's", () =>
  withSite(
    (request) => request.headers.has("authorization") ? limited() : wants('Basic realm="tests"'),
    async (site) => {
      assert.equal(await ask(site.host, null), null);
      assert.equal(await ask(site.host, mine), 90_000);
      assert.deepEqual(site.asked.at(-1), [manifest, header]);
    },
  ));

function givesTokens(request: Request, site: Site): Response {
  if (new URL(request.url).pathname === "/token") return Response.json({ token: "for this pull" });
  if (request.headers.get("authorization") === "Bearer for this pull") return limited();
  return wants(`Bearer realm="http://${site.host}/token",service="reg"`);
}

Deno.test("where a registry wants a token, the log-in goes to whoever gives tokens, and the token to the registry", () =>
  withSite(givesTokens, async (site) => {
    assert.equal(await ask(site.host, null), 90_000);
    const token = "GET /token?service=reg&scope=repository%3Ax%3Apull";
    assert.deepEqual(site.asked, [[door, null], [token, null], [manifest, "Bearer for this pull"]]);
    site.asked.length = 0;
    assert.equal(await ask(site.host, mine), 90_000);
    assert.deepEqual(site.asked, [[door, null], [token, header], [manifest, "Bearer for this pull"]]);
    site.asked.length = 0;
    assert.equal(await ask(site.host, { ...mine, password: "", identitytoken: "from a browser" }), 90_000);
    assert.deepEqual(site.asked.map(([path]) => path), [door, "POST /token", manifest]);
  }));

Deno.test("whoever gives tokens may limit this host, too", () =>
  withSite(
    (request, site) =>
      new URL(request.url).pathname === "/token"
        ? limited()
        : wants(`Bearer realm="http://${site.host}/token",service="reg"`),
    async (site) => assert.equal(await ask(site.host, mine), 90_000),
  ));

Deno.test("the log-in is told to nobody over a way that others can read", () =>
  withSite(
    () => wants('Bearer realm="http://tokens.example.invalid/token",service="reg"'),
    async (site) => {
      assert.equal(await ask(site.host, mine), null);
      assert.deepEqual(site.asked, [[door, null], [manifest, null]]);
    },
  ));

Deno.test("a registry that is away, or says something else, tells nothing", async () => {
  assert.equal(await ask("127.0.0.1:1", mine), null);
  await withSite(() => new Response("no", { status: 503, headers: { "retry-after": "9" } }), async (site) => {
    assert.equal(await ask(site.host, mine), null);
  });
});
