import type { Failure } from "../../common/answer.ts";
import type { Clock } from "../../common/time.ts";
import type { Enrolments } from "../../enrolment/repositories.ts";
import type { Forge } from "../forge/forge.ts";
import { standingHead } from "./head_when_written.ts";
import type { Maintenance } from "./maintenance.ts";
import type { CommandRow } from "../store/rows.ts";

/** Why a command is not carried out. Each reason has its text in `replies.ts`. */
export type Refusal =
  | { reason: "not-enrolled" }
  | { reason: "too-short"; commit: string }
  | { reason: "not-member" }
  | { reason: "not-starter" }
  | { reason: "edited" }
  | { reason: "too-old" }
  | { reason: "maintenance"; since: number; note: string }
  /** `problem` follows the name of the recipe's `recipe.yml`. */
  | { reason: "bad-enrolment"; recipe: string; problem: string }
  | { reason: "closed" | "merged" | "fork-gone" }
  | { reason: "pushed"; before: string | null; head: string }
  | { reason: "same-time"; head: string }
  | { reason: "unknown-head"; head: string }
  | { reason: "other-commit"; asked: string; head: string };

export type Verdict =
  /** Start a run of this commit. */
  | { kind: "run"; recipe: string; commit: string }
  | { kind: "cancel"; whose: "own" | "all" }
  /** Explain the commands. */
  | { kind: "help" }
  | { kind: "refuse"; refusal: Refusal }
  | { kind: "ignore"; reason: string }
  /** Cannot be decided now. */
  | { kind: "later"; why: string; retryAfterMs: number | null };

export interface PolicyDeps {
  forge: Forge;
  /** Organisation whose members may give commands. */
  org: string;
  enrolments: Enrolments;
  /** Set while nothing new is taken on. */
  maintenance: Maintenance | null;
  clock: Clock;
  /** How many of the runs there that are not over whoever gave the command also asked for. */
  startedBy(command: CommandRow): "none" | "some" | "all";
}

/** Commands older than this are not carried out: whoever wrote them does not wait for an answer any more. */
export const longestAgeMs = 24 * 3_600_000;
/** How long a push may take to appear in the forge's list before we say that we cannot tell. */
const settleMs = 12_000;

/**
 * Decides on one command by what the forge says now. Fails closed: only the forge's exact word makes a member, and
 * only its own list of pushes makes a commit the one that was meant. Where that list leaves it open, all digits of the
 * commit in the command do.
 */
export async function judge(command: CommandRow, deps: PolicyDeps): Promise<Verdict> {
  const { forge, org, clock } = deps;
  const expired = clock.now() - command.seen_at > longestAgeMs;
  const recipe = deps.enrolments.recipes.get(command.repo.toLowerCase());
  if (recipe === undefined) {
    if (command.kind !== "test" || expired) return { kind: "ignore", reason: "not-enrolled" };
    return { kind: "refuse", refusal: { reason: "not-enrolled" } };
  }
  if (command.kind === "help" || command.kind === "unclear") return { kind: "help" };
  if (command.kind === "too-short") {
    return { kind: "refuse", refusal: { reason: "too-short", commit: command.commit ?? "" } };
  }
  // The forge shows the first author after an edit by anybody who may edit: nobody knows who said it.
  if (command.kind === "edited") return { kind: "refuse", refusal: { reason: "edited" } };
  if (command.kind === "late" || expired) return { kind: "refuse", refusal: { reason: "too-old" } };
  const started = command.kind === "cancel" ? deps.startedBy(command) : "none";
  if (started === "all") return { kind: "cancel", whose: "own" };
  const member = await forge.isMember({ org, login: command.login });
  if (!member.ok) return later(member);
  if (!member.value) {
    if (started === "some") return { kind: "cancel", whose: "own" };
    return { kind: "refuse", refusal: { reason: command.kind === "cancel" ? "not-starter" : "not-member" } };
  }
  if (command.kind === "cancel") return { kind: "cancel", whose: "all" };
  if (deps.maintenance !== null) {
    return { kind: "refuse", refusal: { reason: "maintenance", ...deps.maintenance } };
  }
  const problem = deps.enrolments.mistakes.get(recipe);
  if (problem !== undefined) return { kind: "refuse", refusal: { reason: "bad-enrolment", recipe, problem } };
  return await judgeHead(command, { ...deps, recipe });
}

async function judgeHead(command: CommandRow, deps: PolicyDeps & { recipe: string }): Promise<Verdict> {
  const { forge, recipe, clock } = deps;
  const place = { repo: command.repo, pr: command.pr };
  const pull = await forge.pull(place);
  if (!pull.ok) {
    return [404, 410, 451].includes(pull.status)
      ? { kind: "ignore", reason: "pull request gone" }
      : later(pull);
  }
  const head = pull.value.head;
  if (pull.value.state !== "open") return { kind: "refuse", refusal: { reason: pull.value.state } };
  const asked = command.commit;
  if (asked !== null && !head.startsWith(asked)) {
    return { kind: "refuse", refusal: { reason: "other-commit", asked, head } };
  }
  const pushes = await forge.pushes(place);
  if (!pushes.ok) return later(pushes);
  // A push is noted after the head has moved: what was read counts only if the head is still the same.
  const again = await forge.pull(place);
  if (!again.ok) return later(again);
  if (again.value.head !== head) return { kind: "later", why: "the head is moving", retryAfterMs: null };
  const standing = standingHead(pushes.value, { pull: pull.value, writtenAt: command.written_at });
  switch (standing.kind) {
    case "stood":
      return { kind: "run", recipe, commit: standing.commit };
    // Somebody may push a commit that begins with the digits given, once these can be read in the comment.
    case "pushed":
      return { kind: "refuse", refusal: { reason: "pushed", before: standing.before, head } };
    case "same-time":
      if (asked === head) return { kind: "run", recipe, commit: head };
      return { kind: "refuse", refusal: { reason: "same-time", head } };
    case "unknown":
      if (asked === head) return { kind: "run", recipe, commit: head };
      if (clock.now() - command.seen_at < settleMs) {
        return { kind: "later", why: "the push to the head is not noted yet", retryAfterMs: null };
      }
      return { kind: "refuse", refusal: { reason: "unknown-head", head } };
  }
}

function later(failure: Failure): Verdict {
  return { kind: "later", why: failure.message, retryAfterMs: failure.retryAfterMs };
}
