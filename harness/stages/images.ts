import { formatBytes } from "../../common/bytes.ts";
import { formatSeconds } from "../../common/time.ts";
import type { StageName } from "../../protocol/result.ts";
import { need, type RunContext } from "../checks/context.ts";
import { requireFreeSpace } from "../checks/free_space.ts";
import { type Based, upgradesOf } from "../checks/from_base.ts";
import { isFromPublicHost } from "../confinement/images.ts";
import type { Checked } from "../confinement/engine/mod.ts";
import { imageDefaults, imageExcess } from "../confinement/image_defaults.ts";
import { lastGreenPulls } from "../images/last_green.ts";
import { dockerFolder, type FindLogin, loginsOf } from "../images/login.ts";
import { type Obtained, obtainImages, type Unobtainable } from "../images/obtain.ts";
import { listedName } from "../images/reference.ts";
import { askRetryAfter } from "../images/retry_after.ts";
import { bytesToPull } from "../images/size.ts";
import { fillIn, isPermitted } from "../lint/finding.ts";
import { isToBeHad } from "../images/to_be_had.ts";
import { InfraFailure, type StageContext, StageFailure } from "../run/stage.ts";

/** The parts of a run that this stage reads and fills in. */
export type ImagesRun =
  & Pick<
    RunContext,
    | ("swarm" | "send" | "redactor" | "enrolment" | "obtained" | "movedTags")
    | keyof Based
  >
  & {
    plan: Pick<RunContext["plan"], "settings" | "stages" | "request" | "apps">;
    /** @default the log-ins of whoever runs the harness */
    findLogin?: FindLogin;
  };

/** Milliseconds of the stage's time that are left when pulls are ended, or half of it if that is less. */
const SPARE_MS = 2_000;
/** No recipe's images fill so much. Where less is free, registries are asked first how large they are. */
const AMPLE_BYTES = 10e9;

/**
 * Brings every image that the run is going to deploy onto this machine, and notes which ones they are. Pulling has a
 * time of its own here, so that no deploy waits for it and none fails by a registry's trouble.
 */
export async function imagesStage(run: ImagesRun, ctx: StageContext): Promise<void> {
  const head = imagesOf(need(run.checked.install, "lint"));
  const takesPlace = (stage: StageName) =>
    run.plan.stages.includes(stage) && !run.enrolment.skip.some((one) => one.stage === stage);
  const upgrades = (takesPlace("upgrade") ? upgradesOf(run) : []).flatMap((of) =>
    of.checked.base === null || of.checked.upgrade === null
      ? []
      : [{ of, images: imagesOf(of.checked.base), upgraded: imagesOf(of.checked.upgrade) }]
  );
  const needed = new Set([...head, ...upgrades.flatMap(({ upgraded }) => upgraded)]);
  const all = [...new Set([...needed, ...upgrades.flatMap(({ images }) => images)])];
  const registries = registriesOf(run);
  const spare = await requireFreeSpace(run);
  if (spare !== null && spare < AMPLE_BYTES) {
    const pull = await bytesToPull(run.swarm, all, { ...registries, signal: ctx.signal });
    await requireFreeSpace(run, { pull });
  }
  const began = ctx.clock.elapsed();
  const looked = await obtainImages(run.swarm, all, {
    ...registries,
    log: ctx.log,
    clock: ctx.clock,
    signal: ctx.signal,
    limitMs: Math.max(ctx.remaining() - SPARE_MS, ctx.remaining() / 2),
    askRetryAfter,
    onArrival: ({ reference, id, was }) => {
      const published = upgrades.find(({ images }) => images.includes(reference.image))?.of.base?.version ??
        null;
      run.send({ type: "image", image: { id, was, name: listedName(reference), published } });
    },
  });
  const obtained = looked.filter((one) => one.ok);
  run.obtained.push(...obtained);
  tell(run, { ctx, obtained, ms: ctx.clock.elapsed() - began });
  const failed = looked.filter((one) => !one.ok);
  judge(run, { ctx, failed, needed, upgrades });
  await requireModestImages(run);
  for (const one of upgradesOf(run)) await tellUnneededRepairs(one, ctx);
  await compareWithLastGreen(run, ctx);
}

/** @throws {StageFailure} where images of the head cost the host more than compose files may */
export async function requireModestImages(run: ImagesRun): Promise<void> {
  const looked = await Promise.all(run.obtained.map(async ({ image, id }) => {
    const defaults = await imageDefaults(run.swarm, id);
    return defaults === null ? [] : [[image, defaults] as const];
  }));
  const defaults = new Map(looked.flat());
  const exceptions = run.plan.apps.flatMap((app) => fillIn(run.enrolment.exceptions, app));
  for (const checked of [run.checked.install, ...upgradesOf(run).map(({ checked }) => checked.upgrade)]) {
    const [excess] = checked === null
      ? []
      : imageExcess(checked.model, defaults).filter((one) => !isPermitted(one, exceptions));
    if (excess === undefined) continue;
    throw new StageFailure(excess.message, {
      code: excess.rule,
      detail:
        "The image says so where the recipe does not: state an interval, or a volume, in the compose file",
    });
  }
}

/** Images that a recipe's services run, as it names them. */
function imagesOf({ model }: Checked): string[] {
  const services = Object.values(model.services ?? {}) as { image?: unknown }[];
  return services.flatMap(({ image }) => typeof image === "string" ? [image] : []);
}

