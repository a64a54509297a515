import { AbraError } from "../abra/abra.ts";
import { isBeingReplaced, isRepositoryLocked } from "../abra/output.ts";
import type { StageContext } from "../run/stage.ts";

/**
 * Milliseconds within which Swarm has replaced a container in which the backup bot is to run a hook, and within which
 * anybody else who works in the bot's repository gives it free.
 */
const PASSES_WITHIN_MS = 60_000;
const ASK_AGAIN_MS = 1_000;

/**
 * Lets the backup bot work, and again while the Engine refuses it a hook whose container is just being replaced, or
 * somebody else has locked its repository.
 */
export async function askBot<T>(
  call: () => Promise<T>,
  ctx: Pick<StageContext, "clock" | "log" | "signal">,
): Promise<T> {
  const end = ctx.clock.elapsed() + PASSES_WITHIN_MS;
  while (true) {
    try {
      return await call();
    } catch (error) {
      const why = error instanceof AbraError ? passing(error.lines) : null;
      if (why === null || ctx.clock.elapsed() >= end) throw error;
      ctx.log(`${why}; asking the backup bot again`);
      await ctx.clock.sleep(ASK_AGAIN_MS, ctx.signal);
    }
  }
}

/** The trouble that passes by itself, as a sentence; null: it is another one. */
function passing(lines: readonly string[]): string | null {
  if (isBeingReplaced(lines)) return "The container of a hook is just being replaced";
  return isRepositoryLocked(lines) ? "Somebody else has locked the backup bot's repository" : null;
}
