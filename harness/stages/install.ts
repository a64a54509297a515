import { openAppPage } from "../checks/front_page.ts";
import { runEnrolledTest } from "../checks/run_tests.ts";
import { setUp } from "../checks/set_up.ts";
import { roomToDeploy } from "../checks/free_space.ts";
import { imposedByInstall, noteImposed } from "../checks/imposed_waits.ts";
import { reportImages } from "../checks/resources.ts";
import { need, type RunContext } from "../checks/context.ts";
import type { StageContext } from "../run/stage.ts";
import { unkeptBlemish, unkeptData } from "../checks/unkept_data.ts";
import { countWarnings } from "../checks/log_warnings.ts";

/** Installs the app at the commit under test, as somebody does who has no data yet. */
export async function installStage(run: RunContext, ctx: StageContext): Promise<void> {
  const compose = need(run.compose.head, "lint");
  await run.providers(ctx);
  const checked = need(run.checked.install, "lint");
  const app = run.app("install");
  await app.create(ctx, "head");
  await roomToDeploy(run);
  const began = ctx.clock.elapsed();
  await app.deploy(ctx, { at: "head", checked });
  run.browser().catch(() => {}); // it starts while the app does; who uses it later gets its error
  await app.converge(ctx);
  await app.runPostCommands(ctx, "POST_DEPLOY_CMDS");
  await app.runOwnCommands(ctx);
  await reportImages(run, app.stack);
  await noteImposed(run, {
    lane: "install",
    began,
    now: ctx.clock.elapsed(),
    imposed: (habits) => imposedByInstall(compose, habits),
  });
  await app.answers(ctx);
  ctx.proof(`answers at ${run.enrolment.health.path}`);
  await setUp(run, { app, ctx });
  await openAppPage(run, { app, ctx });
  await runEnrolledTest(run, { app, ctx, kind: "install" });
  for (const one of await unkeptData(app)) ctx.blemish(unkeptBlemish(one));
  await countWarnings(run, { app, ctx });
}
