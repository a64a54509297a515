import { waitFor } from "../../common/time.ts";
import type { App } from "../app/app.ts";
import { lookAtPage, type PageLook, tellLook } from "../checks/front_page.ts";
import { runEnrolledTest } from "../checks/run_tests.ts";
import { protectedVolumes } from "../recipe/backup_labels.ts";
import type { Compose } from "../recipe/compose.ts";
import { readMarkers, writeMarkers, type Written } from "../checks/data.ts";
import { readRecords, recordsOf, seed } from "../checks/records.ts";
import { setUp } from "../checks/set_up.ts";
import { roomToDeploy } from "../checks/free_space.ts";
import {
  type EngineHabits,
  imposedByInstall,
  imposedByUpgrade,
  noteImposed,
  stopGrace,
} from "../checks/imposed_waits.ts";
import { needBase } from "../checks/need_base.ts";
import { explainLoss } from "../checks/explain_data_loss.ts";
import { reportImages } from "../checks/resources.ts";
import { headName, need, type RunContext } from "../checks/context.ts";
import { StageBlocked, type StageContext, StageFailure, StageSkipped } from "../run/stage.ts";
import type { Snapshot } from "../swarm/stack_state.ts";
import { takeSnapshot } from "../swarm/snapshot.ts";
import { compareLooks, pictureBefore } from "../checks/compare_page.ts";
import { unkeptData, whyNothingKept } from "../checks/unkept_data.ts";
import { countWarnings } from "../checks/log_warnings.ts";

/**
 * The proxy sends each request to the next of the containers that it knows. After so many good answers one after the
 * other, a request has gone to every container, so that the proxy knows none that is gone.
 */
const EVERY_WAY = 3;

/**
 * Upgrades an app from the published version to the head, as people do who use that version. Their data has to survive
 * it.
 */
export async function upgradeStage(run: RunContext, ctx: StageContext): Promise<void> {
  const { base } = run;
  if (base === null) {
    throw new StageSkipped(
      need(run.repo, "fetch").published.length === 0
        ? "never published"
        : "no published version comes before it",
    );
  }
  const head = need(run.compose.head, "lint");
  if (run.compose.base === null) throw new StageBlocked(run.baseObstacle ?? "lint");
  await run.providers(ctx);
  const composes = { base: run.compose.base, head };
  const checked = { base: need(run.checked.base, "lint"), head: need(run.checked.upgrade, "lint") };
  const app = run.app("upgrade");

  ctx.log(`Installing ${base.version}`);
  const install = async () => {
    await app.create(ctx, base);
    await roomToDeploy(run);
    const began = ctx.clock.elapsed();
    await app.deploy(ctx, { at: base, checked: checked.base });
    run.browser().catch(() => {}); // it starts while the app does; who uses it later gets its error
    await app.converge(ctx);
    await app.runPostCommands(ctx, "POST_DEPLOY_CMDS");
    await app.runOwnCommands(ctx);
    const imposed = (habits: EngineHabits) => imposedByInstall(composes.base, habits);
    await noteImposed(run, { lane: "upgrade", began, now: ctx.clock.elapsed(), imposed });
    await app.answers(ctx);
    await setUp(run, { app, ctx });
  };
  const { version } = base;
  await needBase({ version, trouble: "which does not install", ctx }, install);
  // While the data is written. A result has room for one such pair of pictures.
  const pictured = run.pictures === "" ? pictureBefore(run, { app, ctx }) : Promise.resolve();
  const places = protectedVolumes(composes.base, app.stack).map((volume) => ({ volume, folder: "" }));
  const written = await writeMarkers(app, { places, marker: run.marker, ctx });
  await needBase(
    { version, trouble: "which takes no data", ctx },
    () => seed(run, { app, ctx }),
  );

  const [added] = await Promise.all([app.adoptNewSettings(ctx), pictured]);
  if (added.length > 0) ctx.note(`New in .env.sample, taken over for the upgrade: ${added.join(", ")}`);
  ctx.log(`Upgrading to ${headName(run)}`);
  const began = ctx.clock.elapsed();
  await app.deploy(ctx, { at: "head", checked: checked.head });
  const { snapshot, currentSince } = await app.converge(ctx);
  await app.runPostCommands(ctx, "POST_UPGRADE_CMDS");
  const convergedAt = ctx.clock.elapsed();
  const stopped = slowStop(snapshot, composes.base);
  const imposed = (habits: EngineHabits) => imposedByUpgrade(composes.base, head, habits) + stopped;
  await noteImposed(run, { lane: "upgrade", began, now: ctx.clock.elapsed(), imposed });
  await verifyVersion(run, { app, ctx });
  ctx.proof(`${base.version} → ${headName(run)}`);
  await reportImages(run, app.stack);
  const gone = oldTasksGone(run, { app, ctx });
  gone.catch(() => {}); // awaited below
  await app.takenUp(ctx, { currentSince, gone });
  await app.answers(ctx, { times: EVERY_WAY });

  // The page is looked at while old containers use up their stop grace. The data is read after they are gone.
  const looked = look(run, { app, ctx })
    .then((seen) => ({ seen }), (error: unknown) => ({ error }));
  await gone;
  const stoppedLate = slowStop(await takeSnapshot(run.swarm, app.stack), composes.base) - stopped;
  run.imposed.upgrade += Math.min(stoppedLate, Math.round((ctx.clock.elapsed() - convergedAt) / 1000));
  await app.answers(ctx, { times: EVERY_WAY });
  await readBack(run, { app, ctx, written, composes });
  const first = await looked;
  if ("error" in first) throw first.error;
  const sound = first.seen.failure === null && first.seen.blemishes.length === 0;
  if (!sound) ctx.log("Looking at the page again: the proxy may still have known an old container");
  tellLook(sound ? first.seen : await look(run, { app, ctx }), ctx);
  await runEnrolledTest(run, { app, ctx, kind: "upgrade" });
  await countWarnings(run, { app, ctx });
}

