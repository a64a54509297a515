import { exec, type ExecOptions, type ExecResult } from "../common/exec.ts";
import { UsageError } from "../common/errors.ts";
import { parseJUnit } from "../common/junit.ts";
import { plainText } from "../common/plain_text.ts";
import { joinTests } from "./joined_tests.ts";

export interface Counts {
  passed: number;
  failed: number;
  /** Names of the tests that failed, each with the beginning of what it said on lines below it. */
  failures: string[];
  /** Names of the tests that cannot be run here; they say why. */
  ignored: string[];
}

export interface Suite {
  name: string;
  /** What it looks at, for `--help` and the progress line. */
  description: string;
  run(context: SuiteContext): Promise<Counts>;
  /** Docker must hold afterwards what it held before. */
  leavesDockerAsItWas?: true;
  /** Starts our programs from bundles, as hosts do, unless some are named: they are loaded in half of the time. */
  bundled?: true;
  /** Passes or fails as a whole: it has no tests that a filter could pick. */
  whole?: true;
}

export interface SuiteContext {
  /** Folder for reports. */
  tmp: string;
  /** Arguments for `deno test` that pick single tests. */
  filter: string[];
  /** Whether the suite `types` has its turn: it looks at every file, so that tests need not be checked once more. */
  typesChecked: boolean;
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
  "programs",
  "host",
];

/**
 * Each of these files takes care of its own runs only, so that they can go on side by side. They are begun in this
 * order: the longest first, lest one of them goes on alone in the end.
 */
const harnessTests = [
  ...["broken", "faults", "deaths", "limits", "harness"],
  ...["surplus", "floor", "network", "empty_volume", "pull"],
].map((name) => `e2e/${name}_test.ts`);

const format: Suite = {
  name: "format",
  description: "deno fmt --check",
  run: (context) => checkFormat(context),
  whole: true,
};
const lint: Suite = {
  name: "lint",
  description: "deno lint",
  run: (context) => command(context, ["lint", "-q"]),
  whole: true,
};
const types: Suite = {
  name: "types",
  description: "deno check",
  run: (context) => command(context, ["check", "-q", "."]),
  whole: true,
};
const unit: Suite = {
  name: "unit",
  description: "tests beside the source",
  run: async (context) => {
    const joined = await joinTests(unitFolders, { root, into: context.tmp });
    // Some of the tests wait for processes and browsers.
    return apart(context, {
      name: "unit",
      files: [...joined, "e2e/suites_test.ts", "e2e/guard_test.ts"],
      jobs: 3,
    });
  },
};
const pages: Suite = {
  name: "pages",
  description: "the dashboard in a browser, and its API fuzzed from its own description",
  run: (context) => {
    const files = ["fuzz", "pages", "live"].map((what) => `e2e/dashboard_${what}_test.ts`);
    return tests(context, { name: "pages", files, jobs: 2 });
  },
};
const nix = ofOneFile({
  name: "nix",
  description: "what Nix builds of this tree, and what it makes of the modules, without nixpkgs",
});
const demo = ofOneFile({
  name: "demo",
  description:
    "the whole loop from nothing: broken from the sources, and green from bundles, with what a registry has in the place of builds",
});
const installed = ofOneFile({
  name: "installed",
  description: "a run on the Docker Engine that this machine has installed, which may be years old",
  file: "e2e/installed_engine_test.ts",
});
const forge = ofOneFile({
  name: "forge",
  description: "what people can do on a real forge, which is this suite's own",
});
const drone = ofOneFile({
  name: "drone",
  description: "the engine and a real Drone, which is this suite's own: answers lost, runner and server gone",
  file: "e2e/drone_engine_test.ts",
});
const secrets = ofOneFile({
  name: "secrets",
  description: "the secrets of a host by the real sops: made, read by either key, changed, a key lost",
});
const registry = ofOneFile({
  name: "registry",
  description:
    "pulls from a real registry, and from one that answers wrongly, by a Docker Engine of this suite's own",
});
const host: Suite = {
  name: "host",
  description: "the units of a CI host, and its installation, in a Debian of their own that systemd boots",
  run: (context) =>
    tests(context, { name: "host", files: ["e2e/host_test.ts", "e2e/install_test.ts"], jobs: 2 }),
};
const first = ofOneFile({
  name: "first",
  description:
    "from an empty Debian, which systemd boots, to the first green !testme on it, by what docs/install.md says",
  file: "e2e/first_testme_test.ts",
});
const reconcile = ofOneFile({
  name: "reconcile",
  description:
    "the host's own program on Docker Engines of this suite's own: Swarm, proxy, backup bot, and Drone with a real forge",
});
const harness: Suite = {
  name: "harness",
  description: "runs killed at every kind of point, deadlines, full disks, recipes with a mistake",
  // Some files have two runs at a time; more of them only take processor time from each other.
  run: (context) => tests(context, { name: "harness", files: harnessTests, jobs: 2 }),
  bundled: true,
  leavesDockerAsItWas: true,
};
const loop: Suite = {
  name: "loop",
  description: "comments on real pull requests: refusals, restarts, services away, runs as builds of Drone",
  run: (context) => {
    const files = ["check", "inside", "gateway", "loop", "schedule", "drone"].map((what) =>
      `e2e/${what}_test.ts`
    );
    return tests(context, { name: "loop", files });
  },
  bundled: true,
  leavesDockerAsItWas: true,
};
const images: Suite = {
  ...ofOneFile({
    name: "images",
    description: "the local stack with the image of every recipe: what is not there yet is pulled or built",
  }),
  bundled: true,
};
const contract = ofOneFile({
  name: "contract",
  description: "what the harness relies on, asked of the abra in use",
});
const recipes: Suite = {
  name: "recipes",
  description:
    "enrolled recipes up to level 5, each one's pull request in both lanes; a provider of log-ins; an enrolment from a git URL",
  run: (context) => {
    const files = ["recipes", "needs", "enroll"].map((what) => `e2e/${what}_test.ts`);
    return tests(context, { name: "recipes", files });
  },
  bundled: true,
};
const restart = ofOneFile({
  name: "restart",
  description: "Docker itself restarted in the middle of a run",
  file: "e2e/engine_restart_test.ts",
});

