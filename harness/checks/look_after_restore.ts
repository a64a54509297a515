import type { App } from "../app/app.ts";
import type { StageContext } from "../run/stage.ts";
import type { PageLook } from "./front_page.ts";

/**
 * Looks at the page of an app that was restored, and once more where containers ended or began meanwhile. A hook of the
 * restore may have asked a service to end, which takes effect only when the app has been seen to be ready, and a page that
 * was opened in between may stay as it was.
 */
export async function lookAfterRestore(
  app: Pick<App, "swarm" | "stack" | "converge" | "answers">,
  { look, ctx }: { look: () => Promise<PageLook>; ctx: StageContext },
): Promise<PageLook> {
  const before = await runningContainers(app);
  const seen = await look();
  if (seen.failure === null || before === await runningContainers(app)) return seen;
  ctx.log("The page was opened while containers were replaced: it is opened once more");
  await app.converge(ctx);
  await app.answers(ctx);
  return await look();
}

/** What tells whether the same containers run as before. */
async function runningContainers({ swarm, stack }: Pick<App, "swarm" | "stack">): Promise<string> {
  const containers = await swarm.containers(stack);
  return containers.filter(({ State }) => State === "running").map(({ Id }) => Id).sort().join(" ");
}
