import type { App } from "../app/app.ts";
import { type StageContext, StageFailure } from "../run/stage.ts";
import type { RunContext } from "./context.ts";
import { detailOf, type OwnFile, runStep, stepFile, type StepOutcome } from "./run_tests.ts";

/**
 * Takes the steps that an app's operator takes once, as `setup.ts` of the enrolment does. Afterwards the app has to be
 * well again: a wizard may restart it.
 * @param of.own a file that sets the app up in the place of `setup.ts`
 * @throws {StageFailure} as the enrolment's fault when they fail, unless the app itself has ended meanwhile
 */
export async function setUp(
  run: RunContext,
  { app, ctx, own }: { app: App; ctx: StageContext; own?: OwnFile },
): Promise<void> {
  if (own === undefined && await stepFile(run.enrolment, "setup") === null) return;
  app.expectChanges();
  const ran = await runStep(run, { app, ctx, step: "setup", ...(own === undefined ? {} : { own }) });
  if (ran === null) return;
  if (!ran.outcome.ok) {
    await app.stayedUp(ctx);
    throw stepFailure(ran);
  }
  await app.converge(ctx);
  await app.answers(ctx);
  ctx.proof("set up");
}

/** What it means that a step failed: nobody but its author can say why. */
export function stepFailure({ outcome, where }: StepOutcome): StageFailure {
  const [first] = outcome.failures;
  const name = where.split("/").at(-1);
  const lines = first?.message.split("\n") ?? [];
  const place = lines.map((line) => /^\s+at (\S+):(\d+)$/.exec(line)).find((found) => found !== null);
  const at = place?.[1] === name ? `${where}:${place?.[2]}` : where;
  const why = first === undefined ? outcome.cause ?? "It failed" : lines[0]?.replace(/[.:]$/, "");
  return new StageFailure(`${at}: ${why}`, {
    code: "tests.step",
    detail: detailOf(outcome),
    fault: "enrolment",
  });
}
