import assert from "node:assert/strict";
import { join } from "node:path";
import { FakeClock } from "../../common/testing/fake_clock.ts";
import { toRemove } from "../cleanup/clean_up.ts";
import type { App } from "../app/app.ts";
import type { Checked } from "../confinement/engine/mod.ts";
import { loadEnrolment } from "../../enrolment/enrolment.ts";
import { type PlannedProvider, type RunPlan, warmFolder } from "../run/folder.ts";
import { Redactor } from "../run/redact.ts";
import { type StageContext, StageFailure } from "../run/stage.ts";
import { forgetWarm, readWarm } from "../run/warm.ts";
import { asItWasMade, leaveWarm, leftWarm, type Sought, visitWarm, wakeUp } from "./warm_provider.ts";

const said = `repo: a/login
secrets: { admin: { length: 12 } }
env:
  SALT: { generate: 10 }
  COLOUR: blue
  ADMIN_PASSWORD: tr0ub4dor-and-3
`;

const planned: PlannedProvider = {
  recipe: "login",
  warm: true,
  stack: "logi-0a1b2c_ci_test",
  domain: "logi-0a1b2c.ci.test",
  domains: ["logi-0a1b2c.ci.test"],
  abraDir: "/nowhere",
};

/** A provider that a run has left up. */
async function withWarm(
  work: (
    at: { sought: Sought; clock: FakeClock; folder: string; plan: (one?: object) => RunPlan },
  ) => Promise<void>,
) {
  const RUNS = await Deno.makeTempDir({ prefix: "ccci-test-" });
  const folder = join(RUNS, "recipes", "login");
  const clock = new FakeClock();
  try {
    await Deno.mkdir(folder, { recursive: true });
    await Deno.writeTextFile(join(folder, "recipe.yml"), said);
    const enrolment = await loadEnrolment(join(RUNS, "recipes"), "login");
    const settings = { RUNS, JANITOR_MAX_AGE: 100 };
    const sought = { planned, enrolment, commit: "c0ffee", settings };
    const settled = {
      ...enrolment,
      secrets: { admin: { value: "correct-horse" } },
      env: {
        SALT: { value: "battery-staple" },
        COLOUR: { value: "blue" },
        ADMIN_PASSWORD: { value: "tr0ub4dor-and-3" },
      },
    };
    const handed = {
      token: { value: "hunter2hunter2", secret: true },
      realm: { value: "everybody", secret: false },
    };
    const app = { secrets: { pepper: "generated-by-abra" }, handed, deployedAt: clock.now() };
    await leaveWarm(app, { ...sought, settled });
    const plan = (one = {}) =>
      ({ settings, apps: [], providers: [{ ...planned, ...one }] }) as unknown as RunPlan;
    await work({ sought, clock, folder, plan });
  } finally {
    await Deno.remove(RUNS, { recursive: true });
  }
}

Deno.test("a provider that was left up is taken by a run that looks for just that, while it is young", () =>
  withWarm(async ({ sought, clock, folder }) => {
    const found = async (other: Partial<Sought> = {}) =>
      await leftWarm({ ...sought, ...other }, clock) !== null;
    assert.ok(await found());
    assert.ok(!await found({ commit: "decaf" }), "another version");
    assert.ok(!await found({ planned: { ...planned, stack: "logi-ffffff_ci_test" } }), "another base domain");
    assert.ok(!await found({ planned: { ...planned, warm: false } }), "a run that has one of its own");
    clock.pass(99);
    assert.ok(await found());
    clock.pass(1);
    assert.ok(!await found(), "the janitor may remove it");
    clock.pass(-1);
    await Deno.writeTextFile(join(folder, "setup.ts"), "");
    assert.ok(!await found(), "another enrolment");
  }));

Deno.test("a provider is deployed anew after a change of any file of its enrolment, however deep it lies", () =>
  withWarm(async ({ sought, clock, folder }) => {
    const beside = join(folder, "..", "shared");
    await Deno.mkdir(beside);
    await Deno.mkdir(join(folder, "keys"));
    await Deno.symlink("../shared/client.ts", join(folder, "client.ts"));
    await Deno.symlink("../shared", join(folder, "lib"));
    await Deno.symlink("..", join(folder, "keys", "up"));
    const app = { secrets: {}, handed: {}, deployedAt: clock.now() };
    const paths = [
      join(folder, "keys", "jwt.pem"),
      join(beside, "client.ts"), // a link leads there
      join(beside, "more.ts"), // a link leads to its folder
    ];
    for (const path of paths) {
      for (const text of ["first", "again"]) {
        await leaveWarm(app, { ...sought, settled: sought.enrolment });
        assert.notEqual(await leftWarm(sought, clock), null);
        await Deno.writeTextFile(path, text);
        assert.equal(await leftWarm(sought, clock), null, `${path}: ${text}`);
      }
    }
    await leaveWarm(app, { ...sought, settled: sought.enrolment });
    await Deno.rename(join(folder, "keys", "jwt.pem"), join(folder, "keys", "jwk.pem"));
    assert.equal(await leftWarm(sought, clock), null, "another name");
  }));

