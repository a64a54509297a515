import type { RunContext } from "./context.ts";
import type { App } from "../app/app.ts";
import type { StageContext } from "../run/stage.ts";

/** An app that prints more lines of warning than this is not clean. */
const MANY = 100;
/** Lines looked at of each container, from the end of its log. */
const LINES = 10_000;

/** Counts the warnings that the app's services have printed so far. Too many of them are a blemish of the stage. */
export async function countWarnings(
  run: Pick<RunContext, "swarm">,
  { app, ctx }: { app: Pick<App, "stack">; ctx: Pick<StageContext, "blemish" | "log"> },
): Promise<void> {
  const containers = await run.swarm.containers(app.stack);
  const counts = await Promise.all(containers.map(async ({ Id: id, Labels: labels }) => {
    const name = labels["com.docker.swarm.service.name"]?.replace(`${app.stack}_`, "") ?? id.slice(0, 12);
    return { name, count: warningsAmong(await run.swarm.logs(id, LINES)) };
  }));
  const total = counts.reduce((sum, { count }) => sum + count, 0);
  if (total === 0) return;
  const services = [...new Set(counts.filter(({ count }) => count > 0).map(({ name }) => name))].sort().join(
    ", ",
  );
  ctx.log(`${total} lines of warning by ${services}`);
  if (total > MANY) ctx.blemish(`More than ${MANY} lines of warning by ${services}`);
}

/** Counts the lines that call themselves a warning, in the forms that loggers have for it. */
export function warningsAmong(lines: readonly string[]): number {
  return lines.filter((line) => /\bwarn(ing)?\b/i.test(line)).length;
}
