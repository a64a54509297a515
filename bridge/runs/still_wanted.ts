import { shortCommit } from "../../protocol/params.ts";
import type { Clock } from "../../common/time.ts";
import { type Forge, isGone, isMoved } from "../forge/forge.ts";
import { isOfPull, movedOn, type PullRun, type Run } from "../store/rows.ts";

/** Whether a run may go on. */
export type Pass =
  | { kind: "go" }
  /** It is over; `why` is a sentence without a final period. */
  | { kind: "stop"; why: string }
  /** The forge cannot say now. */
  | { kind: "later"; why: string; retryAfterMs: number | null };

export interface ForgeCheckDeps {
  forge: Forge;
  clock: Clock;
  /** Organisation whose members may give commands. */
  org: string;
  /** Runs of which something seemed to be gone at the last look: since when. */
  doubts: Map<string, number>;
}

/**
 * A forge that was restarted or restored a moment ago may not find what it has: something counts as gone once two
 * looks, this far apart, did not find it.
 */
const secondLookMs = 5_000;

/** Before a run starts: everything that made its command valid must hold still, however long it has waited. */
export async function mayStart(run: Run, deps: ForgeCheckDeps): Promise<Pass> {
  const { forge, org } = deps;
  if (!isOfPull(run)) return believe(run, await lookAtBranch(run, forge), deps);
  const member = await forge.isMember({ org, login: run.login });
  if (!member.ok && isRenamed(member.status)) {
    const why = `"${run.login}" has another name now, so that nobody can tell whether it is a member`;
    return believe(run, { kind: "gone", why }, deps);
  }
  if (!member.ok) return { kind: "later", why: member.message, retryAfterMs: member.retryAfterMs };
  const pass: Look = member.value
    ? await look(run, { forge, running: false })
    : { kind: "gone", why: `"${run.login}" is not a member of "${org}" any more` };
  return believe(run, pass, deps);
}

/**
 * Whether the forge redirects from an account's old name to its new one. 303 is something else: the forge answers it to
 * callers who are no members themselves.
 */
function isRenamed(status: number): boolean {
  return status === 301 || status === 307 || status === 308;
}

/** While a run runs: a pull request that was closed needs no verdict. A push meanwhile does not stop it. */
export async function mayGoOn(run: Run, deps: ForgeCheckDeps): Promise<Pass> {
  if (!isOfPull(run)) return { kind: "go" };
  return believe(run, await look(run, { forge: deps.forge, running: true }), deps);
}

/**
 * After CI trouble: whether another attempt makes sense. If the head moved meanwhile it does not: the harness would
 * look for a commit that is not the head any more and end in trouble again.
 */
export async function mayBeRetried(run: Run, { forge }: Pick<ForgeCheckDeps, "forge">): Promise<Look> {
  return isOfPull(run) ? await look(run, { forge, running: false }) : await lookAtBranch(run, forge);
}

/** What one look brought. `gone`: what it needs does not seem to be there any more. */
export type Look = Pass | { kind: "gone"; why: string };

/** Believes that something is gone only if a second look, some seconds later, does not find it either. */
function believe(run: Run, pass: Look, { doubts, clock }: Pick<ForgeCheckDeps, "doubts" | "clock">): Pass {
  if (pass.kind === "later") return pass;
  if (pass.kind !== "gone") {
    doubts.delete(run.id);
    return pass;
  }
  const since = doubts.get(run.id) ?? clock.now();
  const left = since + secondLookMs - clock.now();
  if (left > 0) {
    doubts.set(run.id, since);
    return { kind: "later", why: `${pass.why}, if that is still so at a second look`, retryAfterMs: left };
  }
  doubts.delete(run.id);
  return { kind: "stop", why: pass.why };
}

/** The head that a branch has got meanwhile has a run of its own, or gets it when the move is noticed. */
async function lookAtBranch(run: Run, forge: Forge): Promise<Look> {
  const head = await forge.branchHead({ repo: run.repo, branch: run.branch ?? "" });
  if (head.ok) return head.value === run.commit ? { kind: "go" } : { kind: "stop", why: movedOn };
  if (isGone(head.status)) return { kind: "gone", why: "The branch is not there any more" };
  return { kind: "later", why: head.message, retryAfterMs: head.retryAfterMs };
}

async function look(run: PullRun, { forge, running }: { forge: Forge; running: boolean }): Promise<Look> {
  const pull = await forge.pull({ repo: run.repo, pr: run.pr });
  if (!pull.ok) {
    if (isMoved(pull.status)) return { kind: "gone", why: "The repository has another name now" };
    if (isGone(pull.status)) return { kind: "gone", why: "The pull request is not there any more" };
    return { kind: "later", why: pull.message, retryAfterMs: pull.retryAfterMs };
  }
  if (pull.value.state !== "open") return { kind: "stop", why: "The pull request was closed" };
  if (!running && pull.value.head !== run.commit) {
    return {
      kind: "stop",
      why: `The head moved to ${shortCommit(pull.value.head)} before this commit was tested`,
    };
  }
  return { kind: "go" };
}