/** Looks at the upgraded page, and compares it with the published version's. */
async function look(run: RunContext, visit: { app: App; ctx: StageContext }): Promise<PageLook> {
  const seen = await lookAtPage(run, visit);
  if (seen.screenshot !== null && run.pictures === "") {
    await compareLooks(run, { after: seen.screenshot, ctx: visit.ctx });
  }
  return seen;
}

/**
 * Waits until the old version's containers have ended. With `order: start-first` they live on for their stop grace, and
 * what is read from one of them does not prove that the new container has the data.
 */
async function oldTasksGone(run: RunContext, { app, ctx }: { app: App; ctx: StageContext }): Promise<void> {
  await waitFor(async () => {
    const wanted = new Set(
      (await run.swarm.tasks(app.stack)).filter((task) => task.DesiredState === "running").map((task) =>
        task.ID
      ),
    );
    const running = (await run.swarm.containers(app.stack)).filter((one) => one.State === "running");
    return running.every((one) => wanted.has(one.Labels["com.docker.swarm.task.id"] ?? ""));
  }, {
    what: "the old version's containers to end",
    timeoutMs: ctx.remaining(),
    clock: ctx.clock,
    signal: ctx.signal,
  });
}

/**
 * Checks which commit runs: abra stamps the commit that it deployed on service `app`, and a rollback by Swarm would
 * bring the old stamp back.
 */
async function verifyVersion(run: RunContext, visit: { app: App; ctx: StageContext }): Promise<void> {
  const { app, ctx } = visit;
  const services = await run.swarm.services(app.stack);
  const stamped = services.find((one) => one.Spec.Name === `${app.stack}_app`);
  const label = stamped?.Spec.Labels[`coop-cloud.${app.stack}.chaos-version`] ?? "";
  const commit = label.replace(/\+U$/, "");
  const head = need(run.repo, "fetch").head;
  if (commit.length < 7 || !head.startsWith(commit)) {
    throw new StageFailure(
      stamped === undefined
        ? 'There is no service "app", so abra cannot say which version runs'
        : `After the upgrade service "app" runs ${label === "" ? "a version without a stamp" : label}, not ${
          headName(run)
        }`,
      { code: "upgrade.version" },
    );
  }
  ctx.log(`Service app is stamped chaos-version=${label}`);
}

async function readBack(
  run: RunContext,
  expected: { app: App; ctx: StageContext; written: Written[]; composes: { base: Compose; head: Compose } },
): Promise<void> {
  const { app, ctx, written, composes } = expected;
  const { marker } = run;
  const records = await recordsOf(run, { app, ctx });
  const strict = records.length === 0;
  const lost = await readMarkers(app, { written, marker, ctx, strict });
  const losses = await readRecords(records, { ctx, lost });
  if (losses.length > 0) {
    throw new StageFailure("data written before the upgrade is gone", {
      code: "upgrade.data",
      detail: explainLoss(losses, {
        ...composes,
        stack: app.stack,
        from: run.base?.version ?? "",
        to: headName(run),
      }),
    });
  }
  if (written.length > 0) ctx.proof(`${count(written.length, "volume")} kept`);
  if (records.length > 0) ctx.proof(`${count(records.length, "record")} read back`);
  if (written.length + records.length === 0) {
    ctx.note(whyNothingKept(composes.base, { stack: app.stack, unkept: await unkeptData(app) }));
  }
}

/** Seconds that containers of the old version took to stop because they did not obey SIGTERM. */
function slowStop(snapshot: Snapshot, base: Compose): number {
  return Math.max(
    0,
    ...snapshot.services.map((service) => {
      const killed = service.tasks.some((task) => !task.current && task.exitCode === 137);
      return killed ? stopGrace(base, service.name) : 0;
    }),
  );
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
