import assert from "node:assert/strict";
import { Readable } from "node:stream";
import type { Clock } from "../../common/time.ts";
import { waitAnswer } from "./wait_answer.ts";
import { readSettings } from "../run/settings.ts";
import type { StageFailure } from "../run/stage.ts";
import { DockerError, Swarm } from "../swarm/swarm.ts";
import * as schema from "../swarm/schema.ts";
import { frame } from "../testing/frame.ts";
import { httpsSite } from "../testing/https_site.ts";
import { RunningSwarm } from "../testing/running_swarm.ts";

const STACK = "wiki-0a1b2c_ci_test";
const DOMAIN = "wiki-0a1b2c.ci.test";
const START = Date.parse("2026-01-01T00:00:00Z");
/** What the proxy says to names that no app has. */
const NOBODYS = "404 page not found\n";
const ENTRY_POINTS = "traefik.http.routers.wiki.entrypoints";
/** Fake seconds that pass between two looks. */
const STEP_MS = 5_000;

/** An engine whose app has been running for a minute, healthy or without a health check. */
class FakeSwarm extends RunningSwarm {
  constructor(status: string, rule = `Host(\`${DOMAIN}\`)`, labels: Record<string, string> = {}) {
    super({
      stack: STACK,
      now: START,
      status,
      labels: { "traefik.http.routers.wiki.rule": rule, ...labels },
    });
  }
  override containerOf(): Promise<schema.ContainerObject> {
    return Promise.reject(new DockerError("look into the container")); // it has no shell
  }
}

/** How the app behind a site is asked for. */
function options(site: { ingress: string; ca: string }) {
  const env: Record<string, string> = {
    CCCI_BASE_DOMAIN: "ci.test",
    CCCI_RUNS: "/nonexistent",
    CCCI_INGRESS: site.ingress,
    CCCI_CA_FILE: site.ca,
  };
  return {
    stack: STACK,
    domain: DOMAIN,
    since: START - 90_000,
    health: { path: "/", status: [200] },
    settings: readSettings((name) => env[name]),
    timeoutMs: 600_000,
    log: () => {},
    signal: new AbortController().signal,
  };
}

/** Waits in vain for an app behind a proxy that always says the same. @returns why, and after how many fake seconds */
async function waitInVain(
  swarm: Swarm,
  answer: { status: number; body: string; location?: string },
  health = { path: "/", status: [200] },
): Promise<{ error: StageFailure; seconds: number }> {
  await using site = await httpsSite([DOMAIN, "*.ci.test"], (request, response) => {
    if (request.headers.host !== DOMAIN) return void response.writeHead(404).end(NOBODYS);
    const { status, body, location } = answer;
    response.writeHead(status, location === undefined ? {} : { location }).end(body);
  });
  const { clock } = frozenClock();
  const error = await waitAnswer({ ...options(site), swarm, clock, health })
    .then(() => assert.fail("It answered"), (error) => error);
  return { error, seconds: (clock.now() - START) / 1000 };
}

/** A clock that stands still except while somebody sleeps. */
function frozenClock(): { clock: Clock } {
  let now = START;
  const clock: Clock = {
    now: () => now,
    elapsed: () => now,
    sleep: () => Promise.resolve(void (now += STEP_MS)),
  };
  return { clock };
}

const badGateway = { status: 502, body: "Bad Gateway" };

Deno.test("a proxy that finds no way to a healthy app for a minute is the end", async () => {
  const { error, seconds } = await waitInVain(new FakeSwarm("Up 2 minutes (healthy)"), badGateway);
  assert.equal(seconds, 60);
  assert.match(error.message, /does not answer with status 200: status 502$/);
  assert.match(
    error.detail ?? "",
    /healthy: look at traefik\.enable, at the labels .*entrypoints\), at the port/,
  );
});