function tell(
  run: ImagesRun,
  { ctx, obtained, ms }: { ctx: StageContext; obtained: readonly Obtained[]; ms: number },
): void {
  run.send({ type: "pulls", pulls: obtained.map(({ ok: _, id: __, ...pull }) => pull) });
  const pulled = obtained.filter(({ from }) => from === "registry");
  const here = obtained.length - pulled.length;
  const bytes = pulled.reduce((sum, one) => sum + one.bytes, 0);
  if (pulled.length > 0) {
    ctx.proof(`${count(pulled.length)} from registries, ${formatBytes(bytes)} in ${formatSeconds(ms)}`);
  }
  if (here > 0) ctx.proof(`${count(here)} on this machine`);
  for (const { image, from } of obtained) {
    if (from === "stale") ctx.note(`Nobody could ask whether there is a newer "${image}"`);
  }
}

/**
 * Decides what follows from images that cannot be had. What only the published version has keeps the upgrade from being
 * tried and nothing else, whoever is to blame: a head that leaves a registry which is gone must be testable. An image that
 * `base.repair` puts into that version is the exception, since whoever wrote it can mend it.
 * @throws {StageFailure} for an image that the head names wrongly; as the enrolment's fault for one of an entry of
 *   `base.repair` that applies to the version
 * @throws {InfraFailure} for one of the head's that this host could not get
 */
export function judge(
  run: ImagesRun,
  { ctx, failed, needed, upgrades }: {
    ctx: StageContext;
    failed: readonly Unobtainable[];
    /** Images of the head; others are of the published version alone. */
    needed: ReadonlySet<string>;
    /** The run by each version from which it upgrades, with the images that this has. */
    upgrades: readonly {
      of: Pick<ImagesRun, "base" | "baseObstacle" | "compose" | "overrides">;
      images: readonly string[];
    }[];
  },
): void {
  const ofHead = failed.filter(({ image }) => needed.has(image));
  const wrong = ofHead.filter(({ trouble }) => trouble.whose === "recipe");
  const [first] = wrong;
  if (first !== undefined) {
    throw new StageFailure(`${first.trouble.sentence}${more(wrong)}`, {
      code: `images.${first.trouble.kind}`,
      detail: detailOf(wrong),
    });
  }
  const [host] = ofHead;
  if (host !== undefined) {
    const wait = Math.max(...ofHead.map(({ trouble }) => trouble.retryAfterMs ?? 0));
    if (wait > 0) run.send({ type: "retry-at", at: new Date(ctx.clock.now() + wait).toISOString() });
    throw new InfraFailure(`${host.trouble.sentence}${more(ofHead)}`, { detail: detailOf(ofHead) });
  }
  for (const { of, images } of upgrades) {
    const own = failed.filter(({ image }) => images.includes(image));
    const published = own.find(({ trouble }) => trouble.whose === "recipe") ?? own[0];
    if (published === undefined) continue;
    const version = of.base?.version ?? "";
    const { sentence, whose } = published.trouble;
    const applied = of.overrides.base?.applied ?? [];
    const repair = run.enrolment.base.repair.findIndex(({ image }, at) =>
      image === published.image && applied.includes(`base.repair.${at}`)
    );
    if (repair !== -1 && whose === "recipe") {
      const { recipe } = run.enrolment;
      throw new StageFailure(`recipes/${recipe}/recipe.yml: "base.repair.${repair}.image": ${sentence}`, {
        code: `images.${published.trouble.kind}`,
        fault: "enrolment",
        detail: detailOf([published]),
      });
    }
    const obstacle = whose === "recipe" ? "which does not install" : "whose images are not to be had now";
    of.baseObstacle = `the published version ${version}, ${obstacle}: ${sentence}`;
    of.compose.base = null;
    ctx.note(`${version}: ${sentence}`);
  }
}

/** How registries are asked: as this host is logged in there, which no log shows and no test gets to know. */
function registriesOf(run: Pick<ImagesRun, "redactor" | "findLogin">) {
  return {
    findLogin: run.findLogin ?? loginsOf(dockerFolder()),
    hide: (secret: string) => run.redactor.addOfHost(secret),
  };
}

/** Notes images of the published version that `recipe.yml` replaces although they are to be had. */
export async function tellUnneededRepairs(
  run: Pick<ImagesRun, "swarm" | "overrides" | "base" | "redactor" | "findLogin">,
  ctx: Pick<StageContext, "note" | "signal">,
): Promise<void> {
  const registries = registriesOf(run);
  for (const { service, image } of run.overrides.base?.repaired ?? []) {
    // No rule has looked at it, since it is not deployed.
    if (!await isFromPublicHost(image)) continue;
    if (!await isToBeHad(run.swarm, image, { ...registries, signal: ctx.signal })) continue;
    const version = run.base?.version ?? "";
    ctx.note(`Stale in recipe.yml: base.repair of service "${service}": "${image}" of ${version} can be had`);
  }
}

/** Notes tags that have come to mean something else. If a stage fails later, that is a likely cause. */
async function compareWithLastGreen(run: ImagesRun, ctx: StageContext): Promise<void> {
  const asked = run.obtained.filter(({ digest }) => digest !== null);
  if (asked.length === 0) return;
  const { recipe, run: name } = run.plan.request;
  const before = await lastGreenPulls(run.plan.settings.RUNS, { recipe, except: name });
  for (const { image, digest } of asked) {
    const was = before?.pulls.find((one) => one.image === image)?.digest ?? null;
    if (before === null || was === null || was === digest) continue;
    const text = `"${image}" is not what it was in the last run that passed, ${before.run}`;
    run.movedTags.push(text);
    ctx.note(text);
    ctx.log(`${text}: ${digest}, then ${was}`);
  }
}

function count(images: number): string {
  return `${images} image${images === 1 ? "" : "s"}`;
}

function more(failed: readonly Unobtainable[]): string {
  return failed.length > 1 ? ` (and ${failed.length - 1} more)` : "";
}

function detailOf(failed: readonly Unobtainable[]): string {
  return failed.map(({ image, trouble }) => `${image}: ${trouble.said}`).join("\n");
}
