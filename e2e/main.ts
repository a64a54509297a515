import { dirname, join } from "node:path";
import { Command } from "commander";
import { exec } from "../common/exec.ts";
import { formatSeconds } from "../common/time.ts";
import { describeError, UsageError } from "../common/errors.ts";
import { parseJUnit } from "../common/junit.ts";
import { exists } from "../common/files.ts";
import { difference, restingInventory } from "./inventory.ts";

interface Counts {
  passed: number;
  failed: number;
  /** Names of the tests that failed. */
  failures: string[];
  /** Names of the tests that cannot be run here; they say why. */
  ignored: string[];
}

interface Suite {
  name: string;
  /** What it looks at, for `--help` and the progress line. */
  about: string;
  run(context: SuiteContext): Promise<Counts>;
  /** Runs at the same time as its neighbours that say so, too. */
  beside?: true;
}

interface SuiteContext {
  root: string;
  tmp: string;
  /** Arguments for `deno test` that pick single tests. */
  filter: string[];
  /** Settings of tests, by name. */
  env: Record<string, string>;
  /** Shows what a suite prints while it runs. */
  show: (chunk: Uint8Array) => void;
}

const root = new URL("..", import.meta.url).pathname;
const unitFolders = [
  "bench",
  "common",
  "conventions",
  "protocol",
  "enrolment",
  "wording",
  "harness",
  "bridge",
  "dashboard",
  "local",
];

/** Each takes care of its own runs only, so that they can go on side by side. */
const harnessTests = ["harness", "deaths", "faults", "broken"].map((name) => `e2e/${name}_test.ts`);
/** Files at a time; some have several runs at a time, and a run waits more than it computes. */
const HARNESS_JOBS = "2";

const suites: Suite[] = [
  { name: "format", about: "deno fmt --check", run: (context) => command(context, ["fmt", "--check", "-q"]) },
  { name: "lint", about: "deno lint", run: (context) => command(context, ["lint", "-q"]) },
  { name: "types", about: "deno check", run: (context) => command(context, ["check", "-q", "."]) },
  {
    name: "unit",
    about: "tests beside the source",
    run: (context) => tests(context, "unit", ["--parallel", ...unitFolders, "e2e/main_test.ts"]),
  },
  {
    name: "pages",
    about: "the dashboard in a browser, and its API fuzzed from its own description",
    run: (context) =>
      tests(context, "pages", ["pages", "live", "fuzz"].map((what) => `e2e/dashboard_${what}_test.ts`)),
  },
  {
    name: "contract",
    about: "what the harness relies on, asked of the abra in use",
    run: (context) => tests(context, "contract", ["e2e/contract_test.ts"]),
  },
  {
    name: "demo",
    about: "the whole loop from nothing, green and broken",
    run: (context) => tests(context, "demo", ["e2e/demo_test.ts"]),
  },
  {
    name: "loop",
    about: "comments on real pull requests: refusals, restarts, services away",
    run: (context) =>
      tests(context, "loop", ["e2e/check_test.ts", "e2e/loop_test.ts", "e2e/schedule_test.ts"]),
    beside: true,
  },
  {
    name: "harness",
    about: "runs killed at every kind of point, deadlines, full disks, recipes with a mistake",
    run: (context) => tests(context, "harness", ["--parallel", ...harnessTests]),
    beside: true,
  },
  {
    name: "drone",
    about: "runs as builds of a real Drone: answers lost, runner and server gone, cancels",
    run: (context) => tests(context, "drone", ["e2e/drone_engine_test.ts", "e2e/drone_test.ts"]),
  },
  {
    name: "restart",
    about: "Docker itself restarted in the middle of a run",
    run: (context) => tests(context, "restart", ["e2e/engine_restart_test.ts"]),
  },
];

/**
 * `./cc-ci test`: every suite in turn, each with its time, and `N passed, N failed` as the last line.
 * @returns the exit code: 0 when nothing failed, 1 otherwise
 */
export async function test(argv: string[]): Promise<number> {
  const program = new Command("cc-ci test")
    .exitOverride()
    .description("Runs every check and test on the real services.")
    .option("--only <suites>", `run some suites only: ${suites.map((suite) => suite.name).join(",")}`)
    .option("--faults", "kill runs at every boundary, not at a sample of them")
    .option("--seed <number>", "draw the same sample of boundaries again")
    .option("--filter <text>", "run only the tests whose name contains this text")
    .addHelpText("after", `\nSuites:\n${suites.map((s) => `  ${s.name.padEnd(10)} ${s.about}`).join("\n")}`)
    .parse(argv, { from: "user" });
  const options = program.opts<{ only?: string; filter?: string; faults?: boolean; seed?: string }>();
  const chosen = chooseSuites(options.only);
  const tmp = await ownScratch();
  const total: Counts = { passed: 0, failed: 0, failures: [], ignored: [] };
  const table: string[] = [];
  const attempt = async (suite: Suite, { among }: { among: boolean }) => {
    print(`\n── ${suite.name}: ${suite.about}\n`);
    const started = performance.now();
    const counts = await suite.run({
      root,
      tmp,
      filter: options.filter === undefined ? [] : ["--filter", options.filter],
      env: {
        DENO_JOBS: HARNESS_JOBS,
        ...(options.faults ? { CCCI_TEST_FAULTS: "all" } : {}),
        ...(options.seed === undefined ? {} : { CCCI_TEST_SEED: options.seed }),
      },
      show: among ? linewise(suite.name) : (chunk) => void Deno.stderr.writeSync(chunk),
    });
    const sign = counts.failed > 0 ? "✗" : counts.passed > 0 ? "✓" : "–";
    const line = `${sign} ${suite.name.padEnd(10)} ` +
      `${String(counts.passed).padStart(4)} passed ${String(counts.failed).padStart(3)} failed ` +
      `${formatSeconds(performance.now() - started).padStart(12)}`;
    table.push(line);
    print(`${line}\n`);
    total.passed += counts.passed;
    total.failed += counts.failed;
    total.failures.push(...counts.failures.map((failure) => `${suite.name}: ${failure}`));
    total.ignored.push(...counts.ignored.map((name) => `${suite.name}: ${name}`));
  };
  try {
    for (const batch of batches(chosen)) {
      const run = () => Promise.all(batch.map((suite) => attempt(suite, { among: batch.length > 1 })));
      if (!batch[0]?.beside) await run();
      else {
        const problem = await changeOfInventory(run);
        if (problem === null) total.passed += 1;
        else {
          total.failed += 1;
          total.failures.push(problem);
        }
      }
    }
  } finally {
    await Deno.remove(tmp, { recursive: true });
  }
  const failures = [
    ...total.ignored.map((name) => `– ${name}\n`),
    ...total.failures.map((failure) => `✗ ${failure}\n`),
  ].join("");
  print(
    `\n${failures === "" ? "" : `${failures}\n`}${
      table.join("\n")
    }\n\n${total.passed} passed, ${total.failed} failed\n`,
  );
  return total.failed === 0 ? 0 : 1;
}

