import assert from "node:assert/strict";
import type { Clock } from "../../common/time.ts";
import { readSettings } from "../run/settings.ts";
import { Swarm } from "../swarm/swarm.ts";
import * as schema from "../swarm/schema.ts";
import { httpsSite } from "../testing/https_site.ts";
import { waitTakenUp } from "./taken_up.ts";

const STACK = "wiki-0a1b2c_ci_test";
const START = Date.parse("2026-01-01T00:00:00Z");
const PORT = "traefik.http.services.wiki.loadbalancer.server.port";

/** How a service is reached now, and was before, in the Engine's own words; empty: as the Engine does by itself. */
type Endpoints = { now?: object; before?: object };

/** An engine with one service, whose port label the latest deploy has changed to 8080. */
class FakeSwarm extends Swarm {
  readonly #before: string;
  readonly #endpoints: Endpoints;

  constructor({ before, endpoints }: { before: string; endpoints: Endpoints }) {
    super("/nowhere");
    this.#before = before;
    this.#endpoints = endpoints;
  }
  override services() {
    const spec = {
      Name: `${STACK}_app`,
      Labels: { [PORT]: "8080" },
      TaskTemplate: {},
      Mode: { Replicated: { Replicas: 1 } },
      EndpointSpec: this.#endpoints.now,
    };
    const before = { Labels: { [PORT]: this.#before }, EndpointSpec: this.#endpoints.before };
    const service = { ID: "s", Spec: spec, PreviousSpec: before };
    return Promise.resolve([schema.service.parse(service)]);
  }
  override tasks() {
    const at = new Date(START).toISOString();
    return Promise.resolve([
      schema.task.parse({
        ID: "t",
        CreatedAt: at,
        ServiceID: "s",
        DesiredState: "running",
        Spec: {},
        NetworksAttachments: [{ Addresses: ["10.0.1.5/24"] }],
        Status: { Timestamp: at, State: "running" },
      }),
    ]);
  }
}

/**
 * Waits for a proxy whose API shows these ports, one after the other, from the third fake second on.
 * @param deploy.api null: the proxy's API cannot be asked; a number is a status that it answers with
 * @returns how many fake seconds it took, and what was logged and noted
 */
async function takeUp(
  deploy: { api: string[] | number | null; before?: string; refreshS?: number; endpoints?: Endpoints },
) {
  const { api, before = "80", refreshS = 5, endpoints = {} } = deploy;
  let asked = 0;
  await using site = await httpsSite(["traefik.ci.test"], (_, response) => {
    if (!Array.isArray(api)) return void response.writeHead(api ?? 500).end();
    const port = api[Math.min(asked++, api.length - 1)];
    const services = port === undefined || port === ""
      ? {}
      : { "wiki@swarm": { loadBalancer: { servers: [{ url: `http://10.0.1.5:${port}` }] } } };
    response.end(JSON.stringify({ services }));
  });
  const env: Record<string, string> = {
    CCCI_BASE_DOMAIN: "ci.test",
    CCCI_RUNS: "/nonexistent",
    CCCI_INGRESS: site.ingress,
    CCCI_CA_FILE: site.ca,
    CCCI_PROXY_REFRESH_S: String(refreshS),
    ...(api === null ? {} : { CCCI_TRAEFIK_API: "https://traefik.ci.test" }),
  };
  let now = START;
  const clock: Clock = {
    now: () => now,
    elapsed: () => now,
    // Time passes when a sleep is over, and not when somebody begins one that is not waited for.
    sleep: (ms) =>
      new Promise((resolve) =>
        setTimeout(() => {
          now += ms === 0 ? 0 : Math.max(ms, 1_000);
          resolve();
        })
      ),
  };
  const said: string[] = [];
  await waitTakenUp({
    swarm: new FakeSwarm({ before, endpoints }),
    stack: STACK,
    settings: readSettings((name) => env[name]),
    since: START,
    gone: Promise.resolve(),
    ctx: {
      clock,
      signal: new AbortController().signal,
      log: (line) => said.push(line),
      note: (text) => said.push(text),
    },
  });
  return { seconds: Math.round((now - START) / 1000), said: said.join("\n") };
}

Deno.test("an update of labels only is believed once the proxy's API shows the new labels", async () => {
  const { seconds, said } = await takeUp({ api: ["80", "80", "8080"] });
  assert.equal(seconds, 2);
  assert.match(said, /Waiting for the proxy to take up: label \S+port=8080\nThe proxy's API shows/);
});

Deno.test("a proxy that certainly shows what was before is waited for beyond its interval", async () => {
  const { seconds } = await takeUp({ api: [...Array.from({ length: 20 }, () => "80"), "8080"] });
  assert.equal(seconds, 20);
});

Deno.test("a proxy that never takes it up is the host's trouble", async () => {
  await assert.rejects(takeUp({ api: ["80"] }), (error: Error) => {
    assert.equal(error.name, "InfraFailure");
    assert.match(error.message, /The proxy did not take up in 1 min \d\d s: label \S+=8080/);
    return true;
  });
});

Deno.test("a look of the proxy's that is late on a busy host is waited for, though nothing old shows", async () => {
  const { seconds, said } = await takeUp({ api: [...Array.from({ length: 12 }, () => ""), "8080"] });
  assert.equal(seconds, 12);
  assert.match(said, /API shows the routers/);
});

Deno.test("labels that the proxy takes for nothing are not waited for longer than a look may take", async () => {
  const { seconds, said } = await takeUp({ api: [""] });
  assert.equal(seconds, 18);
  assert.match(said, /has looked at Swarm since the deploy; its API does not show: label \S+=8080/);
});

Deno.test("without its API, the proxy's next look is waited for, though no container had to be replaced", async () => {
  const { seconds, said } = await takeUp({ api: null, refreshS: 15 });
  assert.equal(seconds, 27);
  assert.match(said, /as it does every 15 s/);
});

Deno.test("where no label of the proxy's has changed, it is enough that old containers are gone", async () => {
  const { said } = await takeUp({ api: ["80"], before: "8080" });
  assert.equal(said, "");
});

const tcp = { Protocol: "tcp", TargetPort: 25, PublishMode: "ingress" };
const smtp = { Mode: "vip", Ports: [{ ...tcp, PublishedPort: 25 }] };
const both = { Mode: "vip", Ports: [{ ...tcp, PublishedPort: 25 }, { ...tcp, PublishedPort: 587 }] };
const turned = { Mode: "vip", Ports: both.Ports.toReversed() };
/** What an upgrade changes of how a service is reached while its labels stay, and whether the proxy has to look again. */
const changes: [what: string, endpoints: Endpoints, looks: boolean][] = [
  ["its endpoint mode only", { before: { Mode: "vip" }, now: { Mode: "dnsrr" } }, true],
  ["its endpoint mode only, from none named", { before: {}, now: { Mode: "dnsrr" } }, true],
  ["its ports only", { before: smtp, now: both }, true],
  ["that it publishes no port any more", { before: smtp, now: { Mode: "vip" } }, true],
  ["the order of its ports", { before: both, now: turned }, false],
  ["nothing of it, by naming what is usual", { before: {}, now: { Mode: "vip" } }, false],
  ["networks, configs or environment, for which Swarm makes new tasks", {}, false],
];
for (const [what, endpoints, looks] of changes) {
  Deno.test(`an upgrade that changes ${what} ${looks ? "waits for a" : "needs no"} look of the proxy's`, async () => {
    for (const api of [null, ["8080"]]) {
      const { seconds } = await takeUp({ api, before: "8080", endpoints });
      assert.equal(seconds, looks ? 7 : 0);
    }
  });
}

Deno.test("new labels and a new endpoint: the proxy has looked, and its API shows the labels", async () => {
  const endpoints = { before: { Mode: "vip" }, now: { Mode: "dnsrr" } };
  const { seconds, said } = await takeUp({ api: ["80", "80", "8080"], endpoints });
  assert.ok(seconds >= 7 + 2, String(seconds));
  assert.match(said, /API shows the routers/);
});

Deno.test("an API that does not answer is said, and the proxy's next look is waited for", async () => {
  const { seconds, said } = await takeUp({ api: 403 });
  assert.equal(seconds, 17);
  assert.match(said, /CCCI_TRAEFIK_API.*so its next look was waited for[\s\S]*status 403/);
});
