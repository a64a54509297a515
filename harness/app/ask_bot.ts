import { AbraError, type BotCall } from "../abra/abra.ts";
import { isBeingReplaced } from "../abra/output.ts";
import type { StageContext } from "../run/stage.ts";

/** Milliseconds within which Swarm has replaced a container in which the backup bot is to run a hook. */
const REPLACED_WITHIN_MS = 60_000;
const ASK_AGAIN_MS = 1_000;

/** Lets the backup bot work, and again while the Engine refuses it a hook whose container is just being replaced. */
export async function askBot(
  call: () => Promise<BotCall>,
  ctx: Pick<StageContext, "clock" | "log" | "signal">,
): Promise<BotCall> {
  const end = ctx.clock.elapsed() + REPLACED_WITHIN_MS;
  while (true) {
    try {
      return await call();
    } catch (error) {
      const passes = error instanceof AbraError && isBeingReplaced(error.lines);
      if (!passes || ctx.clock.elapsed() >= end) throw error;
      ctx.log("The container of a hook is just being replaced; asking the backup bot again");
      await ctx.clock.sleep(ASK_AGAIN_MS, ctx.signal);
    }
  }
}
