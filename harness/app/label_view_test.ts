import assert from "node:assert/strict";
import { complaints, differences, type LabelledService } from "./label_view.ts";
import { ProxyView } from "./proxy_view.ts";

/** As Traefik 3.7 answers at `/api/rawdata`. */
function raw() {
  return {
    routers: {
      "wiki@swarm": {
        entryPoints: ["web-secure"],
        middlewares: ["limit@swarm"],
        service: "wiki",
        rule: "Host(`wiki.ci.test`)",
        priority: 20,
        tls: { options: "default", domains: [{ main: "wiki.ci.test" }] },
        status: "enabled",
        using: ["web-secure"],
      },
      "ping@file": { rule: "Host(`traefik.ci.test`)", service: "ping@internal", status: "enabled" },
    },
    middlewares: {
      "limit@swarm": {
        headers: { customRequestHeaders: { "X-Foo": "bar" } },
        rateLimit: { average: 100, period: "1m0s" },
        status: "enabled",
        usedBy: ["wiki@swarm"],
      },
    },
    services: {
      "wiki@swarm": {
        loadBalancer: { servers: [{ url: "http://10.0.1.5:80" }], passHostHeader: true },
        status: "enabled",
        serverStatus: { "http://10.0.1.5:80": "UP" },
      },
      "noop@internal": { status: "enabled" },
    },
    tcpRouters: { "mail@swarm": { rule: "HostSNI(`*`)", service: "mail", status: "enabled" } },
    tcpServices: { "mail@swarm": { loadBalancer: { servers: [{ address: "10.0.1.5:25" }] } } },
  };
}

const labels = {
  "traefik.enable": "true",
  "traefik.http.routers.wiki.rule": "Host(`wiki.ci.test`)",
  "traefik.http.routers.wiki.entrypoints": "web-secure",
  "traefik.http.services.wiki.loadbalancer.server.port": "80",
  "coop-cloud.wiki.version": "1.0.0+1",
};

function service(change: Partial<LabelledService> = {}): LabelledService {
  return {
    name: "app",
    labels,
    before: labels,
    moved: false,
    tasks: [["10.0.1.5", "172.18.0.3"]],
    ...change,
  };
}

/** What a view still lacks after these labels have changed. */
function after(change: Record<string, string | undefined>, before: Record<string, string> = {}) {
  const set = Object.fromEntries(
    Object.entries({ ...labels, ...before, ...change }).filter(([, value]) => value !== undefined),
  ) as Record<string, string>;
  return differences(new ProxyView(raw()), [service({ labels: set, before: { ...labels, ...before } })]);
}

const router = "traefik.http.routers.wiki";
const port = "traefik.http.services.wiki.loadbalancer.server.port";
const limit = "traefik.http.middlewares.limit";

const cases: [what: string, seen: ReturnType<typeof after>, expect: "taken up" | "older" | "missing"][] = [
  ["nothing has changed", after({}), "taken up"],
  ["a version label is not the proxy's", after({ "coop-cloud.wiki.version": "2" }), "taken up"],
  ["another port", after({ [port]: "8080" }), "older"],
  ["the port that is shown", after({ [port]: "80" }, { [port]: "8080" }), "taken up"],
  ["another rule", after({ [`${router}.rule`]: "Host(`wiki.ci.test`) && Path(`/`)" }), "older"],
  ["another entry point", after({ [`${router}.entrypoints`]: "web" }), "older"],
  ["a middleware more", after({ [`${router}.middlewares`]: "other" }), "missing"],
  ["the middleware that is shown", after({ [`${router}.middlewares`]: "limit" }), "taken up"],
  [
    "a middleware less",
    after({ [`${router}.middlewares`]: undefined }, { [`${router}.middlewares`]: "limit" }),
    "missing",
  ],
  [
    "a middleware less that is gone",
    after({ [`${router}.service`]: undefined }, { [`${router}.service`]: "old" }),
    "taken up",
  ],
  ["names in capitals", after({ "traefik.HTTP.Routers.Wiki.Rule": "Host(`wiki.ci.test`)" }), "taken up"],
  ["a flag that makes an object", after({ [`${router}.tls`]: "true" }), "taken up"],
  ["an empty value that is shown as none", after({ [`${router}.tls.certresolver`]: "" }), "taken up"],
  ["a value in a list", after({ [`${router}.tls.domains[0].main`]: "wiki.ci.test" }), "taken up"],
  ["another value in a list", after({ [`${router}.tls.domains[0].main`]: "x.ci.test" }), "missing"],
  ["a number", after({ [`${limit}.ratelimit.average`]: "100" }), "taken up"],
  ["a duration in another form", after({ [`${limit}.ratelimit.period`]: "60s" }), "taken up"],
  ["a header", after({ [`${limit}.headers.customrequestheaders.X-Foo`]: "bar" }), "taken up"],
  [
    "a flag of the load balancer",
    after({ "traefik.http.services.wiki.loadbalancer.passhostheader": "false" }),
    "missing",
  ],
  [
    "the scheme of the servers",
    after({ "traefik.http.services.wiki.loadbalancer.server.scheme": "https" }),
    "missing",
  ],
  [
    "the port of a TCP service",
    after({ "traefik.tcp.services.mail.loadbalancer.server.port": "25" }),
    "taken up",
  ],
  [
    "another port of a TCP service",
    after({ "traefik.tcp.services.mail.loadbalancer.server.port": "26" }),
    "missing",
  ],
  ["a network, which the API does not show", after({ "traefik.docker.network": "other" }), "missing"],
  ["labels that the proxy is told not to read", after({ "traefik.enable": "false" }), "missing"],
];

for (const [what, seen, expect] of cases) {
  Deno.test(`the proxy's view and labels: ${what}`, () => {
    const state = seen.length === 0 ? "taken up" : seen.some((one) => one.older) ? "older" : "missing";
    assert.equal(state, expect, JSON.stringify(seen));
  });
}

Deno.test("the proxy's servers are the running tasks, no more and no fewer", () => {
  const view = new ProxyView(raw());
  const older = (tasks: string[][]) => differences(view, [service({ tasks })]).map((one) => one.older);
  assert.deepEqual(older([["10.0.1.5"]]), []);
  assert.deepEqual(older([["10.0.1.6"]]), [true, false], "it knows an old task, and not the new one");
  assert.deepEqual(older([["10.0.1.5"], ["10.0.1.6"]]), [false]);
  assert.deepEqual(older([]), [true]);
  const virtual = { ...labels, "traefik.docker.lbswarm": "true" };
  assert.deepEqual(differences(view, [service({ labels: virtual, before: virtual, tasks: [] })]), []);
});

Deno.test("what the proxy has against the routers of the labels, and what it does not have at all", () => {
  const shown = raw();
  Object.assign(shown.routers["wiki@swarm"], {
    status: "disabled",
    error: ['entryPoint "nowhere" doesn\'t exist', "no valid entryPoint for this router"],
  });
  assert.deepEqual(complaints(new ProxyView(shown), [service()]), [
    'the proxy says of router "wiki": entryPoint "nowhere" doesn\'t exist, no valid entryPoint for this router',
  ]);
  assert.deepEqual(complaints(new ProxyView({ ...shown, routers: {}, services: {} }), [service()]), [
    'the proxy has no router "wiki"',
    'the proxy has no service "wiki"',
  ]);
});
