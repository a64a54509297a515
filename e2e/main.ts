import { dirname, join } from "node:path";
import { describeError } from "../common/errors.ts";
import { exists, resolvePath } from "../common/files.ts";
import { formatSeconds } from "../common/time.ts";
import { write, writeError } from "../common/output.ts";
import { exitCodeOf, launcherCommand } from "../local/host/command_line.ts";
import { Interruption, together } from "../local/host/interruption.ts";
import { pathsFromEnvironment } from "../local/host/paths.ts";
import { bundlePrograms } from "../programs/bundle.ts";
import { ownService } from "../local/stack/services.ts";
import { difference, restingInventory } from "./inventory.ts";
import type { Counts, SuiteContext } from "./run_suite.ts";
import { chooseSuites, planOf, type Suite, suites } from "./suites.ts";

/**
 * `./cc-ci test`: every suite in turn, each with its time, and `N passed, N failed` as the last line.
 * @returns the exit code: 0 when nothing failed, 1 otherwise
 */
export async function test(argv: string[]): Promise<number> {
  const options = parseOptions(argv);
  const chosen = chooseSuites(options);
  using interruption = new Interruption();
  const tmp = await ownScratch();
  const tally = new Tally();
  const typesChecked = chosen.some(({ name }) => name === "types");
  const named = options.programs === undefined ? undefined : resolvePath(options.programs);
  let bundles: Promise<string> | undefined;
  const programsOf = async ({ bundled }: Suite) =>
    named ?? (bundled ? await (bundles ??= bundle()) : undefined);
  try {
    for (const batch of planOf(chosen)) {
      const among = batch.length > 1;
      const run = () =>
        together(
          interruption.signal,
          batch.map((lane) => async (signal) => {
            for (const suite of lane) {
              write(`\n── ${suite.name}: ${suite.description}\n`);
              const started = performance.now();
              const programs = await programsOf(suite);
              const settings = { tmp, options, programs, typesChecked, among, signal };
              const counts = await suite.run(contextOf(suite, settings));
              write(`${tally.add(suite, { counts, ms: performance.now() - started })}\n`);
            }
          }),
        );
      const settles = batch.flat().some(({ leavesDockerAsItWas }) => leavesDockerAsItWas);
      if (settles) tally.addCheck(await changeOfInventory(run));
      else await run();
      interruption.signal.throwIfAborted();
    }
  } finally {
    await Deno.remove(tmp, { recursive: true });
  }
  write(tally.text(ownService(pathsFromEnvironment(), "bridge") !== undefined));
  return tally.failed === 0 ? 0 : 1;
}

interface TestOptions {
  only?: string;
  filter?: string;
  faults?: boolean;
  seed?: string;
  programs?: string;
}

function parseOptions(argv: string[]): TestOptions {
  return launcherCommand("test")
    .description("Runs every check and test on the real services.")
    .option("--only <suites>", `run some suites only: ${suites.map((suite) => suite.name).join(",")}`)
    .option(
      "--faults",
      "kill runs at every boundary and run every recipe with a mistake, not samples of them",
    )
    .option("--seed <number>", "draw the same samples again")
    .option("--programs <dir>", 'start our programs from the bundles that "./cc-ci bundle DIR" wrote there')
    .option("--filter <text>", "run only the tests whose name contains this text")
    .addHelpText(
      "after",
      `\nSuites:\n${suites.map((s) => `  ${s.name.padEnd(10)} ${s.description}`).join("\n")}`,
    )
    .parse(argv, { from: "user" })
    .opts<TestOptions>();
}

/** @param settings.among whether other suites print at the same time */
function contextOf(
  suite: Suite,
  settings: {
    tmp: string;
    options: TestOptions;
    programs: string | undefined;
    typesChecked: boolean;
    among: boolean;
    signal: AbortSignal;
  },
): SuiteContext {
  const { tmp, options, programs, typesChecked, among, signal } = settings;
  return {
    tmp,
    signal,
    typesChecked,
    filter: options.filter === undefined ? [] : ["--filter", options.filter],
    env: {
      ...(options.faults ? { CCCI_TEST_FAULTS: "all" } : {}),
      ...(programs === undefined ? {} : { CCCI_PROGRAMS: programs }),
      ...(options.seed === undefined ? {} : { CCCI_TEST_SEED: options.seed }),
    },
    show: among ? linewise(suite.name) : (chunk) => void Deno.stderr.writeSync(chunk),
  };
}

/** What all suites came to. */
export class Tally {
  #passed = 0;
  #failed = 0;
  /** A line for each suite. */
  #table: string[] = [];
  #ignored: string[] = [];
  #failures: string[] = [];

  get failed(): number {
    return this.#failed;
  }

  /** @returns the suite's line of the table */
  add(suite: Suite, { counts, ms }: { counts: Counts; ms: number }): string {
    const sign = counts.failed > 0 ? "✗" : counts.passed > 0 ? "✓" : "–";
    const line = `${sign} ${suite.name.padEnd(10)} ` +
      `${String(counts.passed).padStart(4)} passed ${String(counts.failed).padStart(3)} failed ` +
      `${formatSeconds(ms).padStart(12)}`;
    this.#table.push(line);
    this.#passed += counts.passed;
    this.#failed += counts.failed;
    this.#failures.push(...counts.failures.map((failure) => `${suite.name}: ${failure}`));
    this.#ignored.push(...counts.ignored.map((name) => `${suite.name}: ${name}`));
    return line;
  }

  /** @param problem what a check that is no suite found, or null */
  addCheck(problem: string | null): void {
    if (problem === null) this.#passed += 1;
    else {
      this.#failed += 1;
      this.#failures.push(problem);
    }
  }

  /**
   * What was ignored and what failed, the table, and the counts as the last line.
   * @param up whether a stack is up
   */
  text(up: boolean): string {
    const notes = [
      ...this.#ignored.map((name) => `– ${name}\n`),
      ...this.#failures.map((failure) => `✗ ${failure}\n`),
    ].join("");
    const table = this.#table.join("\n");
    const stack = up ? "The stack stays up for the next tests; `./cc-ci down` takes it down.\n\n" : "";
    return `\n${
      notes === "" ? "" : `${notes}\n`
    }${table}\n\n${stack}${this.#passed} passed, ${this.#failed} failed\n`;
  }
}

/** Bundles this checkout's programs. @returns their folder, which stays there for the stack that stays up */
async function bundle(): Promise<string> {
  const { cache, repo } = pathsFromEnvironment();
  const folder = join(cache, "bundles");
  await bundlePrograms(folder, { repo });
  return folder;
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
    for (const line of lines) writeError(`${name.padEnd(8)} ${line}\n`);
  };
}

if (import.meta.main) Deno.exit(await exitCodeOf(() => test(Deno.args)));
