import type { RunContext } from "./context.ts";
import type { App } from "../app/app.ts";
import type { StageContext } from "../run/stage.ts";
import { takeSnapshot } from "../swarm/snapshot.ts";

/** An app that prints more lines of warning than this is not clean. */
const MANY = 100;
/** Lines looked at of each container, from the end of its log. */
const LINES = 10_000;

/**
 * Counts the warnings that the app's services have printed since the last deploy. Too many of them are a blemish of the
 * stage. What a published version has printed before an upgrade is not counted: neither its containers, which the engine
 * keeps when they have ended, nor the older lines of a container that the upgrade left as it was.
 */
export async function countWarnings(
  run: Pick<RunContext, "swarm">,
  { app, ctx }: { app: Pick<App, "stack" | "deployedAt">; ctx: Pick<StageContext, "blemish" | "log"> },
): Promise<void> {
  const snapshot = await takeSnapshot(run.swarm, app.stack);
  const printed = snapshot.services.flatMap(({ name, tasks }) =>
    tasks.flatMap(({ current, container }) => current && container !== null ? [{ name, container }] : [])
  );
  const counts = await Promise.all(printed.map(async ({ name, container }) => {
    const lines = await run.swarm.logs(container, LINES, { since: app.deployedAt });
    return { name, count: warningsAmong(lines) };
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