Deno.test("an app without a health check gets longer, one that answers by itself the whole time", async () => {
  const untold = new FakeSwarm("Up 2 minutes");
  assert.equal((await waitInVain(untold, badGateway)).seconds, 240);
  const itself = await waitInVain(new FakeSwarm("Up 2 minutes (healthy)"), {
    status: 502,
    body: "Migrating",
  });
  assert.equal(itself.seconds, 600);
});

Deno.test("an app that turns unhealthy is not ready, whatever the proxy says", async () => {
  const { seconds } = await waitInVain(new FakeSwarm("Up 2 minutes (health: starting)"), badGateway);
  assert.equal(seconds, 600);
});

Deno.test("what the container's sockets have shown is not lost when a later look at them fails", async () => {
  let looks = 0;
  class Busy extends FakeSwarm {
    constructor() {
      super("Up 2 minutes (healthy)", undefined, {
        "traefik.http.services.wiki.loadbalancer.server.port": "8080",
      });
      const table = "  0: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 1 1 0\n";
      const command = {
        start: () => Promise.resolve(Readable.from([frame(1, table)], { objectMode: false })),
        inspect: () => Promise.resolve({ Running: false, ExitCode: 0 }),
      };
      Object.assign(this.docker, { getContainer: () => ({ exec: () => Promise.resolve(command) }) });
    }
    override containerOf() {
      return looks++ === 0
        ? Promise.resolve(schema.container.parse({ Id: "c", State: "running", Status: "Up 2 minutes" }))
        : super.containerOf();
    }
  }
  const { error } = await waitInVain(new Busy(), badGateway);
  assert.ok(looks > 1);
  assert.match(error.message, /server\.port=8080, but service "app" listens on 80$/);
});

