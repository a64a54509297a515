import type { Pull, Push } from "../forge/forge.ts";

/** What is known about the head a comment was written about. */
export type Standing =
  | { kind: "stood"; commit: string }
  /** Another head was pushed after the comment. */
  | { kind: "pushed"; before: string | null; head: string }
  /** Comment and push lie so close together that nobody can say which came first. */
  | { kind: "same-time"; head: string }
  /** The list of pushes does not lead to the present head, or not yet. */
  | { kind: "unknown"; head: string };

/** The forge notes a push one to three seconds after the head moved, and both times are whole seconds. */
const noteDelayMs = 5_000;
/** The push that came with the pull request is noted when it is opened. */
const openingMs = noteDelayMs;

/**
 * Which commit was the head when a comment was written, as far as the forge's own list of pushes tells.
 * @param pushes oldest first; `null` where the forge keeps no list, and then the present head has to do
 */
export function standingHead(
  pushes: readonly Push[] | null,
  { pull, writtenAt }: { pull: Pull; writtenAt: number },
): Standing {
  const head = pull.head;
  if (pushes === null) return { kind: "stood", commit: head };
  const isOpening = (push: Push, index: number) =>
    index === 0 && !push.forced && push.at <= pull.createdAt + openingMs;
  const before = pushes.filter((push, index) => push.at < writtenAt || isOpening(push, index));
  const after = pushes.filter((push) => !before.includes(push));
  const [first] = after;
  // After a force push the forge no longer names the commits that are gone in its older entries. The entry of the force
  // push itself names the head before it.
  const swept = after.find((push) => push.forced && push.at === first?.at);
  const stood = swept?.before ?? before.at(-1)?.head ?? null;
  if (stood === head) return { kind: "stood", commit: head };
  if (first === undefined) return { kind: "unknown", head };
  if (first.at - writtenAt <= noteDelayMs) return { kind: "same-time", head };
  return { kind: "pushed", before: stood, head };
}
