import assert from "node:assert/strict";
import { join } from "node:path";
import { formatSeconds, waitFor } from "../common/time.ts";
import { FileLock } from "../common/file_lock.ts";
import { RunFolder } from "../harness/run/folder.ts";
import { findProcesses } from "../local/host/process.ts";
import type { Stack } from "../local/stack/stack.ts";
import { type Boundary, chooseFaults, endings, type Fault, parseBoundaries } from "./faults.ts";
import { sampleSize, SEED } from "./draw.ts";
import { makeRecipe } from "./fixture_recipe.ts";
import { HarnessRun, runRecipe } from "./harness_cli.ts";
import { objectsOf } from "./inventory.ts";
import { onTheStack } from "./on_the_stack.ts";
import { deployWitness } from "./witness.ts";

/** Runs at a time: a run waits most of the time. */
const SIDE_BY_SIDE = 2;
/** What a dead run may take to be gone. */
const CLEAN_MS = 60_000;
const SAMPLE = 6;

interface Row {
  fault: Fault;
  /** Whether the run came to the boundary at all. */
  reached: boolean;
  result: string;
  /** Why the result is what it is, in the run's own words. */
  cause: string | null;
  /** Milliseconds from the kill until the run folder says that nothing is left. */
  cleanMs: number;
  /** What Docker held of the run after that. */
  leftovers: string[];
  /** Result of the next run in the same folder. */
  next: string;
  /** What is not as it should be; empty: all of it is. */
  wrong: string[];
}

onTheStack(
  "a run of which a process is killed, wherever that is, has a result and leaves nothing",
  async ({ stack, folder }) => {
    await using _witness = await deployWitness();
    const recipe = await makeRecipe(join(folder, "quick"));
    const boundaries = await listBoundaries(stack, { recipe, runs: join(folder, "listing") });
    const count = sampleSize({ all: boundaries.length, sample: SAMPLE });
    const faults = chooseFaults(boundaries, { seed: SEED, count });
    say(`${boundaries.length} boundaries; ${faults.length} kills, drawn with CCCI_TEST_SEED=${SEED}\n`);
    const rows: Row[] = [];
    const waiting = faults.entries();
    await Promise.all(Array.from({ length: SIDE_BY_SIDE }, async () => {
      for (const [number, fault] of waiting) {
        const runs = join(folder, `kill-${number}`);
        let row = await attempt(fault, { stack, recipe, runs });
        // Nobody was killed in a run that ended before its time; it still had to leave nothing behind.
        if (!row.reached && row.wrong.length === 0) {
          say(`${nameOf(fault)}: ${row.result} before it got there (${row.cause}), once more\n`);
          row = await attempt(fault, { stack, recipe, runs: `${runs}-again` });
          if (!row.reached) row.wrong.push(`the run never got there: ${row.cause}`);
        }
        rows.push(row);
        say(line(row));
      }
    }));
    say(
      `\n  ${HEADER}\n${
        rows.toSorted((a, b) => a.fault.boundary.at - b.fault.boundary.at).map(line).join("")
      }`,
    );
    const wrong = rows.flatMap(({ fault, wrong }) => wrong.map((one) => `${nameOf(fault)}: ${one}`));
    assert.deepEqual(wrong, [], `With CCCI_TEST_SEED=${SEED}`);
    const last = await runRecipe(stack, { runs: join(folder, "kill-0"), args: [recipe] });
    assert.equal(last.code, 0, last.stderr);
  },
);

/** Where a run can be cut off, by the code's own account. */
async function listBoundaries(
  stack: Stack,
  { recipe, runs }: { recipe: string; runs: string },
): Promise<Boundary[]> {
  const env = { CCCI_LANES: "2", CCCI_FAULTS_LIST: "1" };
  await using run = new HarnessRun(stack, { runs, args: [recipe], env });
  const ended = await run.ended;
  const boundaries = await boundariesOf(await run.folder());
  assert.ok(boundaries.length >= 40, `Only ${boundaries.length} boundaries\n${ended.stderr}`);
  return boundaries;
}

