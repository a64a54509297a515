import { type Forge, isGone } from "./forge/forge.ts";
import { isOfPull, movedOn, type PullRun, type Run } from "./rows.ts";

/** Whether a run may go on. */
export type Pass =
  | { kind: "go" }
  /** It is over; `why` is a sentence without a final period. */
  | { kind: "stop"; why: string }
  /** The forge cannot say now. */
  | { kind: "later"; why: string; retryAfterMs: number | null };

export interface GateDeps {
  forge: Forge;
  /** Organisation whose members may give commands. */
  org: string;
}

/** Before a run starts: everything that made its command valid must hold still, however long it has waited. */
export async function mayStart(run: Run, { forge, org }: GateDeps): Promise<Pass> {
  if (!isOfPull(run)) return await lookAtBranch(run, forge);
  const member = await forge.isMember({ org, login: run.login });
  if (!member.ok) return { kind: "later", why: member.message, retryAfterMs: member.retryAfterMs };
  if (!member.value) return { kind: "stop", why: `"${run.login}" is not a member of "${org}" any more` };
  return await look(run, { forge, running: false });
}

/** While a run runs: a pull request that was closed needs no verdict. A push meanwhile does not stop it. */
export async function mayGoOn(run: Run, { forge }: Pick<GateDeps, "forge">): Promise<Pass> {
  return isOfPull(run) ? await look(run, { forge, running: true }) : { kind: "go" };
}

/** The head that a branch has got meanwhile has a run of its own, or gets it when the move is noticed. */
async function lookAtBranch(run: Run, forge: Forge): Promise<Pass> {
  const head = await forge.branchHead({ repo: run.repo, branch: run.branch ?? "" });
  if (head.ok) return head.value === run.ref ? { kind: "go" } : { kind: "stop", why: movedOn };
  if (isGone(head.status)) return { kind: "stop", why: "The branch is not there any more" };
  return { kind: "later", why: head.message, retryAfterMs: head.retryAfterMs };
}

async function look(run: PullRun, { forge, running }: { forge: Forge; running: boolean }): Promise<Pass> {
  const pull = await forge.pull({ repo: run.repo, pr: run.pr });
  if (!pull.ok) {
    if (isGone(pull.status)) return { kind: "stop", why: "The pull request is not there any more" };
    return { kind: "later", why: pull.message, retryAfterMs: pull.retryAfterMs };
  }
  if (pull.value.state !== "open") return { kind: "stop", why: "The pull request was closed" };
  if (!running && pull.value.head !== run.ref) {
    return {
      kind: "stop",
      why: `The head moved to ${pull.value.head.slice(0, 7)} before the turn of this commit came`,
    };
  }
  return { kind: "go" };
}
