import { type ContainerResult, execIn } from "../../harness/swarm/exec.ts";
import { DockerError, type Swarm } from "../../harness/swarm/swarm.ts";
import { stackOf } from "../../harness/run/names.ts";
import { HostError } from "../errors.ts";

const CALL_MS = 120_000;

/**
 * Lets a repository of backups open with one more password, by the running bot, which has one that it opens with. Without
 * this a bot with the new password could read nothing that was saved before.
 */
export async function addKey(
  swarm: Swarm,
  { domain, password }: { domain: string; password: string },
): Promise<void> {
  const container = await swarm.containerOf(stackOf(domain), "app").catch((cause: unknown) => {
    if (!(cause instanceof DockerError)) throw cause;
    throw new HostError(
      "not yet",
      "The backup bot does not run, so its repository cannot learn the new password",
      {
        hint: "Give restic_password its old value until the bot runs.",
        cause,
      },
    );
  });
  // The password comes by standard input: everybody on this host may read arguments and environments of processes.
  const run = async (script: string) =>
    await execIn(swarm, container.Id, { argv: ["sh", "-c", script], stdin: password, timeoutMs: CALL_MS });
  const keep = 'umask 077; new=$(mktemp); trap \'rm -f "$new"\' EXIT; cat > "$new"; ';
  const opens = await run(`${keep}unset RESTIC_PASSWORD; RESTIC_PASSWORD_FILE="$new" restic cat config`);
  if (opens.code === 0 || isMissing(opens)) return;
  const added = await run(`${keep}restic key add --new-password-file "$new"`);
  if (added.code === 0) return;
  const said = added.stderr.trim().split("\n").at(-1) ?? "";
  throw new HostError("wrong", `The repository of backups does not learn the new password: ${said}`, {
    hint: "Give restic_password its old value, or move the repository away and start a new one.",
  });
}

/**
 * Whether there is no repository that could learn anything: the bot makes one, with the password that it has then, when
 * it saves something for the first time. Before 0.17 restic has no exit code of its own for that.
 */
export function isMissing({ code, stderr }: Pick<ContainerResult, "code" | "stderr">): boolean {
  return code === 10 || /unable to open config file: .*no such file or directory/.test(stderr);
}
