import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { formatSeconds } from "../common/time.ts";
import type { Stack } from "../local/stack/stack.ts";
import { exitCodes } from "../protocol/result.ts";
import { abraRecipes } from "./abra_recipes.ts";
import { type BrokenRecipe, brokenRecipes } from "./broken_recipes.ts";
import { draw, sampleSize, SEED } from "./draw.ts";
import { makeRecipe } from "./fixture_recipe.ts";
import { type Ended, HarnessRun, runRecipe, stackForRuns } from "./harness_cli.ts";
import { hostileRecipes } from "./hostile_recipes.ts";
import { assertSameInventory, inventory } from "./inventory.ts";
import { onRealServices } from "./scene.ts";

/** Runs at a time: a run waits most of the time. */
const SIDE_BY_SIDE = 2;

/** How many of them are tested where not all are: each takes most of a minute. */
const SAMPLE = 20;

/** How the run of one recipe ended. */
interface Outcome {
  broken: BrokenRecipe;
  /** Undefined when the test itself went wrong. */
  ended: Ended | undefined;
  ms: number;
  /** What is not as it should be; empty: all of it is. */
  wrong: string[];
}

onRealServices(
  "recipes with a mistake fail in its stage and name it, and nothing of them stays",
  async () => {
    const stack = await stackForRuns();
    const folder = await Deno.makeTempDir({ prefix: "cc-ci-broken-" });
    try {
      const before = await inventory();
      const outcomes: Outcome[] = [];
      const recipes = wanted();
      say(`${recipes.length} recipes, drawn with CCCI_TEST_SEED=${SEED}\n`);
      const waiting = recipes.entries();
      await Promise.all(Array.from({ length: SIDE_BY_SIDE }, async () => {
        for (const [number, broken] of waiting) {
          const started = performance.now();
          const seen = await attempt(broken, { stack, folder: join(folder, String(number)) })
            .catch((error) => ({ ended: undefined, wrong: [String(error)] })); // the others go on
          outcomes.push({ broken, ms: performance.now() - started, ...seen });
        }
      }));
      print(outcomes);
      const wrong = outcomes.flatMap(({ broken, wrong, ended }) =>
        wrong.length === 0 ? [] : [`${broken.name}: ${wrong.join("; ")}\n${ended?.stderr ?? ""}`]
      );
      assert.equal(wrong.length, 0, `\n${wrong.join("\n\n")}`);
      await assertSameInventory(before);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

/** Those with the text given after `--` in their name; without a text a sample of all. */
function wanted(): BrokenRecipe[] {
  const all = [...brokenRecipes, ...abraRecipes, ...hostileRecipes];
  const [text] = Deno.args;
  if (text !== undefined) return all.filter(({ name }) => name.includes(text));
  return draw(all, { seed: SEED, count: sampleSize({ all: all.length, sample: SAMPLE }) });
}

async function attempt(
  broken: BrokenRecipe,
  { stack, folder }: { stack: Stack; folder: string },
): Promise<Pick<Outcome, "ended" | "wrong">> {
  const path = await makeRecipe(join(folder, "quick"), broken.recipe);
  const recipes = join(folder, "recipes");
  if (broken.enrolment !== undefined) {
    await Deno.mkdir(join(recipes, "quick"), { recursive: true });
    const files = { ...broken.enrolled, "recipe.yml": broken.enrolment };
    for (const [name, text] of Object.entries(files)) {
      await Deno.mkdir(dirname(join(recipes, "quick", name)), { recursive: true });
      await Deno.writeTextFile(join(recipes, "quick", name), text);
    }
  }
  const { only = [broken.stage], env = {} } = broken;
  const runs = join(folder, "runs");
  const options = {
    runs,
    args: [path, ...(only === "all" ? [] : ["--only", only.join(",")])],
    env: { ...(broken.enrolment === undefined ? {} : { CCCI_RECIPES: recipes }), ...env },
  };
  const ended = await run(stack, { ...options, broken });
  const wrong = mistakes(broken, ended);
  // What this run could not remove is removed when the next one starts.
  if ((ended.result?.leftovers.length ?? 0) > 0) {
    await runRecipe(stack, { runs, args: [path, "--only", "fetch"] });
  }
  return { ended, wrong };
}

async function run(
  stack: Stack,
  options: ConstructorParameters<typeof HarnessRun>[1] & { broken: BrokenRecipe },
): Promise<Ended> {
  await using run = new HarnessRun(stack, options);
  await using _disturbance = await options.broken.meanwhile?.(run);
  return await run.ended;
}

/** What a run should have said of its recipe and did not. */
function mistakes(broken: BrokenRecipe, { code, result, stderr }: Ended): string[] {
  const wrong: string[] = [];
  const must = (so: boolean, text: string) => so || wrong.push(text);
  const { result: outcome = "failed", ends = "failed", stage: name, cause, detail } = broken;
  const stage = result?.stages.find((one) => one.name === name);
  const said = saidBy(stage);
  must(result?.result === outcome, `The run is "${result?.result}", not "${outcome}"`);
  must(code === exitCodes[outcome], `The exit code is ${code}, not ${exitCodes[outcome]}`);
  must(stage?.result === ends, `Stage ${name} is "${stage?.result}", not "${ends}"`);
  if (outcome !== "passed") must(result?.stage === name, `Stage ${result?.stage} is blamed, not ${name}`);
  must(stage?.fault === broken.fault, `The fault is said to be "${stage?.fault}", not "${broken.fault}"`);
  must(cause.test(said), `Nothing in ${JSON.stringify(said)} matches ${cause}`);
  if (detail !== undefined) must(detail.test(stage?.detail ?? ""), `The detail does not match ${detail}`);
  const { shows } = broken;
  const lines = stage?.tail.filter((line) => shows?.line.test(line)).length;
  if (shows !== undefined) must(lines === shows.times, `${lines} log lines match ${shows.line}`);
  for (const { rule, says } of broken.findings ?? []) {
    const found = stage?.findings.some((one) => one.rule === rule && one.message.includes(says));
    must(found === true, `There is no finding of ${rule} that says ${says}`);
  }
  if (broken.level !== undefined) {
    must(result?.level === broken.level, `The level is ${result?.level}, not ${broken.level}`);
  }
  const later = result?.stages.filter((one) => name === "lint" && ["install", "upgrade"].includes(one.name));
  for (const one of later ?? []) must(one.result === "blocked", `Stage ${one.name} is "${one.result}"`);
  must(name === "teardown" || result?.leftovers.length === 0, `Left over: ${result?.leftovers.join(", ")}`);
  must(!/\n\s+at .*:\d+:\d+/.test(stderr), "A stack trace is shown");
  return wrong;
}

type Stage = NonNullable<Ended["result"]>["stages"][number];

function saidBy(stage: Stage | undefined): string {
  if (stage === undefined) return "";
  const { cause, detail, reason, blemishes } = stage;
  return [cause, detail, reason, ...blemishes].filter((one) => one !== undefined).join("\n");
}

/** The table of what each printed. */
function print(outcomes: readonly Outcome[]): void {
  const rows = outcomes.map(({ broken, ended, ms, wrong }) => {
    const stage = ended?.result?.stages.find((one) => one.name === broken.stage);
    const mark = wrong.length === 0 ? "✓" : "✗";
    const said = saidBy(stage).split("\n")[0] ?? "";
    return `${mark} ${broken.name}\n    ${broken.stage} ${stage?.result} (run ${ended?.result?.result}, ` +
      `level ${ended?.result?.level}, ${formatSeconds(ms)}): ${said}\n`;
  });
  say(`\n${rows.join("")}`);
}

function say(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}
