import assert from "node:assert/strict";
import fc from "fast-check";
import {
  assertAllowed,
  assertDescribed,
  describedOperations,
  fitting,
  type Operation,
} from "../testing/described.ts";
import { bridgeToken, runnerToken, secondToken, TestDashboard } from "../testing/dashboard.ts";
import { announcementOf, eventsOf, tell, type Told } from "../testing/story.ts";

const told: Told = { run: "known01-1", recipe: "miniflux" };
const tokens: Record<string, string> = { bridge: bridgeToken, runner: runnerToken };

async function filled(): Promise<TestDashboard> {
  const dashboard = new TestDashboard();
  dashboard.enrolled = ["miniflux", "never-run"];
  await tell(dashboard, { run: "ended01-1", recipe: "miniflux", files: { "a.log": "text" } });
  await dashboard.announce(told.run, announcementOf(told));
  return dashboard;
}

/** A body that never ends, or never stops. */
function endless(chunk: Uint8Array<ArrayBuffer> | null): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    pull: (controller) => chunk === null ? new Promise(() => {}) : controller.enqueue(chunk),
  });
}

Deno.test("each answer that the API is said to give is given, and looks as described", async () => {
  await using dashboard = await filled();
  const operations = await describedOperations(dashboard);
  const given = new Set<string>();
  const ask = async (
    call: string,
    sent: { path?: string; token?: string | null; body?: BodyInit } = {},
  ): Promise<void> => {
    const operation = operations.find(({ method, path }) => `${method} ${path}` === call) ??
      assert.fail(`${call} is not described`);
    const token = sent.token === undefined ? tokens[operation.writer ?? ""] : sent.token;
    const path = sent.path ?? operation.path.replace("{run}", told.run).replace("{recipe}", "miniflux")
      .replace("{name}", "a.log");
    const answer = await dashboard.app.request(path, {
      method: operation.method,
      headers: token === undefined || token === null ? {} : { authorization: `Bearer ${token}` },
      ...(sent.body === undefined ? {} : { body: sent.body }),
    });
    given.add(`${call} ${answer.status}`);
    await assertDescribed(operation, answer);
  };

  await ask("GET /api/runs");
  await ask("GET /api/runs", { path: "/api/runs?limit=0" });
  for (const run of ["ended01-1", "unknown-1"]) {
    await ask("GET /api/runs/{run}", { path: `/api/runs/${run}` });
  }
  await ask("GET /api/recipes");
  await ask("GET /api/queue");
  await ask("GET /api/status");
  for (const recipe of ["miniflux", "nobody"]) {
    await ask("GET /api/recipes/{recipe}", { path: `/api/recipes/${recipe}` });
  }
  const announce = "PUT /api/runs/{run}";
  const said = JSON.stringify(announcementOf(told));
  await ask(announce, { body: said });
  await ask(announce, { path: "/api/runs/newrun-1", body: said });
  await ask(announce, { body: JSON.stringify(announcementOf({ recipe: "ghost" })) });
  const report = "PUT /api/bridge";
  await ask(report, { body: JSON.stringify({ troubles: [] }) });
  await ask(report, { token: runnerToken, body: JSON.stringify({ troubles: [] }) });
  const append = "POST /api/runs/{run}/events";
  const at = (offset: number, run = told.run) => `/api/runs/${run}/events?offset=${offset}`;
  const [first] = eventsOf(told, () => dashboard.clock.iso(), () => {});
  await ask(append, { path: at(0), body: JSON.stringify(first) });
  await ask(append, { path: at(7), body: JSON.stringify(first) });
  const beat = "POST /api/runs/{run}/heartbeat";
  await ask(beat);
  await ask(beat, { body: JSON.stringify({ freeBytes: null, janitor: null, later: "more" }) });
  await ask(beat, { body: "{}" });
  const put = "PUT /api/runs/{run}/artefacts/{name}";
  await ask(put, { body: "text" });
  for (const call of [append, beat, put]) {
    const path = call.replace(/^\w+ /, "").replace("{run}", "unknown-1").replace("{name}", "a.log");
    await ask(call, { path: call === append ? at(0, "unknown-1") : path });
    await ask(call, { token: secondToken, ...(call === append ? { path: at(0) } : {}) });
  }
  await ask(announce, { token: runnerToken });
  await ask(put, { path: `/api/runs/${told.run}/artefacts/x.exe`, body: "x" });
  await ask(append, { path: at(1), body: "{" });
  await ask(announce, { body: "{" });
  await ask(report, { body: "{" });
  const writing = [announce, report, append, beat, put];
  for (const call of writing) await ask(call, { token: null });
  dashboard.deps.patienceMs = 20;
  const path = (call: string) => call === append ? { path: at(0) } : {};
  for (const call of writing) {
    await ask(call, { ...path(call), body: endless(null) });
  }
  dashboard.deps.patienceMs = 60_000;
  const much = new Uint8Array(4 * 1024 * 1024).fill(0x20);
  for (const call of writing) {
    await ask(call, { ...path(call), body: endless(much) });
  }

  const described = operations.flatMap(({ method, path, answers }) =>
    [...answers.keys()].map((status) => `${method} ${path} ${status}`)
  );
  assert.deepEqual(described.filter((one) => !given.has(one)), []);
});