async function boundariesOf(folder: string): Promise<Boundary[]> {
  return parseBoundaries(await Deno.readTextFile(join(folder, "boundaries.txt")).catch(() => ""));
}

async function attempt(
  fault: Fault,
  setting: { stack: Stack; recipe: string; runs: string },
): Promise<Row> {
  const row: Row = {
    fault,
    reached: false,
    result: "none",
    cause: null,
    cleanMs: NaN,
    leftovers: [],
    next: "none",
    wrong: [],
  };
  try {
    await kill(row, setting);
  } catch (error) {
    row.wrong.push(error instanceof Error ? error.message : String(error));
  }
  return row;
}

async function kill(row: Row, setting: { stack: Stack; recipe: string; runs: string }): Promise<void> {
  const { fault, wrong } = row;
  const { stack, recipe, runs } = setting;
  const { victim, boundary } = fault;
  const env = { CCCI_LANES: "2", CCCI_FAULTS_LIST: "1", CCCI_FAULT: `${victim}:${boundary.name}` };
  let path: string;
  {
    await using run = new HarnessRun(stack, { runs, args: [recipe], env });
    path = await run.folder();
    await run.ended;
  }
  const folder = new RunFolder(path);
  await processesGone(path);
  const killedAt = (await boundariesOf(path)).find((one) => one.name === boundary.name)?.at;
  row.reached = killedAt !== undefined;
  row.leftovers = await objectsOf(path);

  const next = await runRecipe(stack, { runs, args: [recipe, "--only", "lint"] });
  row.next = next.result?.result ?? `exit code ${next.code}`;
  if (row.next !== "passed") wrong.push(`the next run: ${row.next}\n${next.stderr}`);
  row.leftovers.push(...await objectsOf(path));
  if (row.leftovers.length > 0) wrong.push(`left over: ${row.leftovers.join(", ")}`);
  if (await folder.state() !== "clean") wrong.push("the run folder does not say that nothing is left");

  const cleanAt = (await Deno.stat(join(path, "state")).catch(() => null))?.mtime?.getTime();
  row.cleanMs = Math.max(0, (cleanAt ?? NaN) - (killedAt ?? NaN));
  if (row.cleanMs > CLEAN_MS) wrong.push(`clean after ${formatSeconds(row.cleanMs)}`);
  const result = JSON.parse(await Deno.readTextFile(folder.result));
  row.result = result.result;
  row.cause = result.cause;
  if (row.reached && !endings(fault).some((one) => one === result.result)) {
    wrong.push(`the result is ${result.result}: ${result.cause}`);
  }
  if (result.leftovers.length > 0) wrong.push(`the result names leftovers: ${result.leftovers.join(", ")}`);
}

/** Waits until no process of the run lives and its lock is free. */
async function processesGone(path: string): Promise<void> {
  await waitFor(() => findProcesses((argv) => argv.includes(path)).length === 0, {
    what: "the run's processes to end",
    timeoutMs: CLEAN_MS + 15_000,
  });
  using lock = await FileLock.take(new RunFolder(path).lock);
  assert.notEqual(lock, null, "the run's lock is free");
}

function nameOf({ victim, boundary }: Fault): string {
  return `${victim} killed at "${boundary.name}"`;
}

const HEADER = ["boundary".padEnd(40), "killed ", "result    ", "seconds".padEnd(16), "left  ", "next run"]
  .join(" ");

function line(row: Row): string {
  const { fault, result, cleanMs, leftovers, next, wrong } = row;
  const mark = wrong.length === 0 ? "✓" : "✗";
  const { victim, boundary } = fault;
  const columns = [
    boundary.name.padEnd(40),
    victim.padEnd(7),
    result.padEnd(10),
    `clean ${Number.isNaN(cleanMs) ? "never" : formatSeconds(cleanMs)}`.padEnd(16),
    `${leftovers.length} left`,
    `next ${next}`,
  ];
  return `${mark} ${columns.join(" ")}${wrong.length === 0 ? "" : `  ${wrong.join("; ").split("\n")[0]}`}\n`;
}

function say(text: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(text));
}
