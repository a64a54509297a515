import assert from "node:assert/strict";
import { join } from "node:path";
import { type Clock, systemClock, waitFor } from "../../common/time.ts";
import { HOST_HEADER } from "../../protocol/dashboard_api.ts";
import { Courier, deliverSpooled } from "./courier.ts";
import { RunFolder } from "../run/folder.ts";

/** A dashboard that keeps what it gets, and can be away. */
class FakeDashboard {
  away = false;
  /** Milliseconds until it answers. */
  slow = 0;
  cancel = false;
  events: string[] = [];
  heartbeats: string[] = [];
  files = new Map<string, string>();
  calls = 0;
  batches = 0;
  /** Status of its answers to a kind of call, if it refuses that. */
  readonly refuses: Partial<Record<"events" | "heartbeat", number>> = {};
  /** Names of files that are too much for it. */
  noRoomFor: string[] = [];
  /** Never answers; who asked has to give up. */
  silent = false;
  /** What arrived, in this order: names of files, and events. */
  readonly order: string[] = [];
  /** Calls that were refused, in this order. */
  readonly refused: string[] = [];
  /** What the callers called their hosts. */
  readonly hosts = new Set<string | null>();

  readonly fetch: typeof fetch = async (input, init) => {
    this.calls += 1;
    if (this.away) throw new TypeError("connection refused");
    if (this.silent) {
      await new Promise((_, reject) =>
        init?.signal?.addEventListener("abort", () => reject(new Error("gone")))
      );
    }
    if (this.slow > 0) await systemClock.sleep(this.slow, init?.signal ?? undefined);
    const request = new Request(input, init);
    const url = new URL(request.url);
    assert.equal(request.headers.get("authorization"), "Bearer secret");
    this.hosts.add(request.headers.get(HOST_HEADER));
    assert.ok(url.pathname.startsWith("/api/runs/abcdef-1/"), url.pathname);
    const refused = this.refuses[url.pathname.endsWith("/heartbeat") ? "heartbeat" : "events"];
    if (refused !== undefined && /\/(heartbeat|events)$/.test(url.pathname)) {
      this.refused.push(url.pathname.split("/").at(-1) ?? "");
      return new Response("no", { status: refused });
    }
    if (url.pathname.endsWith("/heartbeat")) {
      this.heartbeats.push(await request.text());
      return Response.json({ cancel: this.cancel, why: this.cancel ? "maintainer asked for it" : null });
    }
    if (url.pathname.endsWith("/events")) {
      const body = await request.text();
      if (Number(url.searchParams.get("offset")) !== this.events.length) {
        return Response.json({ offset: this.events.length }, { status: 409 });
      }
      this.batches += 1;
      this.order.push(...body.trimEnd().split("\n"));
      this.events.push(...body.trimEnd().split("\n"));
      return Response.json({ offset: this.events.length });
    }
    const name = url.pathname.split("/").at(-1) ?? "";
    if (this.noRoomFor.includes(name)) {
      this.refused.push(name);
      return new Response("no", { status: 413 });
    }
    this.order.push(name);
    this.files.set(name, await request.text());
    return new Response(null, { status: 201 });
  };
}

/** A clock on which no sleep ends before wakeAll() is called. */
class HeldClock implements Clock {
  #sleepers = new Set<() => void>();
  /** Milliseconds of each sleep so far. */
  readonly asked: number[] = [];

  now(): number {
    return 0;
  }

  elapsed(): number {
    return 0;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    this.asked.push(ms);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    if (signal?.aborted) return Promise.reject(signal.reason);
    this.#sleepers.add(resolve);
    signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
    return promise;
  }

