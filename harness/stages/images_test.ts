import assert from "node:assert/strict";
import type { WorkerMessage } from "../run/messages.ts";
import { InfraFailure, type StageContext, StageFailure } from "../run/stage.ts";
import type { Unobtainable } from "../images/obtain.ts";
import { referenceOf } from "../images/reference.ts";
import { troubleOf } from "../images/trouble.ts";
import { Swarm } from "../swarm/swarm.ts";
import { Redactor } from "../run/redact.ts";
import { type ImagesRun, judge, requireModestImages, tellUnneededRepairs } from "./images.ts";

const absent = "manifest unknown";
const away = "dial tcp: lookup registry.example.org: no such host";

/** What comes of images of the head and of the published version of which the engine said so. */
function judged(
  said: { head?: string; base?: string },
  { repair = [], applied = [] }: { repair?: { image: string }[]; applied?: string[] } = {},
) {
  const failed = Object.entries(said).map(([version, words]): Unobtainable => {
    const image = `registry.example.org/${version}:1`;
    return {
      ok: false,
      image,
      trouble: troubleOf({ reference: referenceOf(image), said: words, loggedIn: false }),
    };
  });
  const messages: WorkerMessage[] = [];
  const run = {
    send: (message: WorkerMessage) => void messages.push(message),
    base: { version: "1.0.0+1", commit: "0".repeat(40) },
    baseObstacle: null,
    enrolment: { recipe: "wiki", base: { repair } },
    compose: { head: {}, base: {} },
    overrides: {
      install: null,
      base: applied.length === 0 ? null : { text: "", applied, told: [], repaired: [] },
      upgrade: null,
    },
  } as unknown as ImagesRun;
  const upgrades = [{ of: run, images: ["registry.example.org/base:1"] }];
  const notes: string[] = [];
  const ctx = { note: (text: string) => void notes.push(text), log: () => {}, clock: { now: () => 0 } };
  const needed = new Set(["registry.example.org/head:1"]);
  let error: unknown = null;
  try {
    judge(run, { ctx: ctx as unknown as StageContext, failed, needed, upgrades });
  } catch (thrown) {
    error = thrown;
  }
  return { error, run, notes, messages };
}

Deno.test("an image of the head that cannot be had ends the run, whatever is wrong with the published version", () => {
  for (const base of [absent, away]) {
    assert.ok(judged({ head: absent, base }).error instanceof StageFailure);
    const { error, run } = judged({ head: away, base });
    assert.ok(error instanceof InfraFailure);
    assert.match(error.message, /"registry\.example\.org\/head:1"/);
    assert.equal(run.baseObstacle, null);
  }
});

Deno.test("a published version whose registry has gone or limits this host keeps the upgrade from being tried, not the run", () => {
  for (const base of [absent, away, "toomanyrequests: retry-after: 90s", "x509: certificate has expired"]) {
    const { error, run, notes, messages } = judged({ base });
    assert.equal(error, null, base);
    assert.equal(run.compose.base, null);
    assert.ok(run.compose.head !== null);
    assert.match(
      run.baseObstacle ?? "",
      /^the published version 1\.0\.0\+1, (which|whose images) .*"registry/,
    );
    assert.match(notes.join(), /^1\.0\.0\+1: .*"registry\.example\.org\/base:1"/);
    assert.deepEqual(messages, []);
  }
});

Deno.test("an image of base.repair that does not exist is the enrolment's mistake, one whose registry is away is not", () => {
  const repair = [{ image: "registry.example.org/other:1" }, { image: "registry.example.org/base:1" }];
  const { error } = judged({ base: absent }, { repair, applied: ["base.repair.1"] });
  assert.ok(error instanceof StageFailure && error.fault === "enrolment", String(error));
  assert.match(
    error.message,
    /^recipes\/wiki\/recipe\.yml: "base\.repair\.1\.image": .*"registry\.example\.org\/base:1"/,
  );
  const gone = judged({ base: away }, { repair, applied: ["base.repair.1"] });
  assert.equal(gone.error, null);
  assert.match(gone.run.baseObstacle ?? "", /^the published version 1\.0\.0\+1, whose images/);
});

