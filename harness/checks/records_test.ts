import { deepEqual, equal, rejects } from "node:assert/strict";
import { PassThrough } from "node:stream";
import { FakeClock } from "../../common/testing/fake_clock.ts";
import type { App } from "../app/app.ts";
import type { Enrolment } from "../../enrolment/enrolment.ts";
import { InfraFailure, type StageContext, StageFailure } from "../run/stage.ts";
import * as schema from "../swarm/schema.ts";
import { DockerError, Swarm } from "../swarm/swarm.ts";
import { frame } from "../testing/frame.ts";
import type { RunContext } from "./context.ts";
import { howEnded, type Loss, SeedMistake } from "./data.ts";
import { readRecords, recordsOf, seed } from "./records.ts";

/** What a command in the app's container prints. */
type Shell = (command: string) => string | { status: number } | { code: number } | "hangs";

/** An app whose container does what the script says; time passes only by sleeping. */
function scene(
  shell: Shell,
  data: Partial<Enrolment["data"]> = {},
  /** What is wrong with the app itself. */
  ails: string | null = null,
) {
  const calls: string[] = [];
  const swarm = new Swarm("/nowhere");
  swarm.containerOf = () =>
    Promise.resolve({ Id: "c", Names: [], Labels: {}, State: "running", Status: "Up", Mounts: [] });
  swarm.docker.getContainer = (() => ({
    exec: ({ Cmd: [, , command = ""] }: { Cmd: string[] }) => {
      calls.push(command);
      const printed = shell(command);
      if (typeof printed !== "string" && "status" in printed) {
        return Promise.reject(Object.assign(new Error("no"), { statusCode: printed.status }));
      }
      const stream = new PassThrough();
      const [said, code] = typeof printed === "string" ? [printed, 0] : ["not found", printed.code];
      if (said !== "hangs") stream.end(frame(1, said));
      return Promise.resolve({
        start: () => Promise.resolve(stream),
        inspect: () => Promise.resolve({ Running: false, ExitCode: code }),
      });
    },
  })) as unknown as typeof swarm.docker.getContainer;
  const log: string[] = [];
  const ctx = {
    clock: new FakeClock(),
    log: (line: string) => void log.push(line),
    remaining: () => 60_000,
    signal: new AbortController().signal,
  } as unknown as StageContext;
  const app = {
    swarm,
    stack: "s",
    stayedUp: () => Promise.resolve(),
    answers: () => ails === null ? Promise.resolve() : Promise.reject(new StageFailure(ails)),
  } as unknown as App;
  const enrolment = {
    folder: null,
    data: {
      seed: [{ service: "app", command: "write" }],
      destroy: [],
      read: [{ service: "app", command: "read" }],
      ...data,
    },
  } as unknown as Enrolment;
  const run = { enrolment, marker: "m4rk" } as unknown as RunContext;
  const seeded = (commandMs?: number) =>
    seed(run, { app, ctx, ...(commandMs === undefined ? {} : { commandMs }) });
  return {
    calls,
    log,
    seeded,
    swarm,
    clock: ctx.clock,
    read: async () => await (await recordsOf(run, { app, ctx }))[0]?.look((line) => void log.push(line)),
    /** Reads all records back; each command may take no time at all. */
    losses: async (lost: readonly Loss[] = [], ranHere = false) =>
      await readRecords(await recordsOf(run, { app, ctx, commandMs: 0 }), { ctx, lost, ranHere }),
  };
}

const infra = (message: RegExp) => (error: unknown) =>
  error instanceof InfraFailure && message.test(error.message) && error.fault === "enrolment";

Deno.test("a seed is read back at once", async () => {
  let written = false;
  const it = scene((command) => {
    if (command === "write") written = true;
    return command === "read" && written ? "m4rk" : "";
  });
  await it.seeded();
  deepEqual(it.calls, ["read", "write", "read"]);
});

Deno.test("a seed that wrote nothing, or a read that finds nothing or always something, is the enrolment's fault", async () => {
  await rejects(scene(() => "").seeded(), infra(/seed wrote nothing that read finds/));
  await rejects(scene(() => "", { seed: [] }).seeded(), infra(/read finds nothing before anything happened/));
  await rejects(scene(() => "m4rk").seeded(), infra(/read finds the marker before seed has written it/));
});

Deno.test("what a command said is told with the line that names the cause, and the lines that explain it", () => {
  const said = [
    'ERROR:  column "markr" does not exist',
    "LINE 1: SELECT markr FROM cc_ci_marker",
    "               ^",
    'HINT:  Perhaps you meant to reference the column "cc_ci_marker.mark".',
  ].join("\n");
  equal(
    howEnded({ code: 1, stdout: "", stderr: `${said}\n`, cut: false }),
    `ended with exit code 1: ${said}`,
  );
});

Deno.test("what a read expects may be there all the time", async () => {
  const it = scene(() => "admin", { read: [{ service: "app", command: "read", expect: "admin" }] });
  await it.seeded();
  deepEqual(it.calls, ["write", "read"]);
});