Deno.test("an app that no router leads to is told so, health check or not", async () => {
  const swarm = new FakeSwarm("Up 2 minutes", "Host(`other.ci.test`)");
  const { error, seconds } = await waitInVain(swarm, { status: 404, body: NOBODYS });
  assert.equal(seconds, 60);
  assert.match(error.message, /no service has a router label with the rule Host\(`wiki-0a1b2c/);
});

Deno.test("an app whose service has ended without an error is told so, and not to mend its labels", async () => {
  class Ended extends FakeSwarm {
    constructor() {
      super("Exited (0) 2 minutes ago");
    }
    override async services(): Promise<schema.ServiceObject[]> {
      const services = structuredClone(await super.services());
      for (const { Spec } of services) Spec.TaskTemplate.RestartPolicy = { Condition: "on-failure" };
      return services;
    }
    override async tasks(): Promise<schema.TaskObject[]> {
      const tasks = structuredClone(await super.tasks());
      return tasks.map((task) => ({
        ...task,
        DesiredState: "shutdown",
        Spec: { ...task.Spec, RestartPolicy: { Condition: "on-failure" } },
        Status: { ...task.Status, State: "complete" },
      }));
    }
  }
  const { error, seconds } = await waitInVain(new Ended(), { status: 404, body: NOBODYS });
  assert.equal(seconds, 20);
  assert.match(error.message, /service "app", to which visitors are led, has ended without an error$/);
  assert.match(error.detail ?? "", /its command has to go on/);
  assert.doesNotMatch(error.detail ?? "", /label/);
});

Deno.test("the proxy's own answer never counts, whatever status is expected", async () => {
  const healthy = new FakeSwarm("Up 2 minutes (healthy)");
  const proxys = { status: 404, body: NOBODYS };
  const { error } = await waitInVain(healthy, proxys, { path: "/", status: [404] });
  assert.match(error.message, /does not answer with status 404: status 404, the proxy knows no such app/);
});

Deno.test("an app's own 404 counts where 404 is expected", async () => {
  await using site = await httpsSite([DOMAIN, "*.ci.test"], (request, response) => {
    const own = request.headers.host === DOMAIN;
    response.writeHead(404, own ? { server: "nginx" } : {}).end(NOBODYS);
  });
  const swarm = new FakeSwarm("Up 2 minutes (healthy)");
  const asked = { ...options(site), swarm, health: { path: "/", status: [404] } };
  await waitAnswer(asked);
});

Deno.test("a 404 like the proxy's counts where the proxy's API shows that the app's router takes all requests", async () => {
  let rule = `Host(\`${DOMAIN}\`)`;
  const service = { loadBalancer: { servers: [{ url: "http://10.0.1.5:80" }] } };
  await using site = await httpsSite([DOMAIN, "*.ci.test"], (request, response) => {
    if (request.url !== "/api/rawdata") return void response.writeHead(404).end(NOBODYS);
    const raw = { routers: { "w@swarm": { rule, service: "w" } }, services: { "w@swarm": service } };
    response.end(JSON.stringify(raw));
  });
  const { settings, ...rest } = options(site);
  const asked = {
    ...rest,
    ...frozenClock(),
    swarm: new FakeSwarm("Up 2 minutes (healthy)"),
    settings: { ...settings, TRAEFIK_API: "https://traefik.ci.test" },
    health: { path: "/", status: [404] },
  };
  await waitAnswer(asked);
  rule += " && PathPrefix(`/api`)";
  await assert.rejects(waitAnswer(asked), /the proxy knows no such app/);
});

Deno.test("a route that does not come up names the entry points that there are", async () => {
  const routers = { "wiki@swarm": { rule: `Host(\`${DOMAIN}\`)`, service: "wiki", status: "enabled" } };
  const api: Record<string, unknown> = {
    "/api/rawdata": { routers, services: {} },
    "/api/entrypoints": [{ name: "web", address: ":80" }, { name: "web-secure", address: ":443" }],
  };
  await using site = await httpsSite([DOMAIN, "*.ci.test"], (request, response) => {
    const said = api[request.url ?? ""];
    response.writeHead(said === undefined ? 404 : 200).end(
      said === undefined ? NOBODYS : JSON.stringify(said),
    );
  });
  const { settings, ...rest } = options(site);
  const wait = (label: string) =>
    waitAnswer({
      ...rest,
      ...frozenClock(),
      swarm: new FakeSwarm("Up 2 minutes (healthy)", undefined, { [ENTRY_POINTS]: label }),
      settings: { ...settings, TRAEFIK_API: "https://traefik.ci.test" },
    }).then(() => assert.fail("It answered"), (error: StageFailure) => error);
  const wrong = await wait("websecure, web");
  assert.match(
    wrong.message,
    /; router "wiki" names the entry point "websecure", and the proxy has web, web-secure$/,
  );
  const other = await wait("web"); // it exists, and leads to no HTTPS
  assert.doesNotMatch(other.message, /entry point/);
  assert.match(other.detail ?? "", /tls, entrypoints \(the proxy has web, web-secure\)\), at the port/);
});

Deno.test("a route that the proxy has made only after its answer does not make the answer the app's", async () => {
  const routers = { "w@swarm": { rule: `Host(\`${DOMAIN}\`)`, service: "w" } };
  const services = { "w@swarm": { loadBalancer: { servers: [{ url: "http://10.0.1.5:80" }] } } };
  let asked = 0;
  await using site = await httpsSite([DOMAIN, "*.ci.test"], (request, response) => {
    if (request.url === "/api/rawdata") return void response.end(JSON.stringify({ routers, services }));
    const routed = request.headers.host === DOMAIN && asked++ > 0;
    response.writeHead(routed ? 200 : 404).end(routed ? "The app" : NOBODYS);
  });
  const { settings, ...rest } = options(site);
  const waiting = waitAnswer({
    ...rest,
    ...frozenClock(),
    swarm: new FakeSwarm("Up 2 minutes (healthy)"),
    settings: { ...settings, TRAEFIK_API: "https://traefik.ci.test" },
    health: { path: "/", status: [404] },
  });
  await assert.rejects(waiting, /does not answer with status 404: status 200/);
});

Deno.test("a right answer does not hide a stack that does not stand, or has crashed", async () => {
  await using site = await httpsSite([DOMAIN, "*.ci.test"], (request, response) => {
    response.writeHead(request.headers.host === DOMAIN ? 200 : 404).end();
  });
  const starting = new FakeSwarm("Up 2 minutes (health: starting)");
  await assert.rejects(
    waitAnswer({ ...options(site), ...frozenClock(), swarm: starting }),
    /status 200, but Docker shows app 1\/1 \(running, health: starting\)/,
  );
});

Deno.test("the app is asked as a visitor's browser asks, and a body without an end is an answer", async () => {
  const seen: Record<string, string | undefined>[] = [];
  await using site = await httpsSite([DOMAIN, "*.ci.test"], (request, response) => {
    if (request.headers.host !== DOMAIN) return void response.writeHead(404).end();
    const { accept, "user-agent": agent } = request.headers;
    seen.push({ accept, agent });
    response.writeHead(200);
    response.write("x".repeat(300_000)); // and never ends
  });
  await waitAnswer({ ...options(site), swarm: new FakeSwarm("Up 2 minutes (healthy)") });
  assert.match(seen[0]?.agent ?? "", /^Mozilla\/5\.0 /);
  assert.match(seen[0]?.accept ?? "", /^text\/html,/);
});

Deno.test("as many good answers in a row as are wanted: the proxy may take turns among containers", async () => {
  const statuses = [502, 200, 502, 200, 200];
  let asked = 0;
  await using site = await httpsSite([DOMAIN, "*.ci.test"], (request, response) => {
    const own = request.headers.host === DOMAIN;
    response.writeHead(own ? statuses[asked++] ?? 200 : 404).end();
  });
  await waitAnswer({
    ...options(site),
    swarm: new FakeSwarm("Up 2 minutes (healthy)"),
    times: 3,
  });
  assert.equal(asked, 6);
});

Deno.test("an app that has settled on another answer is not waited for, and what to write in recipe.yml is said", async () => {
  const healthy = new FakeSwarm("Up 2 minutes (healthy)");
  const answers: [answer: { status: number; location?: string }, advice: RegExp][] = [
    [
      { status: 302, location: "/login?next=%2F" },
      /sends visitors to \/login.*`status: 302`.*`path: \/login\?next=%2F`/,
    ],
    [{ status: 401 }, /wants to know who asks.*`status: 401`.*everybody may see/],
    [{ status: 403 }, /`status: 403`/],
    [{ status: 404 }, /has no such page\. Let `path` below `health` in recipe\.yml/],
    [{ status: 204 }, /`status: 204` below `health` in recipe\.yml/],
  ];
  for (const [answer, advice] of answers) {
    const { error, seconds } = await waitInVain(healthy, { body: "The app's", ...answer });
    assert.equal(seconds, 60, `${answer.status}`);
    assert.match(error.message, new RegExp(`does not answer with status 200: status ${answer.status}$`));
    assert.match(error.detail ?? "", advice);
  }
});

Deno.test("an app without a health check has longer to settle, and an error of its server never counts as settled", async () => {
  const answer = (status: number) => ({ status, body: "The app's" });
  assert.equal((await waitInVain(new FakeSwarm("Up 2 minutes"), answer(404))).seconds, 240);
  const healthy = new FakeSwarm("Up 2 minutes (healthy)");
  for (const status of [500, 429]) assert.equal((await waitInVain(healthy, answer(status))).seconds, 600);
  const starting = new FakeSwarm("Up 2 minutes (health: starting)");
  assert.equal((await waitInVain(starting, answer(401))).seconds, 600);
});

Deno.test("each of several statuses is a good answer, and all of them are named where none comes", async () => {
  let status = 302;
  await using site = await httpsSite([DOMAIN, "*.ci.test"], (request, response) => {
    response.writeHead(request.headers.host === DOMAIN ? status : 404).end();
  });
  const asked = {
    ...options(site),
    ...frozenClock(),
    swarm: new FakeSwarm("Up 2 minutes (healthy)"),
    health: { path: "/", status: [200, 302] },
  };
  await waitAnswer(asked);
  status = 403;
  await assert.rejects(waitAnswer(asked), /does not answer with status 200 or 302: status 403$/);
});
