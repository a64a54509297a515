import { formatSeconds } from "../../common/time.ts";
import type { TestOutcome } from "../recipe_tests/runner.ts";
import type { StageContext } from "../run/stage.ts";

/**
 * Milliseconds after a restore within which an app may still refuse to write although it can be read: its connections
 * to the database have been cut, and its caches hold what was there before.
 */
const SETTLES_WITHIN_MS = 20_000;
const TRY_AGAIN_MS = 1_000;

/**
 * Runs tests, and again while the app that they are about has only just been restored. Tests that do not even load, or
 * do not end, are not repeated.
 * @param tests.restoredAt when the app was restored, by the stage's clock; null: it was not
 */
export async function onceSettled(
  run: () => Promise<TestOutcome>,
  tests: { restoredAt: number | null; ctx: Pick<StageContext, "clock" | "log" | "note" | "signal"> },
): Promise<TestOutcome> {
  const { restoredAt, ctx } = tests;
  let before: string | null = null;
  while (true) {
    const outcome = await run();
    const passed = restoredAt === null ? Infinity : ctx.clock.elapsed() - restoredAt;
    if (outcome.ok && before !== null) {
      ctx.note(`The tests passed ${formatSeconds(passed)} after the restore, and failed sooner: ${before}`);
    }
    if (outcome.ok || outcome.problem !== null || passed >= SETTLES_WITHIN_MS) return outcome;
    before = outcome.cause;
    ctx.log(
      `The app was restored ${
        formatSeconds(passed)
      } ago and may still refuse to write; running the tests again`,
    );
    await ctx.clock.sleep(TRY_AGAIN_MS, ctx.signal);
  }
}
