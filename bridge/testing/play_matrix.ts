import assert from "node:assert/strict";
import { configure, type LogRecord, reset } from "@logtape/logtape";
import { commandScenarios } from "./command_scenarios.ts";
import { forgeScenarios } from "./forge_scenarios.ts";
import { matrix } from "./matrix.ts";
import { type Scenario, scenarios } from "./scenarios.ts";
import { command, end, nth, watched } from "./steps.ts";
import { isRetried, runName } from "../store/rows.ts";
import { World } from "./world.ts";

const signs = { passed: "✅", failed: "❌", infra: "⚠️", cancelled: "⏹️", timed_out: "⌛" };

/** Log lines of the play that goes on. */
const logged: string[] = [];

interface Invariant {
  /** As the head of its column. */
  short: string;
  what: string;
  holds(world: World, scenario: Scenario): void;
}

/** What holds at the end of every scenario, wherever the process was killed. */
const invariants: Invariant[] = [
  {
    short: "once",
    what: "one run for one comment, and as many starts as there should be",
    holds(world, { starts }) {
      const names = world.started();
      assert.equal(names.length, starts);
      assert.equal(new Set(names).size, starts, "no run is started twice");
      const ids = [...new Set(names.map((name) => name.slice(0, name.lastIndexOf("-"))))];
      const asked = ids.flatMap((id) => world.store.run(id)?.comment ?? []);
      assert.equal(new Set(asked).size, asked.length, "two runs of one comment");
    },
  },
  {
    short: "single",
    what: "no pull request ever had two runs at a time, and the engine as many as it can have",
    holds(world, { starts, atATime = Math.min(starts, 1) }) {
      assert.ok(world.seen.looks > 0, "looked at every second");
      assert.ok(world.seen.ofOne <= 1, `${world.seen.ofOne} of one pull request`);
      // One that began and ended in the second in which the process died was not seen.
      if (world.killAt === null) assert.equal(world.seen.ofAll, atATime);
    },
  },
  {
    short: "comments",
    what: "one comment of ours for each command, with the verdict it should have",
    holds(world, { comments }) {
      world.assertSound();
      const begun = world.bodies().map((body) => comments.find((sign) => body.startsWith(sign)) ?? body);
      // A comment that was under way when the process died may come after a later one.
      if (world.killAt === null) assert.deepEqual(begun, comments);
      else assert.deepEqual(begun.toSorted(), comments.toSorted());
    },
  },
  {
    short: "ended",
    what: "every run and every text came to its end",
    holds(world) {
      assert.deepEqual(world.store.liveRuns(), []);
      assert.deepEqual(world.store.openCommands(), []);
      assert.equal(world.store.oldestUndelivered(), null);
    },
  },
  {
    short: "agree",
    what: "comment and dashboard say the same",
    holds(world) {
      for (const body of world.bodies()) {
        const run = world.store.run(body.match(/<!-- cc-ci:([a-z0-9]+) -->/)?.[1] ?? "");
        if (run === undefined) continue;
        assert.ok(run.outcome !== null && body.startsWith(signs[run.outcome]), `${run.outcome}: ${body}`);
        const told = world.dashboard.runs.get(runName(run))?.announcement.state;
        const stopped = ["superseded", "expired"].includes(told ?? "") && run.outcome === "cancelled";
        assert.ok(told === run.outcome || stopped, told);
        assert.ok(!isRetried(run), "not the last word");
      }
      for (const [run, { announcement }] of world.dashboard.runs) {
        assert.ok(!["queued", "running"].includes(announcement.state), `${run} is ${announcement.state}`);
      }
    },
  },
  {
    short: "nothing left",
    what: "the engine has nothing left that runs or waits",
    holds(world) {
      assert.deepEqual(world.engine.running(), []);
      const builds = world.drone?.builds.filter(({ status }) => ["pending", "running"].includes(status));
      assert.deepEqual(builds ?? [], []);
    },
  },
  {
    short: "no secret",
    what: "no token in a log, in a comment or on the dashboard",
    holds(world) {
      assert.ok(logged.length > 0 || world.started().length === 0, "there is a log");
      const said = JSON.stringify([world.bodies(), [...world.dashboard.runs.values()], logged]);
      assert.doesNotMatch(said, /(drone|bridge|forge)-token/);
    },
  },
];

const undisturbed: Scenario = {
  name: "one command, undisturbed",
  drone: true,
  async play(world) {
    command(world, await watched(world));
    world.finish(await nth(world, 1), "passed");
    await end(world);
  },
  comments: ["✅"],
  starts: 1,
};
/** Two halves of about the same length, each for a program of its own. */
export const halves: readonly [Scenario[], Scenario[]] = [
  [...scenarios, undisturbed],
  [...commandScenarios, ...forgeScenarios],
];
const all = halves.flat();

/** What was really looked at: by scenario, how often each invariant held, and how many kills it stood. */
const proof = new Map<string, { held: Map<Invariant, number>; kills: number }>();
/** Scenarios that held on a fake with Forgejo's manners. */
const onForgejo = new Set<string>();

