import { isSurplus } from "../confinement/engine/mod.ts";
import { StageBlocked, type StageContext, StageFailure } from "../run/stage.ts";
import { SeedMistake } from "./data.ts";

/**
 * Runs `work`, which is about the published version alone. If that version is in trouble, the head is not at fault; the
 * upgrade to it cannot be judged, so the stage is blocked.
 * @param base.trouble what the version does not do, as the rest of a sentence, e.g. `which does not install`
 */
export async function needBase(
  base: { version: string; trouble: string; ctx: Pick<StageContext, "log"> },
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    throw troubleOfBase(error, base);
  }
}

/**
 * What an error means that came up while the published version was all that was deployed. That something is in the
 * engine which nobody checked stays a failure, whoever deployed it; so does trouble of the machine, and a mistake of the
 * enrolment's steps, which belong to both versions.
 */
export function troubleOfBase(
  error: unknown,
  { version, trouble, ctx }: { version: string; trouble: string; ctx: Pick<StageContext, "log"> },
): unknown {
  const mine = error instanceof StageFailure || error instanceof SeedMistake;
  if (!mine || isSurplus(error)) return error;
  if (error instanceof StageFailure && error.fault !== undefined) return error;
  const tail = error instanceof StageFailure ? error.tail : [];
  for (const line of [error.detail ?? "", ...tail]) ctx.log(line);
  return new StageBlocked(`the published version ${version}, ${trouble}: ${error.message}`);
}
