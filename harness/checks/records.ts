import type { App } from "../app/app.ts";
import { type StageContext, StageFailure } from "../run/stage.ts";
import type { RunContext } from "./context.ts";
import { howEnded, isUnrunnable, type Loss, readCommand, SeedMistake, shell } from "./data.ts";
import { RepeatedLog } from "./repeated_log.ts";
import { runStep, stepFile } from "./run_tests.ts";
import { stepFailure } from "./set_up.ts";

/** Milliseconds after an update or a restore within which an app must show a record again. */
const READ_WITHIN_MS = 20_000;
const READ_EVERY_MS = 500;
/** Milliseconds after which nobody waits for `read.ts` any more. */
const READ_STEP_MS = 120_000;

/** What of an app's data the enrolment can look for. */
export interface DataRecord {
  /** What it is, and where: `record "m4rk" in service db`. */
  what: string;
  /** How it is read: a command, or a file. */
  by: string;
  /** Whether it may have been there before anything was written. */
  lasting: boolean;
  /** Reads it once. @throws {SeedMistake} when nobody can say what is not in it */
  look(log: (line: string) => void): Promise<Look>;
}

/** What one look for a record came to. */
interface Look {
  found: boolean;
  /** Whether it did not end. */
  late: boolean;
  /** Whether there was nothing to run, which says nothing of the data. */
  unrunnable?: boolean;
  said: string;
}

/** The app whose data it is, and the stage that asks. */
export interface Asked {
  app: App;
  ctx: StageContext;
  /** Milliseconds that a command may take. @default 60000 */
  commandMs?: number;
}

/** What the enrolment's `data.read` and `read.ts` read. */
export async function recordsOf(run: RunContext, { app, ctx, commandMs }: Asked): Promise<DataRecord[]> {
  const { enrolment, marker } = run;
  const limit = commandMs === undefined ? {} : { commandMs };
  const records = enrolment.data.read.map((read): DataRecord => {
    const wanted = (read.expect ?? "$MARKER").replaceAll("$MARKER", marker);
    return {
      what: `record "${wanted}" in service ${read.service}`,
      by: `\`${read.command}\` in service "${read.service}"`,
      lasting: !(read.expect ?? "$MARKER").includes("$MARKER"),
      look: (log) => readCommand(app, { read, wanted, marker, ctx, log, ...limit }),
    };
  });
  if (await stepFile(enrolment, "read") === null) return records;
  return [...records, {
    what: `record "${marker}" by read.ts`,
    by: "read.ts",
    lasting: false,
    look: async (log) => {
      const ran = await runStep(run, { app, ctx, step: "read", log, most: READ_STEP_MS });
      const { ok, problem, failures, cause } = ran?.outcome ?? {};
      const late = problem === "timeout";
      if (ran !== null && problem !== null && !late) throw stepFailure(ran);
      return { found: ok === true, late, said: failures?.[0]?.message ?? cause ?? "found" };
    },
  }];
}

/**
 * Writes the run's data, by the enrolment's `data.seed` and `seed.ts`, and reads it before and afterwards: a read that
 * finds the marker before it was written, or does not find it at once, proves nothing of an upgrade or a restore.
 * @throws {StageFailure} when a command ends with another exit code than 0; as the enrolment's fault when it cannot be
 * run at all, when `seed.ts` fails, or when anything does not end although the app is well
 * @throws {SeedMistake} when writing and reading do not belong together: the enrolment is wrong then, and not the recipe
 */
