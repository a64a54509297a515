import { exec, type ExecOptions, type ExecResult } from "../common/exec.ts";
import { UsageError } from "../common/errors.ts";
import { parseJUnit } from "../common/junit.ts";

export interface Counts {
  passed: number;
  failed: number;
  /** Names of the tests that failed. */
  failures: string[];
  /** Names of the tests that cannot be run here; they say why. */
  ignored: string[];
}

export interface Suite {
  name: string;
  /** What it looks at, for `--help` and the progress line. */
  description: string;
  run(context: SuiteContext): Promise<Counts>;
  /** Runs at the same time as its neighbours that say so, too. */
  beside?: true;
  /** Passes or fails as a whole: it has no tests that a filter could pick. */
  whole?: true;
}

export interface SuiteContext {
  /** Folder for reports. */
  tmp: string;
  /** Arguments for `deno test` that pick single tests. */
  filter: string[];
  /** Settings of tests, by name. */
  env: Record<string, string>;
  /** Shows what a suite prints while it runs. */
  show: (chunk: Uint8Array) => void;
  /** Abort ends what the suite started, and the suite throws the reason. */
  signal: AbortSignal;
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

/** Each of these files takes care of its own runs only, so that they can go on side by side. */
const harnessTests = ["harness", "floor", "network", "surplus", "deaths", "faults", "empty_volume", "broken"]
  .map((name) => `e2e/${name}_test.ts`);
/** Files at a time; some have several runs at a time, and a run waits more than it computes. */
const HARNESS_JOBS = "2";

export const suites: Suite[] = [
  {
    name: "format",
    description: "deno fmt --check",
    run: (context) => checkFormat(context),
    whole: true,
  },
  {
    name: "lint",
    description: "deno lint",
    run: (context) => command(context, ["lint", "-q"]),
    whole: true,
  },
  {
    name: "types",
    description: "deno check",
    run: (context) => command(context, ["check", "-q", "."]),
    whole: true,
  },
  {
    name: "unit",
    description: "tests beside the source",
    run: (context) => tests(context, "unit", ["--parallel", ...unitFolders, "e2e/suites_test.ts"]),
  },
  {
    name: "pages",
    description: "the dashboard in a browser, and its API fuzzed from its own description",
    run: (context) =>
      tests(context, "pages", ["pages", "live", "fuzz"].map((what) => `e2e/dashboard_${what}_test.ts`)),
  },
  {
    name: "contract",
    description: "what the harness relies on, asked of the abra in use",
    run: (context) => tests(context, "contract", ["e2e/contract_test.ts"]),
  },
  {
    name: "demo",
    description: "the whole loop from nothing, green and broken",
    run: (context) => tests(context, "demo", ["e2e/demo_test.ts"]),
  },
  {
    name: "loop",
    description: "comments on real pull requests: refusals, restarts, services away",
    run: (context) =>
      tests(
        context,
        "loop",
        ["check", "forge", "inside", "loop", "schedule"].map((what) => `e2e/${what}_test.ts`),
      ),
    beside: true,
  },
  {
    name: "harness",
    description: "runs killed at every kind of point, deadlines, full disks, recipes with a mistake",
    run: (context) => tests(context, "harness", ["--parallel", ...harnessTests]),
    beside: true,
  },
  {
    name: "drone",
    description: "runs as builds of a real Drone: answers lost, runner and server gone, cancels",
    run: (context) => tests(context, "drone", ["e2e/drone_engine_test.ts", "e2e/drone_test.ts"]),
  },
  {
    name: "restart",
    description: "Docker itself restarted in the middle of a run",
    run: (context) => tests(context, "restart", ["e2e/engine_restart_test.ts"]),
  },
];

/** @throws {UsageError} for a name that no suite has, and for a filter on a suite without tests */
export function chooseSuites({ only, filter }: { only?: string; filter?: string }): Suite[] {
  const wanted = only?.split(",").map((name) => name.trim()).filter((name) => name !== "");
  const unknown = wanted?.find((name) => !suites.some((suite) => suite.name === name));
  if (unknown !== undefined || wanted?.length === 0) {
    throw new UsageError(unknown === undefined ? "--only names no suite" : `There is no suite "${unknown}"`, {
      hint: `Suites are: ${suites.map((suite) => suite.name).join(", ")}`,
    });
  }
  const whole = suites.find((suite) => suite.whole && wanted?.includes(suite.name));
  if (filter !== undefined && whole !== undefined) {
    throw new UsageError(`--filter picks tests, and the suite "${whole.name}" has none`);
  }
  return suites.filter((one) => wanted?.includes(one.name) ?? true);
}

/** Deno shows each file that is not formatted, with what it would change. */
export async function checkFormat(context: SuiteContext, folder = root): Promise<Counts> {
  const counts = await command(context, ["fmt", "--check"], folder);
  return { ...counts, failures: counts.failures.map((failure) => `${failure}: "./cc-ci fmt" mends it`) };
}

/** A check that passes or fails as a whole. */
async function command(context: SuiteContext, args: string[], cwd = root): Promise<Counts> {
  const result = await deno(context, args, { cwd, timeoutMs: 600_000 });
  return result.success
    ? { passed: 1, failed: 0, failures: [], ignored: [] }
    : { passed: 0, failed: 1, failures: [`deno ${args.join(" ")}`], ignored: [] };
}

/** A `deno test` run; a run that broke before it wrote its report counts as one failure. */
async function tests(context: SuiteContext, name: string, args: string[]): Promise<Counts> {
  const report = `${context.tmp}/${name}.xml`;
  const result = await deno(
    context,
    ["test", "-A", "--no-prompt", `--junit-path=${report}`, ...context.filter, ...args],
    { cwd: root, timeoutMs: 3_600_000, env: { DENO_JOBS: HARNESS_JOBS, ...context.env } },
  );
  return countCases(await Deno.readTextFile(report).catch(() => ""), result);
}

/**
 * Runs this Deno, which ends when the suite is told to stop, and also when this process is killed: the child has a
 * session of its own, so a signal that the terminal sends does not reach it.
 */
async function deno(context: SuiteContext, args: string[], options: ExecOptions): Promise<ExecResult> {
  const { signal, show } = context;
  const result = await exec(["setpriv", "--pdeathsig", "KILL", "--", Deno.execPath(), ...args], {
    ...options,
    onOutput: show,
    signal,
  });
  signal.throwIfAborted();
  return result;
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
