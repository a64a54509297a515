import { exec, type ExecOptions, type ExecResult } from "../common/exec.ts";
import { parseJUnit } from "../common/junit.ts";
import { plainText } from "../common/plain_text.ts";

export interface Counts {
  passed: number;
  failed: number;
  /** Names of the tests that failed, each with the beginning of what it said on lines below it. */
  failures: string[];
  /** Names of the tests that cannot be run here; they say why. */
  ignored: string[];
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

/** The checkout whose tests these are. */
export const root = new URL("..", import.meta.url).pathname;

/** Deno shows each file that is not formatted, with what it would change. */
export async function checkFormat(context: SuiteContext, folder = root): Promise<Counts> {
  const counts = await command(context, ["fmt", "--check"], folder);
  return { ...counts, failures: counts.failures.map((failure) => `${failure}: "./cc-ci fmt" mends it`) };
}

/** A check that passes or fails as a whole. */
export async function command(context: SuiteContext, args: string[], cwd = root): Promise<Counts> {
  const result = await deno(context, args, { cwd, timeoutMs: 600_000 });
  return result.success
    ? { passed: 1, failed: 0, failures: [], ignored: [] }
    : { passed: 0, failed: 1, failures: [`deno ${args.join(" ")}`], ignored: [] };
}

/** A `deno test` run; a run that broke before it wrote its report counts as one failure. */
export async function tests(context: SuiteContext, suite: TestFiles): Promise<Counts> {
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
export async function apart(
  context: SuiteContext,
  { name, files, jobs }: Required<TestFiles>,
): Promise<Counts> {
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