Deno.test("what stands beyond the part of a long output that is kept is never called missing", async () => {
  const long = "x".repeat(5 * 1024 * 1024);
  await rejects(
    async () => await scene(() => `m4rk${long}`).read(),
    infra(/prints more than can be looked through/),
  );
  equal((await scene(() => `${long}m4rk`).read())?.found, true);
});

Deno.test("a command waits while its container is being replaced, and not for ever", async () => {
  let refusals = 3;
  const it = scene(() => refusals-- > 0 ? { status: 409 } : "m4rk");
  equal((await it.read())?.found, true);
  equal(it.calls.length, 4);
  await rejects(async () => await scene(() => ({ status: 409 })).read(), { code: "docker.failed" });
  const broken = scene(() => ({ status: 500 }));
  await rejects(async () => await broken.read());
  equal(broken.calls.length, 1);
});

Deno.test("a read that does not end has found nothing: its record is lost, and that is the app's", async () => {
  const losses = await scene(() => "hangs").losses();
  deepEqual(losses.map(({ what, said }) => [what, said]), [
    ['record "m4rk" in service app', "did not end in 0.0 s"],
  ]);
  const end = { stdout: "", cut: false };
  equal(howEnded({ ...end, code: null, stderr: "did not end in 60.0 s" }), "did not end in 60.0 s");
  equal(howEnded({ ...end, code: 3, stderr: "no" }), "ended with exit code 3: no");
});

Deno.test("a service that the app lacks is recipe.yml's mistake, and nobody waits for it", async () => {
  const it = scene(() => "m4rk");
  it.swarm.containerOf = (_stack, service) =>
    Promise.reject(new DockerError(`find service "${service}"`, { code: "docker.no-container" }));
  const named = (name: string) => () =>
    Promise.resolve([
      schema.service.parse({ ID: "s", Spec: { Name: `s_${name}`, TaskTemplate: {}, Mode: {} } }),
    ]);
  it.swarm.services = named("web");
  const since = it.clock.elapsed();
  await rejects(it.losses(), (error) =>
    error instanceof SeedMistake &&
    error.message === 'recipe.yml: data names service "app", and the app has none of that name' &&
    (error.detail ?? "").endsWith("The app's services: web"));
  equal(it.clock.elapsed(), since);
  it.swarm.services = named("app");
  await rejects(it.losses(), { code: "docker.no-container" });
});

Deno.test("a seed or a read that does not end while data is written is the enrolment's, unless the app itself is ill", async () => {
  const hangs = (which: string) => (command: string) => command === which ? "hangs" : "";
  for (
    const [which, message] of [
      ["read", "recipe.yml: read does not end"],
      ["write", 'recipe.yml: seed in service "app" does not end'],
    ] as const
  ) {
    const failed = (expected: Partial<StageFailure>) => (error: unknown) =>
      error instanceof StageFailure && error.message === expected.message && error.fault === expected.fault;
    await rejects(scene(hangs(which)).seeded(0), failed({ message, fault: "enrolment" }));
    await rejects(scene(hangs(which), {}, "It answers 502").seeded(0), failed({ message: "It answers 502" }));
  }
});

Deno.test("a command of data that cannot be run is the enrolment's mistake; one that fails is the recipe's", async () => {
  const ends = (which: string, code: number) => (command: string) => command === which ? { code } : "";
  const failed = (message: RegExp, fault: "enrolment" | undefined) => (error: unknown) =>
    error instanceof StageFailure && message.test(error.message) && error.fault === fault;
  for (const code of [126, 127]) {
    await rejects(
      scene(ends("write", code)).seeded(),
      failed(/^recipe\.yml: seed in service "app" cannot be run there$/, "enrolment"),
    );
    await rejects(
      scene(ends("read", code)).losses(),
      failed(/^recipe\.yml: read cannot be run: `read` in service "app"$/, "enrolment"),
    );
  }
  await rejects(
    scene(ends("write", 1)).seeded(),
    failed(/^Could not write data into service "app"$/, undefined),
  );
  equal((await scene(ends("read", 1)).losses()).length, 1);
  const marker: Loss = { what: "/data/.cc-ci-m4rk", volume: null, now: [], said: "no such file" };
  deepEqual(await scene(ends("read", 127)).losses([marker]), [marker]);
  let tries = 0;
  equal((await scene(() => tries++ < 3 ? { code: 127 } : "m4rk").losses()).length, 0);
});

Deno.test("a read that worked in the same version and cannot be run any more has lost what it needs: that is the recipe's", async () => {
  for (const code of [126, 127]) {
    let written = false;
    let restored = false;
    const it = scene((command) => {
      if (command === "write") written = true;
      return restored ? { code } : command === "read" && written ? "m4rk" : "";
    });
    await it.seeded();
    restored = true;
    const losses = await it.losses([], true);
    deepEqual(losses.map(({ what, said }) => [what, said]), [['record "m4rk" in service app', "not found"]]);
  }
});