Deno.test("an address of the API names the methods it takes", async () => {
  await using dashboard = await filled();
  const answer = await dashboard.app.request("/api/runs/known01-1", { method: "DELETE" });
  assert.equal(answer.status, 405);
  assert.equal(answer.headers.get("allow"), "GET, PUT, HEAD");
  assert.match((await answer.json()).error, /DELETE is not for this address; it takes GET, PUT, HEAD/);
});

/** What may come instead of a value: another one of its kind, one with a key more, or anything. */
function disturbed(value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.tuple(value, fc.nat(), fc.jsonValue()).map(([whole, which, other]) => {
    if (typeof whole !== "object" || whole === null) return other;
    const keys = [...Object.keys(whole), "later"];
    return { ...whole, [keys[which % keys.length] ?? "later"]: other };
  });
}

interface Call {
  operation: Operation;
  path: string;
  token: string | null;
  body: string | null;
}

/** Calls as the description invites to make them, and as it does not. */
function calls(operations: readonly Operation[]): fc.Arbitrary<Call> {
  return fc.constantFrom(...operations).chain((operation) => {
    const value = (schema: Parameters<typeof fitting>[0]) =>
      fc.oneof({ weight: 3, arbitrary: fitting(schema) }, fc.string({ unit: "binary", minLength: 1 }));
    const known: Record<string, string[]> = {
      run: [told.run, "ended01-1"],
      recipe: ["miniflux", "never-run"],
    };
    const parameters = fc.tuple(...operation.parameters.map((parameter) =>
      fc.oneof(
        { weight: 2, arbitrary: fc.constantFrom(...known[parameter.name] ?? ["a.log"]) },
        value(parameter.schema),
        ...parameter.in === "query" ? [fc.constant(null)] : [],
      )
    ));
    const sent = operation.body === null ? fc.constant(null) : fc.oneof(
      fitting(operation.body.schema),
      disturbed(fitting(operation.body.schema)),
      fc.jsonValue(),
    ).map((body) => typeof body === "string" ? body : JSON.stringify(body));
    return fc.record({
      operation: fc.constant(operation),
      path: parameters.map((values) => address(operation, values)),
      token: fc.oneof(
        fc.constant(tokens[operation.writer ?? ""] ?? null),
        fc.constantFrom(bridgeToken, runnerToken, secondToken, "guess", null),
      ),
      body: sent,
    });
  });
}

function address(operation: Operation, values: readonly unknown[]): string {
  let { path } = operation;
  const query = new URLSearchParams();
  for (const [at, { name, in: where }] of operation.parameters.entries()) {
    const value = values[at];
    const text = typeof value === "string" ? value.toWellFormed() : String(value);
    // A part that is a dot or two is resolved by whoever sends it.
    if (where === "path") {
      path = path.replace(`{${name}}`, encodeURIComponent(text).replace(/^\.+$/, "%2e%2e%2f"));
    } else if (value !== null) query.set(name, text);
  }
  return `${path}?${query}`;
}

Deno.test("a body may hold what only a later version knows, where the description allows it", async () => {
  await using dashboard = await filled();
  const bodies: Record<string, object> = {
    "PUT /api/runs/{run}": announcementOf(told),
    "PUT /api/bridge": { troubles: [] },
    "POST /api/runs/{run}/heartbeat": { freeBytes: null, janitor: null },
  };
  const sent: string[] = [];
  for (const operation of await describedOperations(dashboard)) {
    if (operation.body?.type !== "application/json") continue;
    const call = `${operation.method} ${operation.path}`;
    const answer = await dashboard.app.request(operation.path.replace("{run}", told.run), {
      method: operation.method,
      headers: { authorization: `Bearer ${tokens[operation.writer ?? ""]}` },
      body: JSON.stringify({ ...bodies[call], later: "more" }),
    });
    assert.equal(answer.status, 200, call);
    assertAllowed(operation, JSON.stringify({ ...bodies[call], later: "more" }));
    sent.push(call);
  }
  assert.deepEqual(sent.sort(), Object.keys(bodies).sort());
});

Deno.test("whatever is asked of the API, it answers as described, and stays well", async () => {
  await using dashboard = await filled();
  const operations = await describedOperations(dashboard);
  const before = JSON.parse(await dashboard.page("/api/runs/ended01-1"));
  const seen = new Map<number, number>();
  await fc.assert(
    fc.asyncProperty(calls(operations), async ({ operation, path, token, body }) => {
      const answer = await dashboard.app.request(path, {
        method: operation.method,
        headers: token === null ? {} : { authorization: `Bearer ${token}` },
        ...(body === null ? {} : { body: body.toWellFormed() }),
      });
      seen.set(answer.status, (seen.get(answer.status) ?? 0) + 1);
      await assertDescribed(operation, answer);
      if (answer.ok && body) assertAllowed(operation, body.toWellFormed());
    }),
    { numRuns: 500 },
  );
  const { artefacts, ...after } = JSON.parse(await dashboard.page("/api/runs/ended01-1"));
  assert.ok(artefacts.length >= before.artefacts.length);
  assert.deepEqual([after.state, after.result], [before.state, before.result]);
  for (const status of [200, 400, 401, 403, 404]) {
    assert.ok(seen.has(status), `the calls made bring about ${status}`);
  }
});