  wakeAll(): void {
    for (const wake of this.#sleepers) wake();
    this.#sleepers.clear();
  }
}

async function withFolder(
  work: (
    folder: RunFolder,
    options: { dashboard: FakeDashboard; courier: (clock?: Clock) => Courier },
  ) => Promise<void>,
) {
  const runs = await Deno.makeTempDir();
  const folder = new RunFolder(join(runs, "abcdef-1"));
  const dashboard = new FakeDashboard();
  try {
    for (const path of [folder.path, folder.stages, folder.screenshots]) await Deno.mkdir(path);
    const courier = (clock?: Clock) =>
      new Courier(folder, {
        ...(clock === undefined ? {} : { clock }),
        url: "https://ci.test/",
        token: "secret",
        host: "ci-2",
        ingress: { address: "127.0.0.1:1" },
        fetch: dashboard.fetch,
      });
    await work(folder, { dashboard, courier });
  } finally {
    await Deno.remove(runs, { recursive: true });
  }
}

async function say(folder: RunFolder, ...lines: string[]) {
  await Deno.writeTextFile(folder.events, lines.map((line) => `${line}\n`).join(""), { append: true });
}

Deno.test("events and files arrive once each, in order, files before the last event is marked done", () =>
  withFolder(async (folder, { dashboard, courier }) => {
    await say(folder, "1", "2");
    await using first = courier();
    await first.start();
    await say(folder, "3");
    await Deno.writeTextFile(join(folder.screenshots, "install.png"), "picture");
    await Deno.writeTextFile(folder.log("install"), "log");
    await Deno.writeTextFile(folder.result, "{}");
    await Deno.writeTextFile(folder.junit, "<testsuites/>");
    await Deno.writeTextFile(join(folder.screenshots, "Not A Name!.png"), "picture");
    await first.finish();
    assert.deepEqual(dashboard.events, ["1", "2", "3"]);
    assert.deepEqual([...dashboard.files].sort(), [
      ["install.log", "log"],
      ["install.png", "picture"],
      ["junit.xml", "<testsuites/>"],
      ["result.json", "{}"],
    ]);
    assert.equal((await courier().load()).done, true);
  }));

for (const when of ["with", "after"] as const) {
  Deno.test(`the event that ends a run arrives after all files, if it comes ${when} the one before`, () =>
    withFolder(async (folder, { dashboard, courier }) => {
      const end = '{"t":"","type":"run.finished"}';
      const clock = new HeldClock();
      await using running = courier(clock);
      await running.start();
      await say(folder, "1");
      running.ring();
      if (when === "after") {
        await waitFor(() => {
          clock.wakeAll();
          return dashboard.events.length === 1;
        }, { what: "the first event", timeoutMs: 30_000, everyMs: 1 });
      }
      await say(folder, end);
      running.ring();
      await Deno.writeTextFile(folder.result, "{}");
      await Deno.writeTextFile(folder.report, "<html>");
      await running.finish();
      assert.deepEqual(dashboard.order.filter((what) => what !== "1"), ["report.html", "result.json", end]);
      assert.equal((await courier().load()).done, true);
    }));
}

Deno.test("every call names the host", () =>
  withFolder(async (folder, { dashboard, courier }) => {
    await using one = courier();
    await one.start();
    await say(folder, "1");
    await one.finish();
    assert.deepEqual([...dashboard.hosts], ["ci-2"]);
  }));

Deno.test("neither a silent dashboard nor a silent disk holds up the end for long", () =>
  withFolder(async (folder, { dashboard }) => {
    for (const silent of ["dashboard", "disk"]) {
      dashboard.silent = silent === "dashboard";
      await using courier = new Courier(folder, {
        url: "https://ci.test",
        token: "secret",
        ingress: { address: "" },
        fetch: dashboard.fetch,
        reportHost: () =>
          silent === "disk" ? new Promise(() => {}) : Promise.resolve({ freeBytes: 1, janitor: null }),
      });
      await courier.start();
      await say(folder, "1");
      const late = new AbortController();
      const ended = await Promise.race([
        courier.finish().then(() => true),
        systemClock.sleep(40_000, late.signal).then(() => false, () => false),
      ]);
      late.abort();
      assert.ok(ended, silent);
    }
  }));

Deno.test("an event is sent at once when it is rung for, those that follow it together", () =>
  withFolder(async (folder, { dashboard }) => {
    const clock = new HeldClock();
    await using courier = new Courier(folder, {
      url: "https://ci.test",
      token: "secret",
      ingress: { address: "" },
      fetch: dashboard.fetch,
      clock,
    });
    await courier.start();
    const arrived = (count: number) =>
      waitFor(() => dashboard.events.length >= count, {
        what: "events",
        timeoutMs: 30_000,
        everyMs: 1,
      });
    await say(folder, "1");
    courier.ring();
    await arrived(1);
    // The courier has slept for 500 ms twice: until the ring, and then to let further events gather.
    await waitFor(() => clock.asked.filter((ms) => ms === 500).length === 2, {
      what: "the pause after the first event",
      timeoutMs: 30_000,
      everyMs: 1,
    });
    await say(folder, "2");
    courier.ring();
    await say(folder, "3");
    courier.ring();
    assert.deepEqual(dashboard.events, ["1"]);
    clock.wakeAll();
    await arrived(3);
    assert.equal(dashboard.batches, 2);
  }));

Deno.test("with the dashboard away the end is not held up, and a later run delivers", () =>
  withFolder(async (folder, { dashboard, courier }) => {
    dashboard.away = true;
    await say(folder, "1", "2");
    await using first = courier();
    await first.start();
    await Deno.writeTextFile(folder.result, "{}");
    await first.finish();
    assert.equal((await courier().load()).done, false);

    dashboard.away = false;
    const spool = {
      url: "https://ci.test",
      token: "secret",
      ingress: { address: "" },
      fetch: dashboard.fetch,
    };
    await deliverSpooled(join(folder.path, ".."), { ...spool, except: folder.path });
    assert.deepEqual(dashboard.events, [], "the folder of the run itself is left to its own courier");
    await deliverSpooled(join(folder.path, ".."), { ...spool, except: "" });
    assert.deepEqual(dashboard.events, ["1", "2"]);
    const { calls } = dashboard;
    await deliverSpooled(join(folder.path, ".."), { ...spool, except: "" });
    assert.equal(dashboard.calls, calls, "what was delivered is not delivered again");
  }));

Deno.test("a dashboard that is slow and answers gets all there is, though it takes longer than one answer may", () =>
  withFolder(async (folder, { dashboard, courier }) => {
    await say(folder, "1");
    const names = Array.from({ length: 8 }, (_, at) => `stage${at}.log`);
    for (const name of names) await Deno.writeTextFile(join(folder.stages, name), "log");
    await Deno.writeTextFile(folder.result, "{}");
    dashboard.slow = 700;
    await using first = courier();
    await first.finish();
    assert.deepEqual([...dashboard.files.keys()].sort(), ["result.json", ...names]);
    assert.deepEqual(dashboard.events, ["1"]);
    assert.equal((await courier().load()).done, true);
  }));

Deno.test("a file that is too much for the dashboard keeps neither the others nor the run's end from it", () =>
  withFolder(async (folder, { dashboard, courier }) => {
    dashboard.noRoomFor = ["install.png", "install.log"];
    await say(folder, "1", '{"t":"","type":"run.finished"}');
    for (
      const path of [join(folder.screenshots, "install.png"), folder.log("install"), folder.log("upgrade")]
    ) {
      await Deno.writeTextFile(path, "much");
    }
    await Deno.writeTextFile(folder.result, "{}");
    const one = courier();
    await one.deliverAll();
    await one.deliverAll();
    assert.deepEqual([...dashboard.files.keys()].sort(), ["result.json", "upgrade.log"]);
    assert.equal(dashboard.events.length, 2);
    assert.deepEqual(dashboard.refused, ["install.png", "install.log"], "they are not offered again");
    assert.match(one.trouble ?? "", /413 to install\.log/);
    assert.equal((await courier().load()).done, true);
  }));

Deno.test("where the dashboard knows better how much it has, it is believed", () =>
  withFolder(async (folder, { dashboard, courier }) => {
    await say(folder, "1", "2", "3");
    dashboard.events = ["1", "2"];
    await courier().deliverAll();
    assert.deepEqual(dashboard.events, ["1", "2", "3"]);
  }));

Deno.test("a cancel comes with the heartbeat, which tells how the host is", () =>
  withFolder(async (folder, { dashboard }) => {
    dashboard.cancel = true;
    const { promise, resolve } = Promise.withResolvers<string | null>();
    await using courier = new Courier(folder, {
      url: "https://ci.test",
      token: "secret",
      ingress: { address: "" },
      fetch: dashboard.fetch,
      onCancel: resolve,
      reportHost: () => Promise.resolve({ freeBytes: 5, janitor: null }),
    });
    await courier.start();
    assert.equal(await promise, "maintainer asked for it");
    assert.equal(await courier.askWhy(), "maintainer asked for it");
    assert.deepEqual(dashboard.heartbeats.map((text) => JSON.parse(text)), [{ freeBytes: 5, janitor: null }]);
  }));

Deno.test("what a run finds out about its host after its last sign of life is told at its end", () =>
  withFolder(async (folder, { dashboard }) => {
    const well = { freeBytes: 5, janitor: null };
    let found = {};
    await using courier = new Courier(folder, {
      url: "https://ci.test",
      token: "secret",
      ingress: { address: "" },
      fetch: dashboard.fetch,
      reportHost: () => Promise.resolve({ ...well, ...found }),
    });
    await courier.start();
    await waitFor(() => dashboard.heartbeats.length > 0, { what: "a sign of life", timeoutMs: 10_000 });
    found = { floor: false };
    await courier.finish();
    const told = dashboard.heartbeats.map((text) => JSON.parse(text));
    assert.deepEqual(told, [well, { ...well, floor: false }]);
  }));

Deno.test("a dashboard that wants nothing of a run stays so when it refuses a heartbeat as well", () =>
  withFolder(async (folder, { dashboard }) => {
    dashboard.refuses.events = 422;
    dashboard.refuses.heartbeat = 403;
    await say(folder, "1");
    const clock = new HeldClock();
    const options = {
      url: "https://ci.test/",
      token: "secret",
      ingress: { address: "127.0.0.1:1" },
      fetch: dashboard.fetch,
      clock,
    };
    await using courier = new Courier(folder, options);
    await courier.start();
    courier.ring();
    const heartbeatAfterEvents = () =>
      dashboard.refused.lastIndexOf("heartbeat") > dashboard.refused.indexOf("events");
    await waitFor(() => {
      clock.wakeAll();
      return dashboard.refused.includes("events") && heartbeatAfterEvents();
    }, { what: "a heartbeat to be refused after events were", timeoutMs: 10_000 });
    await Deno.writeTextFile(folder.result, "{}");
    await courier.finish();
    assert.equal(
      dashboard.refused.filter((call) => call === "events").length,
      1,
      "events are not offered again",
    );
    assert.equal((await new Courier(folder, options).load()).done, true, "nor by a later process");
  }));

for (const status of [401, 403]) {
  Deno.test(`what a dashboard refuses with ${status} is not offered again, but a later process delivers it`, () =>
    withFolder(async (folder, { dashboard, courier }) => {
      dashboard.refuses.events = status;
      await say(folder, "1", "2");
      await Deno.writeTextFile(folder.result, "{}");
      await using refused = courier();
      await refused.deliverAll();
      await refused.start();
      await refused.finish();
      assert.deepEqual(dashboard.refused.filter((call) => call === "events"), ["events"]);
      assert.deepEqual(dashboard.events, []);

      delete dashboard.refuses.events;
      dashboard.files.clear();
      const spool = {
        url: "https://ci.test",
        token: "secret",
        ingress: { address: "" },
        fetch: dashboard.fetch,
      };
      await deliverSpooled(join(folder.path, ".."), { ...spool, except: "" });
      assert.deepEqual(dashboard.events, ["1", "2"]);
      assert.equal((await courier().load()).done, true);
    }));
}
