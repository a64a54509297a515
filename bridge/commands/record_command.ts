import type { Clock } from "../../common/time.ts";
import { logger } from "../../common/log.ts";
import { type Command, parseCommand } from "./command.ts";
import type { ForgeComment } from "../forge/forge.ts";
import { longestAgeMs } from "./policy.ts";
import type { CommandKind, CommandRow } from "../store/rows.ts";
import type { Store } from "../store/store.ts";

const log = logger("bridge", "notes");

/** Where a comment stands. */
export interface Place {
  repo: string;
  pr: number;
}

/** A comment as it was read. */
export interface Found {
  place: Place;
  comment: ForgeComment;
  /** The forge's clock when it was read. */
  at: number;
  /** Since when its owner is watched, by the forge's clock. */
  watchedSince: number;
}

/**
 * Notes a comment as what it asks for. Comments are told apart by id, so that reading one twice does no harm. To be
 * called within a transaction.
 */
export function noteComment(found: Found, { store, clock }: { store: Store; clock: Clock }): void {
  const { place, comment } = found;
  const known = store.command(comment.id);
  if (known !== undefined && !asksNothing(known)) return;
  const command = parseCommand(comment.body);
  const edited = known !== undefined || comment.updatedAt !== comment.createdAt;
  const asked = kindOf(command, { edited });
  if (known !== undefined && asked !== "edited") return;
  const reason = whyNot(found, { kind: asked, ownId: store.ownId });
  const kind = reason === null && isTooOld(found) ? "late" : asked;
  const row: CommandRow = {
    comment: comment.id,
    repo: place.repo,
    pr: place.pr,
    user_id: comment.userId,
    login: comment.login,
    written_at: comment.createdAt,
    kind,
    commit: command !== null && "commit" in command && kind === command.kind ? command.commit : null,
    state: reason === null ? "seen" : "ignored",
    reason,
    seen_at: clock.now(),
  };
  store.addCommand(row);
  if (kind !== "none") {
    const facts = { comment: comment.id, repo: place.repo, pr: place.pr, by: comment.login, kind };
    log.info(reason === null ? "seen" : "ignored", reason === null ? facts : { ...facts, reason });
  }
}

/** Why a comment is no command, whatever it says; `null` for one that has to be decided on. */
function whyNot(
  { comment, at, watchedSince }: Found,
  { kind, ownId }: { kind: CommandKind; ownId: number | null },
): string | null {
  if (kind === "none") return "no command";
  if (comment.userId === ownId || comment.userId <= 0) return "by a bot";
  // Two programs that explain to each other how to write commands would never end.
  if (kind === "unclear" && isBot(comment.login)) return "by another bot";
  const said = kind === "edited" ? comment.updatedAt : comment.createdAt;
  if (said < watchedSince) return "before we watched";
  const isAnswered = kind === "test" || kind === "cancel";
  return at - said > longestAgeMs && !isAnswered ? "too old" : null;
}

/** Whether an account is a program's, as far as its name tells; the forge does not say. */
function isBot(login: string): boolean {
  return /(^|[^a-z])bot($|[^a-z])|bot$|-ci$|^ci-/i.test(login);
}

/** Whether it is too late to carry out what was written. */
function isTooOld({ comment, at }: Found): boolean {
  return comment.updatedAt === comment.createdAt && at - comment.createdAt > longestAgeMs;
}

/** Whether a comment was read before and no command then. */
function asksNothing({ kind }: CommandRow): boolean {
  return kind === "none" || kind === "unclear" || kind === "too-short";
}

function kindOf(command: Command | null, { edited }: { edited: boolean }): CommandKind {
  if (command === null) return "none";
  if (!edited) return command.kind;
  return command.kind === "test" || command.kind === "cancel" ? "edited" : "none";
}
