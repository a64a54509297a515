import { exec, FAMILY } from "../../common/exec.ts";

/** How often to look again for processes that were started while others were being killed. */
const ROUNDS = 5;

export interface ProcessLine {
  pid: number;
  parent: number;
  /** Arguments and, as far as we are allowed to see it, environment. */
  text: string;
}

/**
 * Kills every process of a family: those that carry its mark in their environment (see `FAMILY` in `common/exec.ts`),
 * the process `root`, and the descendants of all these, whatever their sessions and process groups.
 */
export async function killFamily(name: string, root: number | null): Promise<void> {
  await killMarked(`${FAMILY}=${name}`, root);
}

/** As {@linkcode killFamily}, with any `NAME=value` of the environment as the mark. */
export async function killMarked(mark: string, root: number | null = null): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    const pids = familyMembers(await processes(), { mark, root });
    if (pids.length === 0) return;
    await exec(["kill", "-KILL", ...pids.map(String)], { timeoutMs: 5_000 });
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Picks the processes that {@linkcode killMarked} kills from a list of all. */
export function familyMembers(
  all: readonly ProcessLine[],
  family: { mark: string; root: number | null },
): number[] {
  const marked = new RegExp(`(^|\\s)${family.mark}(\\s|$)`);
  const members = new Set(
    all.filter((one) => one.pid === family.root || marked.test(one.text)).map((one) => one.pid),
  );
  for (let before = -1; before !== members.size;) {
    before = members.size;
    for (const one of all) if (members.has(one.parent)) members.add(one.pid);
  }
  return [...members];
}

/** Lists all processes by means of `ps`, because Deno lets only a program with all permissions read `/proc`. */
async function processes(): Promise<ProcessLine[]> {
  const { stdout } = await exec(["ps", "-A", "eww", "-o", "pid=,ppid=,stat=,args="], {
    timeoutMs: 10_000,
    maxBytes: 64 * 1024 * 1024,
  });
  return stdout.split("\n").flatMap((line) => {
    const match = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line);
    if (match === null || match[3]?.startsWith("Z")) return []; // a zombie is dead already
    return [{ pid: Number(match[1]), parent: Number(match[2]), text: match[4] ?? "" }];
  });
}
