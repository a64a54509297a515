import { exec, FAMILY } from "../../common/exec.ts";

/** How often to look again for processes that were started while others were being killed. */
const ROUNDS = 5;

export interface ProcessLine {
  pid: number;
  parent: number;
  /** Whether it carries the mark in its arguments or, as far as we are allowed to see it, in its environment. */
  marked: boolean;
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
    const { all, complete } = await processes(mark);
    const pids = familyMembers(all, root);
    if (pids.length === 0 && complete) return;
    if (pids.length > 0) await exec(["kill", "-KILL", ...pids.map(String)], { timeoutMs: 5_000 });
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Picks the processes that {@linkcode killMarked} kills from a list of all. */
export function familyMembers(all: readonly ProcessLine[], root: number | null): number[] {
  const members = new Set(all.filter((one) => one.marked || one.pid === root).map((one) => one.pid));
  for (let before = -1; before !== members.size;) {
    before = members.size;
    for (const one of all) if (members.has(one.parent)) members.add(one.pid);
  }
  return [...members];
}

/** Lists all processes by means of `ps`, because Deno lets only a program with all permissions read `/proc`. */
async function processes(mark: string): Promise<{ all: ProcessLine[]; complete: boolean }> {
  const list = new ProcessList(mark);
  const { success } = await exec(["ps", "-A", "eww", "-o", "pid=,ppid=,stat=,args="], {
    timeoutMs: 10_000,
    onOutput: (chunk, stream) => stream === "stdout" && list.push(chunk),
  });
  return { all: list.end(), complete: success };
}

/**
 * Reads a list of processes while it comes. All environments together may be longer than what anybody wants to keep, so
 * that of each line only what counts is kept.
 */
export class ProcessList {
  readonly #marked: RegExp;
  readonly #decoder = new TextDecoder();
  readonly #all: ProcessLine[] = [];
  #rest = "";

  /** @param mark `NAME=value` of an environment */
  constructor(mark: string) {
    this.#marked = new RegExp(`(^|\\s)${mark}(\\s|$)`);
  }

  push(chunk: Uint8Array): void {
    const lines = (this.#rest + this.#decoder.decode(chunk, { stream: true })).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#take(line);
  }

  /** All processes, once the list is at its end. */
  end(): ProcessLine[] {
    this.#take(this.#rest);
    this.#rest = "";
    return this.#all;
  }

  #take(line: string): void {
    const [, pid, parent, state = "", text = ""] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    if (pid === undefined || state.startsWith("Z")) return; // a zombie is dead already
    this.#all.push({ pid: Number(pid), parent: Number(parent), marked: this.#marked.test(text) });
  }
}