Deno.test("an entry of base.repair that does not apply to the published version is not to blame for its image", () => {
  const repair = [{ image: "registry.example.org/base:1" }, { image: "registry.example.org/base:1" }];
  for (const applied of [[], ["grace.db"], ["base.repair.10"]]) {
    const { error, run } = judged({ base: absent }, { repair, applied });
    assert.equal(error, null, applied.join());
    assert.match(run.baseObstacle ?? "", /^the published version 1\.0\.0\+1, which does not install/);
  }
  const { error } = judged({ base: absent }, { repair, applied: ["base.repair.1"] });
  assert.match(String(error), /"base\.repair\.1\.image"/);
});

Deno.test("a registry's wish to be asked in a million years puts a run off by an hour", () => {
  for (const wish of ["99999999999999", "99999999999999h", "1h30m"]) {
    const { error, messages } = judged({ head: `toomanyrequests: retry-after: ${wish}` });
    assert.ok(error instanceof InfraFailure, String(error));
    assert.deepEqual(messages, [{ type: "retry-at", at: "1970-01-01T01:00:00.000Z" }]);
  }
});

Deno.test("an image of the head that asks Docker for more than a recipe may ends the run, unless its enrolment permits it", async () => {
  const Config = { Healthcheck: { Test: ["CMD", "x"], Interval: 1_000_000 } };
  const checked = { model: { services: { app: { image: "x:1" } } } };
  const run = (exceptions: string[]) =>
    ({
      swarm: {
        docker: { getImage: () => ({ inspect: () => Promise.resolve({ Config }) }) },
        ask: async (_: string, look: () => Promise<unknown>, shape: { parse: (value: unknown) => unknown }) =>
          shape.parse(await look()),
      },
      obtained: [{ ok: true, image: "x:1", id: "one" }],
      checked: { install: checked, upgrade: null, base: null },
      further: [],
      enrolment: { exceptions },
      plan: { apps: [{ stack: "x", domain: "x" }] },
    }) as unknown as ImagesRun;
  await assert.rejects(
    requireModestImages(run([])),
    (error: Error) => error instanceof StageFailure && error.code === "confine.limit",
  );
  await requireModestImages(run(["confine.limit"]));
});

Deno.test("an image that recipe.yml replaces and that is to be had is called stale", async () => {
  const here = ["busybox:old"];
  const swarm = new Swarm("/nowhere");
  swarm.docker.getImage = ((name: string) => ({
    inspect: () =>
      here.includes(name)
        ? Promise.resolve({ Id: "i", Architecture: "amd64" })
        : Promise.reject(Object.assign(new Error("no such image"), { statusCode: 404 })),
  })) as unknown as typeof swarm.docker.getImage;
  const notes: string[] = [];
  const told = async (images: string[]) => {
    const repaired = images.map((image) => ({ service: "db", image }));
    const run = {
      swarm,
      overrides: {
        install: null,
        base: { text: "", applied: [], told: [], repaired },
        upgrade: null,
      },
      base: { version: "1.0.0+1", commit: "0".repeat(40) },
      redactor: new Redactor(),
    };
    const signal = AbortSignal.abort(); // no registry is asked
    await tellUnneededRepairs(run, { note: (text) => void notes.push(text), signal });
  };
  await told(["busybox:gone", "127.0.0.1:5000/busybox:old", "cc-ci.invalid/busybox:old"]);
  assert.deepEqual(notes, []);
  await told(["busybox:old"]);
  assert.deepEqual(notes, [
    'Stale in recipe.yml: base.repair of service "db": "busybox:old" of 1.0.0+1 can be had',
  ]);
});

Deno.test("the host's log-in at a registry is taken out of logs, and is no secret of the run's apps", async () => {
  const swarm = new Swarm("/nowhere");
  swarm.docker.getImage = (() => ({
    inspect: () => Promise.reject(Object.assign(new Error("no such image"), { statusCode: 404 })),
  })) as unknown as typeof swarm.docker.getImage;
  const redactor = new Redactor();
  redactor.add("made-up-by-abra");
  await tellUnneededRepairs({
    swarm,
    overrides: {
      install: null,
      base: { text: "", applied: [], told: [], repaired: [{ service: "db", image: "busybox:gone" }] },
      upgrade: null,
    },
    base: { version: "1.0.0+1", commit: "0".repeat(40) },
    redactor,
    findLogin: () =>
      Promise.resolve({ username: "host", password: "hunter2hunter2", serveraddress: "docker.io" }),
  }, { note: () => {}, signal: AbortSignal.abort() }); // no registry is asked
  assert.equal(redactor.text(`hunter2hunter2 ${btoa("host:hunter2hunter2")}`), "••• •••");
  assert.deepEqual(redactor.ofApps, ["made-up-by-abra"]);
});
