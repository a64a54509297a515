import { createHash } from "node:crypto";
import { join, relative } from "node:path";
import type { Clock } from "../../common/time.ts";
import type { Enrolment } from "../../enrolment/enrolment.ts";
import type { App } from "../app/app.ts";
import type { RunContext } from "../checks/context.ts";
import { settledEnrolment } from "../checks/settled_enrolment.ts";
import type { PlannedProvider } from "../run/folder.ts";
import type { Redactor } from "../run/redact.ts";
import type { Settings } from "../run/settings.ts";
import { type StageContext, StageFailure } from "../run/stage.ts";
import { noteWarm, readWarm, type Visit, type WarmProvider } from "../run/warm.ts";

/** Milliseconds within which a provider that was left up has to show that it is well. */
const AWAKE_WITHIN_MS = 60_000;

/** What a provider that may be there already has to be. */
export interface Sought {
  planned: PlannedProvider;
  /** As it is written, without the values that a run makes up. */
  enrolment: Enrolment;
  /** Commit of the published version. */
  commit: string;
  settings: Pick<Settings, "RUNS" | "JANITOR_MAX_AGE">;
}

/**
 * The provider as an earlier run has left it up; null where none is, where it is of another version or enrolment, or
 * where it is so old that the janitor takes it for nobody's.
 */
export async function leftWarm(sought: Sought, clock: Pick<Clock, "now">): Promise<WarmProvider | null> {
  const { planned, enrolment, commit, settings: { RUNS, JANITOR_MAX_AGE } } = sought;
  const left = await readWarm(RUNS, planned);
  if (left === null || left.commit !== commit || left.enrolment !== await digestOf(enrolment)) return null;
  return clock.now() - left.deployedAt < 1000 * JANITOR_MAX_AGE ? left : null;
}

/**
 * The enrolment with the values with which the provider was deployed. Nobody sees those that are secret, as in the run
 * that deployed it, nor what it has handed on.
 * @returns also a sentence for each that is too short to be taken out of logs
 */
export async function asItWasMade(
  enrolment: Enrolment,
  { left, redactor }: { left: WarmProvider; redactor: Redactor },
): Promise<{ enrolment: Enrolment; notes: string[] }> {
  const { values: { secrets, env } } = left;
  const handed = [left, ...left.visits].flatMap(({ handed }) => Object.values(handed))
    .flatMap(({ value, secret }) => secret ? [value] : []);
  for (const value of [...Object.values(left.secrets), ...handed]) redactor.add(value);
  const settings = Object.entries(enrolment.env)
    .map(([name, setting]) => [name, { ...setting, value: env[name] ?? setting.value }]);
  return await settledEnrolment({
    ...enrolment,
    secrets: Object.fromEntries(Object.entries(secrets).map(([name, value]) => [name, { value }])),
    env: Object.fromEntries(settings),
  }, redactor);
}

/**
 * Takes over the app that an earlier run has left up.
 * @throws {StageFailure} where it is gone, is not what was checked, or does not answer
 */
export async function wakeUp(
  app: App,
  { left, checked, ctx }: {
    left: WarmProvider;
    checked: NonNullable<RunContext["checked"]["install"]>;
    ctx: StageContext;
  },
): Promise<void> {
  if ((await app.swarm.services(app.stack)).length === 0) throw new StageFailure("Nothing of it is there");
  const end = ctx.clock.elapsed() + AWAKE_WITHIN_MS;
  const soon = { ...ctx, remaining: () => Math.min(ctx.remaining(), end - ctx.clock.elapsed()) };
  await app.takeOver(ctx, { ...left, checked });
  await app.converge(soon);
  await app.answers(soon);
}

/** Notes for later runs how a provider was made that is well, before it is set up for anybody. */
export async function leaveWarm(
  app: Pick<App, "secrets" | "handed" | "deployedAt">,
  { planned, enrolment, commit, settings, settled }: Sought & {
    /** The enrolment with the values that were made up. */
    settled: Enrolment;
  },
): Promise<void> {
  const valueOf = ([name, { value = "" }]: [string, { value?: string | undefined }]) =>
    [name, value] as const;
  await noteWarm(settings.RUNS, planned, {
    stack: planned.stack,
    commit,
    enrolment: await digestOf(enrolment),
    deployedAt: app.deployedAt,
    values: {
      secrets: Object.fromEntries(Object.entries(settled.secrets).map(valueOf)),
      env: Object.fromEntries(Object.entries(settled.env).map(valueOf)),
    },
    secrets: { ...app.secrets },
    handed: { ...app.handed },
    visits: [],
  });
}

/**
 * Has a provider that stays up set up for this run, by a file that is told what it has made there in earlier runs, of
 * which none goes on any more: one run at a time works in a folder of runs. Once the set-up has ended well that counts as
 * removed; until then it is told of all of it again, also of what it had removed before it died. What it makes for this
 * run is noted for the next one, and that it was begun, since the run may die meanwhile.
 */
export async function visitWarm(
  { planned, settings }: Pick<Sought, "planned" | "settings">,
  { recipe, neededBy, app, setUp }: Omit<Visit, "handed"> & {
    app: Pick<App, "handed">;
    setUp: (orphans: readonly Visit[]) => Promise<void>;
  },
): Promise<void> {
  const left = await readWarm(settings.RUNS, planned);
  if (left === null) return await setUp([]);
  const orphans = left.visits.filter((one) => one.recipe === recipe);
  const others = left.visits.filter((one) => one.recipe !== recipe);
  const note = (visits: Visit[]) => noteWarm(settings.RUNS, planned, { ...left, visits });
  await note([...left.visits, { recipe, neededBy, handed: {} }]);
  const before = { ...app.handed };
  await setUp(orphans);
  const handed = Object.entries(app.handed).filter(([name, value]) => before[name] !== value);
  await note([...others, { recipe, neededBy, handed: Object.fromEntries(handed) }]);
}

/** Tells enrolments apart by all of their files, those included to which links lead. */
async function digestOf({ folder }: Enrolment): Promise<string> {
  const hash = createHash("sha256");
  const paths = folder === null ? [] : (await Array.fromAsync(filesBelow(folder))).sort();
  for (const path of paths) {
    const content = await Deno.readFile(path);
    hash.update(JSON.stringify([relative(folder ?? "", path), content.length])).update(content);
  }
  return hash.digest("hex");
}

/** @param above real paths of the folders on the way there, since a link may lead back to one */
async function* filesBelow(folder: string, above: readonly string[] = []): AsyncGenerator<string> {
  const real = await Deno.realPath(folder);
  if (above.includes(real)) return;
  for await (const { name } of Deno.readDir(folder)) {
    const path = join(folder, name);
    const there = await Deno.stat(path).catch(() => null); // a link may lead nowhere
    if (there?.isDirectory) yield* filesBelow(path, [...above, real]);
    else if (there?.isFile) yield path;
  }
}