Deno.test("it is as it was made, and nobody sees its secrets in a later run either", () =>
  withWarm(async ({ sought, clock }) => {
    const left = await leftWarm(sought, clock) ?? assert.fail();
    const redactor = new Redactor();
    const { enrolment: { secrets, env } } = await asItWasMade(sought.enrolment, { left, redactor });
    assert.deepEqual(secrets, { admin: { value: "correct-horse" } });
    assert.deepEqual(env, {
      SALT: { value: "battery-staple" },
      COLOUR: { value: "blue" },
      ADMIN_PASSWORD: { value: "tr0ub4dor-and-3" },
    });
    const log =
      "correct-horse battery-staple hunter2hunter2 generated-by-abra tr0ub4dor-and-3 everybody blue";
    assert.match(redactor.text(log), / everybody blue$/);
    for (const secret of log.split(" ").slice(0, 5)) assert.ok(!redactor.text(log).includes(secret), secret);
  }));

Deno.test("a run's teardown leaves a provider that stays up, and removes one that was not left well", () =>
  withWarm(async ({ sought, plan }) => {
    const removed = async (one = {}) => (await toRemove(plan(one))).map(({ stack }) => stack);
    assert.deepEqual(await removed(), []);
    assert.deepEqual(await removed({ warm: false, stack: "logi-ffffff_ci_test" }), ["logi-ffffff_ci_test"]);
    await forgetWarm(sought.settings.RUNS, planned);
    assert.equal(await readWarm(sought.settings.RUNS, planned), null);
    assert.deepEqual(await removed(), [planned.stack]);
  }));

Deno.test("only the owner of the folder reads the note with its secrets, also where abra made the folder", () =>
  withWarm(async ({ sought, clock }) => {
    const folder = warmFolder(sought.settings.RUNS, planned.recipe);
    await Deno.chmod(folder, 0o755);
    const app = { secrets: {}, handed: {}, deployedAt: clock.now() };
    await leaveWarm(app, { ...sought, settled: sought.enrolment });
    assert.equal(((await Deno.stat(join(folder, "warm.json"))).mode ?? 0) & 0o777, 0o600);
  }));

Deno.test("what is gone, or not well within a minute, is not taken over", () =>
  withWarm(async ({ sought, clock }) => {
    const left = await leftWarm(sought, clock) ?? assert.fail();
    const checked = {} as Checked;
    const ctx = { clock, remaining: () => 600_000 } as unknown as StageContext;
    const did: string[] = [];
    const app = (
      services: number,
      converge: (ctx: StageContext) => Promise<void> = () => Promise.resolve(),
    ) =>
      ({
        stack: planned.stack,
        swarm: { services: () => Promise.resolve(Array(services)) },
        takeOver: (_: StageContext, { secrets }: typeof left) => {
          did.push(Object.values(secrets).join());
          return Promise.resolve();
        },
        converge,
        answers: (ctx: StageContext) =>
          Promise.resolve(void did.push(`answers in ${ctx.remaining() / 1000} s`)),
      }) as unknown as App;
    await assert.rejects(wakeUp(app(0), { left, checked, ctx }), (error) => error instanceof StageFailure);
    assert.deepEqual(did, []);
    await wakeUp(app(1, () => Promise.resolve(clock.pass(20))), { left, checked, ctx });
    assert.deepEqual(did, ["generated-by-abra", "answers in 40 s"]);
  }));

Deno.test("a set-up is told what it has made for runs before, also for one that died in it, until it has ended well", () =>
  withWarm(async ({ sought, clock }) => {
    const seen: string[][] = [];
    const visit = async (recipe: string, one: { run: string; dies?: boolean }) => {
      const app = { handed: { realm: { value: "everybody", secret: false } } } as Pick<App, "handed">;
      await visitWarm(sought, {
        recipe,
        neededBy: [`${one.run}.ci.test`],
        app,
        setUp: (orphans) => {
          const told = orphans.map(({ neededBy, handed }) => [...neededBy, ...Object.keys(handed)].join(" "));
          seen.push(told);
          if (one.dies) return Promise.reject(new Error("killed"));
          app.handed.client = { value: `client of ${one.run}`, secret: true };
          return Promise.resolve();
        },
      }).catch(() => {});
    };
    await visit("wiki", { run: "first" });
    await visit("blog", { run: "other" }); // another recipe's file, which knows its own clients alone
    await visit("wiki", { run: "second", dies: true });
    await visit("wiki", { run: "third" });
    await visit("wiki", { run: "fourth" });
    assert.deepEqual(seen, [
      [],
      [],
      ["first.ci.test client"],
      ["first.ci.test client", "second.ci.test"],
      ["third.ci.test client"],
    ]);
    const left = await leftWarm(sought, clock) ?? assert.fail();
    assert.deepEqual(left.visits.map(({ recipe }) => recipe), ["blog", "wiki"]);
    const redactor = new Redactor();
    await asItWasMade(sought.enrolment, { left, redactor });
    assert.doesNotMatch(redactor.text("client of other, client of fourth"), /client of/);
  }));

Deno.test("a provider that goes with its run has nothing of earlier ones", () =>
  withWarm(async ({ sought }) => {
    const planned = { ...sought.planned, warm: false };
    const own = { recipe: "wiki", neededBy: [], app: { handed: {} } };
    for (const _ of [1, 2]) {
      await visitWarm({ ...sought, planned }, {
        ...own,
        setUp: (orphans) => Promise.resolve(assert.deepEqual(orphans, [])),
      });
    }
  }));
