import { lookAtPage, tellLook } from "../checks/front_page.ts";
import { lookAfterRestore } from "../checks/look_after_restore.ts";
import { runEnrolledTest } from "../checks/run_tests.ts";
import { readMarkers } from "../checks/data.ts";
import { readRecords, recordsOf } from "../checks/records.ts";
import { destroyData } from "../checks/destroy_data.ts";
import { HealthWatch } from "../checks/health_watch.ts";
import { need, type RunContext } from "../checks/context.ts";
import { type StageContext, StageFailure, StageSkipped } from "../run/stage.ts";

/** Destroys what was backed up, restores it, and reads it back: a backup is worth what comes back from it. */
export async function restoreStage(run: RunContext, ctx: StageContext): Promise<void> {
  const { parts, written } = need(run.saved, "backup");
  const { enrolment, marker } = run;
  const app = run.app("install");
  const records = await recordsOf(run, { app, ctx });
  if (written.length + records.length === 0) {
    throw new StageSkipped("no data whose return could be seen, see data in recipe.yml");
  }
  await app.stayedUp(ctx);
  app.expectChanges();
  using health = await HealthWatch.start(run.swarm, app.stack); // Swarm may replace the app while its data is gone
  await destroyData(app, { saved: parts, written, records, enrolment, marker, ctx });
  const { failedHooks, cut } = await app.restore(ctx);
  run.restoredAt = ctx.clock.elapsed();
  await health.replaced(ctx.signal);
  await app.converge(ctx);
  await app.answers(ctx);

  const lost = await readMarkers(app, { written, marker, ctx, strict: true });
  const losses = await readRecords(records, { ctx, lost, ranHere: true });
  if (losses.length > 0) {
    throw new StageFailure("data is gone after the restore", {
      code: "restore.data",
      detail: [
        ...losses.map(({ what, said }) =>
          `Wrote ${what}, backed up, destroyed it, restored, read back: ${said}`
        ),
        ...failedHooks.map((said) => `A restore hook failed, and the restore went on without it: ${said}`),
      ].join("\n"),
    });
  }
  for (const said of failedHooks) ctx.blemish(`A restore hook failed: ${said}`);
  if (cut) {
    ctx.note("The backup bot said so much that a hook of which it said early that it failed is not known");
  }
  if (written.length > 0) ctx.proof(`${count(written.length, "volume")} restored`);
  if (records.length > 0) ctx.proof(`${count(records.length, "record")} read back`);
  const look = () => lookAtPage(run, { app, ctx });
  tellLook(await lookAfterRestore(app, { look, ctx }), ctx);
  await runEnrolledTest(run, { app, ctx, kind: "backup" });
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