/** @throws {UsageError} for a name that no suite has */
export function chooseSuites(only: string | undefined): Suite[] {
  const wanted = only?.split(",").map((name) => name.trim());
  const unknown = wanted?.find((name) => !suites.some((suite) => suite.name === name));
  if (unknown !== undefined) {
    throw new UsageError(`There is no suite "${unknown}"`, {
      hint: `Suites are: ${suites.map((suite) => suite.name).join(", ")}`,
    });
  }
  return suites.filter((one) => wanted?.includes(one.name) ?? true);
}

/** A folder for this process, whose number its name holds; those of processes that were killed go. */
async function ownScratch(): Promise<string> {
  const prefix = "cc-ci-test-";
  const folder = await Deno.makeTempDir({ prefix: `${prefix}${Deno.pid}-` });
  for await (const { name } of Deno.readDir(dirname(folder))) {
    const owner = name.startsWith(prefix) ? /^\d+(?=-)/.exec(name.slice(prefix.length))?.[0] : undefined;
    if (owner === undefined || await exists(`/proc/${owner}`)) continue;
    await Deno.remove(join(dirname(folder), name), { recursive: true }).catch(() => {}); // another user's
  }
  return folder;
}

/** Suites in order, neighbours that may run side by side together. */
function batches(chosen: readonly Suite[]): Suite[][] {
  const all: Suite[][] = [];
  for (const suite of chosen) {
    const last = all.at(-1);
    if (suite.beside && last?.[0]?.beside) last.push(suite);
    else all.push([suite]);
  }
  return all;
}

/** What differs in Docker after this work, in a sentence; null: nothing. */
async function changeOfInventory(work: () => Promise<unknown>): Promise<string | null> {
  try {
    const before = await restingInventory();
    await work();
    const changed = difference(before, await restingInventory());
    return changed.length === 0 ? null : `Docker does not hold what it held before: ${changed.join(", ")}`;
  } catch (error) {
    return `Could not compare what Docker holds: ${describeError(error)}`;
  }
}

/** Marks whole lines with the suite they come from. */
function linewise(name: string): (chunk: Uint8Array) => void {
  const decoder = new TextDecoder();
  let rest = "";
  return (chunk) => {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) Deno.stderr.writeSync(new TextEncoder().encode(`${name.padEnd(8)} ${line}\n`));
  };
}

/** A check that is one yes or no. */
async function command(context: SuiteContext, args: string[]): Promise<Counts> {
  const result = await exec([Deno.execPath(), ...args], {
    cwd: context.root,
    timeoutMs: 600_000,
    onOutput: context.show,
  });
  return result.success
    ? { passed: 1, failed: 0, failures: [], ignored: [] }
    : { passed: 0, failed: 1, failures: [`deno ${args.join(" ")}`], ignored: [] };
}

/** A `deno test` run; a run that broke before it wrote its report counts as one failure. */
async function tests(context: SuiteContext, name: string, args: string[]): Promise<Counts> {
  const report = `${context.tmp}/${name}.xml`;
  const result = await exec(
    [
      Deno.execPath(),
      "test",
      "-A",
      "--no-prompt",
      `--junit-path=${report}`,
      ...context.filter,
      ...args,
    ],
    {
      cwd: context.root,
      timeoutMs: 3_600_000,
      env: context.env,
      onOutput: context.show,
    },
  );
  return countCases(await Deno.readTextFile(report).catch(() => ""), result);
}

/** What a run's report shows, together with how the run ended. */
export function countCases(report: string, result: { success: boolean; code: number }): Counts {
  const cases = parseJUnit(report);
  const ignored = cases.filter((one) => one.skipped).map((one) => one.name);
  const failures = cases.filter(({ failure }) => failure !== null).map((one) => one.name);
  const passed = cases.filter((one) => one.failure === null && !one.skipped).length;
  // A suite that ran nothing has shown nothing, unless each of its tests says why it cannot be run here.
  const ran = passed + ignored.length > 0;
  if (failures.length === 0 && (!result.success || !ran)) {
    failures.push(ran ? `deno test ended with exit code ${result.code}` : "no test ran");
  }
  return { passed, failed: failures.length, failures, ignored };
}

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}