/**
 * The batches follow each other. In a batch the lanes go on side by side, and in a lane one suite after the other.
 * A page on its way breaks off when Docker changes the machine's addresses, so nothing that uses Docker goes on beside
 * the suites with browsers of their own; `demo` takes the stack down, `installed` and `restart` all of Docker. Nothing is built beside runs that have a deadline.
 */
const plan: Suite[][][] = [
  [[format, lint, types]],
  [[unit], [pages, nix, secrets]],
  [[demo, installed], [forge, drone], [reconcile, registry], [host, first]],
  [[images]],
  [[harness], [loop, contract], [recipes]],
  [[restart]],
];
export const suites: Suite[] = plan.flat(2);

/** The plan with these suites alone. */
export function planOf(chosen: readonly Suite[]): Suite[][][] {
  return plan
    .map((batch) =>
      batch.map((lane) => lane.filter((suite) => chosen.includes(suite))).filter((lane) => lane.length > 0)
    )
    .filter((batch) => batch.length > 0);
}

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

/** A suite of one file of tests, which by default is called as the suite is. */
function ofOneFile(
  { name, description, file = `e2e/${name}_test.ts` }: Pick<Suite, "name" | "description"> & {
    file?: string;
  },
): Suite {
  return { name, description, run: (context) => tests(context, { name, files: [file] }) };
}

/** A `deno test` run; a run that broke before it wrote its report counts as one failure. */
async function tests(context: SuiteContext, suite: TestFiles): Promise<Counts> {
  const report = `${context.tmp}/${suite.name}.xml`;
  const result = await deno(
    context,
    [...testCall(context, suite), `--junit-path=${report}`, ...suite.files],
    {
      cwd: root,
      timeoutMs: 3_600_000,
      env: { DENO_JOBS: String(suite.jobs ?? 1), ...context.env },
    },
  );
  return countCases(await Deno.readTextFile(report).catch(() => ""), result);
}

/**
 * The same, with a program for each file. Tests that start programs are dear in a program of many files: Linux copies
 * the list of all its memory for each start.
 */
async function apart(context: SuiteContext, { name, files, jobs }: Required<TestFiles>): Promise<Counts> {
  if (!context.typesChecked) {
    const checked = await command(context, ["check", "-q", ...files]);
    if (checked.failed > 0) return checked;
  }
  const counts: Counts[] = [];
  const queue = files.entries();
  await Promise.all(Array.from({ length: jobs }, async () => {
    for (const [at, file] of queue) {
      // With several jobs Deno prints each line as a whole, after the name of its file.
      const one = { name: `${name}-${at}`, files: [file], jobs };
      counts.push(await tests({ ...context, typesChecked: true }, one));
    }
  }));
  // A filter leaves most files without a test.
  const some = counts.filter(({ failures }) => failures.join() !== NO_TEST);
  if (some.length === 0) return { passed: 0, failed: 1, failures: [NO_TEST], ignored: [] };
  const told = context.filter.length > 0 ? some : counts;
  return {
    passed: told.reduce((sum, { passed }) => sum + passed, 0),
    failed: told.reduce((sum, { failed }) => sum + failed, 0),
    failures: told.flatMap(({ failures }) => failures),
    ignored: told.flatMap(({ ignored }) => ignored),
  };
}

interface TestFiles {
  name: string;
  files: string[];
  /** How many of them go on at a time. @default 1 */
  jobs?: number;
}

/** Arguments by which Deno runs these tests, without the files themselves. */
export function testCall(
  { typesChecked, filter }: Pick<SuiteContext, "typesChecked" | "filter">,
  { jobs = 1 }: Pick<TestFiles, "jobs">,
): string[] {
  return [
    ...["test", "-A", "--no-prompt"],
    ...(typesChecked ? ["--no-check"] : []),
    ...(jobs > 1 ? ["--parallel"] : []),
    ...filter,
  ];
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

const NO_TEST = "no test ran";

/** What a run's report shows, together with how the run ended. */
export function countCases(report: string, result: { success: boolean; code: number }): Counts {
  const cases = parseJUnit(report);
  const ignored = cases.filter((one) => one.skipped).map((one) => one.name);
  const failures = cases.flatMap(({ name, failure }) =>
    failure === null ? [] : [`${name}${reason(failure)}`]
  );
  const passed = cases.filter((one) => one.failure === null && !one.skipped).length;
  // A suite that ran nothing has shown nothing, unless each of its tests says why it cannot be run here.
  const ran = passed + ignored.length > 0;
  if (failures.length === 0 && (!result.success || !ran)) {
    failures.push(ran ? `deno test ended with exit code ${result.code}` : NO_TEST);
  }
  return { passed, failed: failures.length, failures, ignored };
}

/** Lines of a failure that stand at the end of all: whoever sees the end of a long output sees why it is red. */
const REASON_LINES = 12;
const REASON_WIDTH = 400;

/** The beginning of what a failed test said, without the places in the code, each line indented. */
function reason(failure: string): string {
  const lines = plainText(failure).split("\n").map((line) => line.trimEnd())
    .filter((line) => line !== "" && !/^\s+at /.test(line));
  return lines.slice(0, REASON_LINES).map((line) => `\n    ${line.slice(0, REASON_WIDTH)}`).join("");
}