export async function seed(run: RunContext, asked: Asked): Promise<void> {
  const { app, ctx, commandMs } = asked;
  const { enrolment, marker } = run;
  const limit = commandMs === undefined ? {} : { commandMs };
  const [records, file] = await Promise.all([recordsOf(run, asked), stepFile(enrolment, "seed")]);
  const writes = file !== null || enrolment.data.seed.length > 0;
  const where = file === null && !records.some(({ by }) => by === "read.ts")
    ? "recipe.yml"
    : `recipes/${enrolment.recipe}`;
  for (const record of writes ? records.filter(({ lasting }) => !lasting) : []) {
    const { found, late, said } = await record.look((line) => ctx.log(line));
    if (late) {
      throw await hanging(asked, { what: `${where}: read does not end`, detail: `${record.by}: ${said}` });
    }
    if (!found) continue;
    throw new SeedMistake(`${where}: read finds the marker before seed has written it`, {
      detail: `${record.by} said: ${said}`,
    });
  }
  for (const { service, command } of enrolment.data.seed) {
    const result = await shell(app, { service, command, marker, ctx, ...limit });
    if (result.code === 0) continue;
    if (result.code === null) {
      const what = `${where}: seed in service "${service}" does not end`;
      throw await hanging(asked, { what, detail: `\`${command}\` ${howEnded(result)}` });
    }
    if (isUnrunnable(result)) {
      const what = `${where}: seed in service "${service}" cannot be run there`;
      throw notRunnable(what, `\`${command}\` ${howEnded(result)}`);
    }
    throw new StageFailure(`Could not write data into service "${service}"`, {
      detail: `\`${command}\` ${howEnded(result)}`,
    });
  }
  const ran = await runStep(run, { app, ctx, step: "seed" });
  if (ran !== null && !ran.outcome.ok) {
    await app.stayedUp(ctx);
    await app.answers(ctx);
    throw stepFailure(ran);
  }
  const losses = await readRecords(records, { ctx });
  if (losses.length === 0) return;
  throw new SeedMistake(
    writes
      ? `${where}: seed wrote nothing that read finds`
      : `${where}: read finds nothing before anything happened`,
    { detail: losses.map(({ what, said }) => `Read ${what} back at once: ${said}`).join("\n") },
  );
}

/** A command that the container has not got is the enrolment's mistake, whichever version lacks it. */
function notRunnable(what: string, detail: string): StageFailure {
  return new StageFailure(what, { code: "data.command", fault: "enrolment", detail });
}

/** What it means that writing or reading does not end: the app's own trouble is told in its place, if it has any. */
async function hanging(
  { app, ctx }: Asked,
  { what, detail }: { what: string; detail: string },
): Promise<StageFailure> {
  await app.stayedUp(ctx);
  await app.answers(ctx);
  return new StageFailure(what, { code: "seed.hangs", fault: "enrolment", detail });
}

/**
 * Looks for each of the records until it is found, or its time is over.
 * @param seen.lost what is known to be lost already
 * @param seen.ranHere whether this very version of the app has run the commands that read: one that cannot be run any
 * more has lost what it needs, and is no mistake of the enrolment @default false
 * @returns that, and those that were not found
 * @throws {StageFailure} as the enrolment's mistake where a command that reads cannot be run, and nothing is lost
 */
export async function readRecords(
  records: readonly DataRecord[],
  { ctx, lost = [], ranHere = false }: { ctx: StageContext; lost?: readonly Loss[]; ranHere?: boolean },
): Promise<Loss[]> {
  const losses = [...lost];
  const mistakes: StageFailure[] = [];
  for (const record of records) {
    const end = ctx.clock.elapsed() + READ_WITHIN_MS;
    const tries = new RepeatedLog((line) => ctx.log(line));
    while (true) {
      const lines: string[] = [];
      const { found, unrunnable, said } = await record.look((line) => void lines.push(line))
        .finally(() => tries.add(lines));
      if (found) break;
      if (ctx.clock.elapsed() > end) {
        if (unrunnable && !ranHere) {
          mistakes.push(notRunnable(`recipe.yml: read cannot be run: ${record.by}`, said));
        } else losses.push({ what: record.what, volume: null, now: [], said });
        break;
      }
      await ctx.clock.sleep(READ_EVERY_MS, ctx.signal);
    }
    tries.end();
  }
  const [mistake] = mistakes;
  if (mistake !== undefined && losses.length === 0) throw mistake; // what is lost weighs more
  return losses;
}