async function play(scenario: Scenario, killAt: World["killAt"], { forgejo = false } = {}): Promise<World> {
  const world = new World({ ...scenario, forgejo });
  world.killAt = killAt;
  logged.length = 0;
  const seen = proof.get(scenario.name) ?? { held: new Map(), kills: 0 };
  proof.set(scenario.name, seen);
  try {
    await scenario.play(world);
    for (const invariant of invariants) {
      try {
        invariant.holds(world, scenario);
      } catch (cause) {
        assert.fail(`Broken: ${invariant.what}: ${cause instanceof Error ? cause.message : cause}`);
      }
      seen.held.set(invariant, (seen.held.get(invariant) ?? 0) + 1);
    }
    if (killAt !== null) seen.kills++;
    return world;
  } catch (error) {
    world[Symbol.dispose]();
    throw error;
  }
}

/** When the process dies at an effect. */
const sides = [["before", "before"], ["after", "after"], ["late", "with late"]] as const;
/** Every point from all sides takes its time; as a rule each is taken from one, and of very many a sample. */
const everything = Deno.env.get("CCCI_MATRIX") === "full";
const many = 12;
const sample = 8;

/** The effects at which the process is killed in turn. A sample is spread evenly, and has each kind of effect in it. */
function pointsOf(effects: readonly string[]): number[] {
  const all = [...effects.keys()];
  if (everything || effects.length <= many) return all;
  const every = Math.ceil(effects.length / sample);
  const kinds = effects.map((effect) => effect.replaceAll(/\d+/g, "N"));
  const even = all.filter((effect) => effect % every === 0);
  const seen = new Set(even.map((effect) => kinds[effect]));
  const rare = all.filter((effect) =>
    !seen.has(kinds[effect]) && kinds.indexOf(kinds[effect] ?? "") === effect
  );
  return [...even, ...rare].toSorted((a, b) => a - b);
}

/** Defines the tests of some scenarios. The log of their whole process is listened to meanwhile. */
export function playMatrix(mine: readonly Scenario[]): void {
  Deno.test.beforeAll(() =>
    configure({
      reset: true,
      sinks: {
        list: (record: LogRecord) => void logged.push(JSON.stringify([record.message, record.properties])),
      },
      loggers: [
        { category: "ccci", lowestLevel: "debug", sinks: ["list"] },
        { category: ["logtape", "meta"], lowestLevel: "warning", sinks: ["list"] },
      ],
    })
  );
  Deno.test.afterAll(() => reset());

  for (const scenario of mine) {
    Deno.test(`matrix: ${scenario.name}`, async (t) => {
      using plain = await play(scenario, null);
      const points = plain.effects.map((effect) => effect.replaceAll(/[a-z0-9]{12}-(\d)/g, "RUN-$1"));
      for (const [number, effect] of pointsOf(points).entries()) {
        for (const [turn, [when, said]] of sides.entries()) {
          if (!everything && number % sides.length !== turn) continue;
          await t.step(`killed ${said} ${effect + 1}. ${points[effect]}`, async () => {
            using world = await play(scenario, { effect, when });
            assert.ok(world.effects.length > effect, "the kill took place");
          });
        }
      }
    });
  }

  Deno.test("matrix: all of it once more on a forge with Forgejo's manners, without kills", async (t) => {
    for (const scenario of mine) {
      await t.step(scenario.name, async () => {
        using world = await play(scenario, null, { forgejo: true });
        assert.match(world.gitea.version, /\+gitea-/);
        onForgejo.add(scenario.name);
      });
    }
  });

  Deno.test("every disturbance is shown to do no harm, by what ran here or by a test that is there", async () => {
    const root = new URL("../../", import.meta.url);
    const names = new Set(mine.map(({ name }) => name));
    const lines: string[] = [];
    for (const [at, { what, played = [], shown = [] }] of matrix.entries()) {
      assert.ok(played.length + shown.length > 0, what);
      for (const name of played) {
        assert.ok(all.some((one) => one.name === name), `There is no scenario "${name}"`);
      }
      for (const [file, test] of shown) {
        const text = await Deno.readTextFile(new URL(file, root));
        assert.ok(text.includes(test), `${file} has no "${test}"`);
      }
      const here = played.filter((name) => names.has(name));
      if (here.length < played.length && here.length === 0) continue; // a row of the other half
      const found = here.map((name) => proof.get(name));
      const cells = invariants.map((invariant) => {
        if (played.length === 0) return " ";
        return found.every((one) => (one?.held.get(invariant) ?? 0) > 0) ? "✓" : "✗";
      });
      const kills = found.reduce((sum, one) => sum + (one?.kills ?? 0), 0);
      const where = [played.length > 0 ? "here" : "not here", ...new Set(shown.map(([file]) => file))];
      lines.push(
        [
          `${String(at + 1).padStart(2)} ${what.padEnd(41)}`,
          ...cells.map((cell, column) => cell.padEnd(invariants[column]?.short.length ?? 0)),
          String(kills || "").padStart(5),
          where.join(", "),
        ].join("  "),
      );
    }
    assert.equal(matrix.length, 28);
    const head = `${" ".repeat(44)}  ${invariants.map(({ short }) => short).join("  ")}  kills  shown by`;
    const legend = invariants.map(({ short, what }) => `${short}: ${what}`).join("\n");
    const elsewhere = "not here: on the real services, by the tests named alone";
    const forgejo =
      `Forgejo: ${onForgejo.size} of ${mine.length} scenarios, on a fake made from its source; ` +
      "no real one was asked";
    const table = `\n${head}\n${lines.join("\n")}\n\n${legend}\n${elsewhere}\n${forgejo}\n`;
    Deno.stderr.writeSync(new TextEncoder().encode(table));
  });
}
