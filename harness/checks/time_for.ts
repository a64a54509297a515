import type { StageContext } from "../run/stage.ts";

/** Milliseconds of the stage's time that are left over, so that somebody can say what did not end, and why. */
const SPARE_MS = 20_000;

/**
 * Milliseconds after which a part of a stage counts as one that does not end. Where the stage has less time left than
 * such a part may need, the end of the stage's time comes first: that says nothing about the part, and nobody is to take
 * it for a mistake in it.
 * @param part.needs milliseconds that it may need, and whoever wrote it may count on
 * @param part.most milliseconds that it gets at most
 */
export function timeFor(
  { remaining }: Pick<StageContext, "remaining">,
  { needs, most = Infinity }: { needs: number; most?: number },
): number {
  const left = remaining();
  return left - SPARE_MS < needs ? left + SPARE_MS : Math.min(most, left - SPARE_MS);
}
