import assert from "node:assert/strict";
import { createServer, type Server } from "node:net";
import type { AddressInfo } from "node:net";
import { readyCondition } from "../../enrolment/ready_schema.ts";
import type { StageFailure } from "../run/stage.ts";
import { readSettings } from "../run/settings.ts";
import * as schema from "../swarm/schema.ts";
import { Swarm } from "../swarm/swarm.ts";
import { httpsSite } from "../testing/https_site.ts";
import { RunningSwarm } from "../testing/running_swarm.ts";
import { waitReady } from "./wait_ready.ts";

const STACK = "wiki-0a1b2c_ci_test";
const DOMAIN = "wiki-0a1b2c.ci.test";
const FILES = "wiki-0a1b2c-files.ci.test";
const START = Date.parse("2026-01-01T00:00:00Z");

/** An engine whose app of one service `app` runs at the host's loopback. */
class RunningApp extends RunningSwarm {
  constructor() {
    super({ stack: STACK, now: START });
  }
  override containerOf() {
    return Promise.resolve(schema.container.parse({ Id: "c", State: "running", Status: "Up 2 minutes" }));
  }
  override logs() {
    return Promise.resolve(["listening soon"]);
  }
  override ask<T extends Parameters<Swarm["ask"]>[2]>(
    ...[, , shape]: [action: string, call: () => Promise<unknown>, shape: T]
  ) {
    return Promise.resolve(shape.parse({ Containers: { c: { IPv4Address: "127.0.0.1/16" } } })) as ReturnType<
      typeof Swarm.prototype.ask<T>
    >;
  }
}

async function listening(server: Server, port = 0): Promise<number> {
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

/** Waits by a clock that stands still except while somebody sleeps. @returns what was logged, and for how long it slept */
async function wait(
  conditions: unknown[],
  { at = "head", ingress = "", ca = "", onSleep = async () => {}, forMs = 20_000, stepMs = 0 }: {
    at?: "head" | "base";
    ingress?: string;
    ca?: string;
    onSleep?: (ms: number) => Promise<void>;
    forMs?: number;
    /** What a sleep takes at least, so that a test need not look so often. */
    stepMs?: number;
  } = {},
) {
  const env: Record<string, string> = {
    CCCI_BASE_DOMAIN: "ci.test",
    CCCI_RUNS: "/nonexistent",
    ...(ingress === "" ? {} : { CCCI_INGRESS: ingress, CCCI_CA_FILE: ca }),
  };
  let slept = 0;
  const lines: string[] = [];
  const failure = await waitReady(conditions.map((one) => readyCondition.parse(one)), {
    swarm: new RunningApp(),
    stack: STACK,
    domain: DOMAIN,
    since: START - 90_000,
    settings: readSettings((name) => env[name]),
    at,
    timeoutMs: () => forMs,
    log: (line) => void lines.push(line),
    signal: new AbortController().signal,
    clock: {
      now: () => START + slept,
      elapsed: () => slept,
      sleep: async (ms) => {
        slept += Math.max(ms, stepMs);
        await onSleep(slept);
      },
    },
  }).then(() => null, (error: StageFailure) => error);
  return { failure, slept, lines };
}

Deno.test("a port of a service is waited for until it has taken connections as often as recipe.yml says", async () => {
  const server = createServer((socket) => socket.destroy());
  const port = await listening(server);
  await new Promise((resolve) => server.close(resolve));
  const onSleep = async (slept: number) => {
    if (slept === 3_000) await listening(server, port);
  };
  try {
    const { failure, slept } = await wait([{ service: "app", tcp: port, stable: 4 }], { onSleep });
    assert.equal(failure, null);
    assert.equal(slept, 6_000); // three seconds without, and three between four connections
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
  const { failure, slept } = await wait([{ service: "app", tcp: port }], {});
  assert.match(
    failure?.message ?? "",
    new RegExp(
      `^Port ${port} of service "app" takes no connections, which ready in recipe\\.yml asks for: .*refused`,
      "i",
    ),
  );
  assert.deepEqual([failure?.code, failure?.tail, failure?.fault, slept], [
    "ready.tcp",
    ["listening soon"],
    undefined,
    20_000,
  ]);
});

Deno.test("a page of a second domain is waited for, longer than the app's own would be", async () => {
  let status = 404;
  const asked: string[] = [];
  await using site = await httpsSite([DOMAIN, "*.ci.test"], (request, response) => {
    const { host = "" } = request.headers;
    if (host === FILES) asked.push(request.url ?? "");
    response.writeHead(host === FILES ? status : 503).end("hello");
  });
  const conditions = [{ path: "/ping", domain: "files", status: 204, stable: 2 }];
  const { ingress, ca } = site;
  const late = await wait(conditions, { ingress, ca, forMs: 300_000, stepMs: 5_000 });
  assert.match(
    late.failure?.message ?? "",
    /^https:\/\/wiki-0a1b2c-files\.ci\.test\/ping does not answer with status 204, which ready in recipe\.yml asks for: status 404$/,
  );
  assert.deepEqual([late.failure?.code, late.slept], ["ready.answer", 300_000]);
  status = 204;
  asked.length = 0;
  const { failure, slept } = await wait(conditions, { ingress, ca });
  assert.equal(failure, null);
  assert.deepEqual([asked, slept], [["/ping", "/ping"], 1_000]);
});

Deno.test("what is for the other version is not waited for, and a service that the app lacks is the enrolment's mistake", async () => {
  const conditions = [{ service: "voice", tcp: 1, only: "head" }];
  assert.deepEqual(await wait(conditions, { at: "base" }), { failure: null, slept: 0, lines: [] });
  const { failure, slept } = await wait(conditions, { at: "head" });
  assert.match(failure?.message ?? "", /^recipe\.yml: ready names service "voice", and the app has none/);
  assert.deepEqual([failure?.fault, failure?.detail, slept], ["enrolment", "The app's services: app", 0]);
  const gone = await wait([{ service: "voice", tcp: 1, only: "base" }], { at: "base" });
  assert.deepEqual([gone.failure, gone.slept], [null, 0], "lint has told that it is stale");
  assert.match(gone.lines.join("\n"), /^Not waited for service "voice": this published version has none/);
});
