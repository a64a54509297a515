import type { Forge } from "./forge/forge.ts";
import type { Run } from "./rows.ts";

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
  const member = await forge.isMember({ org, login: run.login });
  if (!member.ok) return { kind: "later", why: member.message, retryAfterMs: member.retryAfterMs };
  if (!member.value) return { kind: "stop", why: `"${run.login}" is not a member of "${org}" any more` };
  return await look(run, { forge, running: false });
}

/** While a run runs: a pull request that was closed needs no verdict. A push meanwhile does not stop it. */
export function mayGoOn(run: Run, { forge }: Pick<GateDeps, "forge">): Promise<Pass> {
  return look(run, { forge, running: true });
}

async function look(run: Run, { forge, running }: { forge: Forge; running: boolean }): Promise<Pass> {
  const pull = await forge.pull({ repo: run.repo, pr: run.pr });
  if (!pull.ok) {
    if (isGone(pull.status)) return { kind: "stop", why: "The pull request is not there any more" };
    return { kind: "later", why: pull.message, retryAfterMs: pull.retryAfterMs };
  }
  if (!pull.value.open) return { kind: "stop", why: "The pull request was closed" };
  if (!running && pull.value.head !== run.ref) {
    return {
      kind: "stop",
      why: `The head moved to ${pull.value.head.slice(0, 7)} before the turn of this commit came`,
    };
  }
  return { kind: "go" };
}

/** Deleted, or moved to another name: redirects are never followed. */
function isGone(status: number): boolean {
  return [301, 302, 307, 308, 404, 410].includes(status);
}
