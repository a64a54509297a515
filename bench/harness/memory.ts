const EVERY_MS = 200;

/** What a process has in RAM, MB of 10⁶ bytes. */
export interface Resident {
  /** Its own. */
  own: number;
  /** Pages of files, above all of the program itself, which processes of the same program share. */
  files: number;
}

/**
 * Watches the three processes of a run: front, keeper and worker. What they start (abra, docker, git, tests, the
 * browser) does not count.
 */
export class MemoryWatch {
  /** Highest {@linkcode together} so far. */
  peakMb = 0;
  /** The plain sum of the processes' RSS at that moment, in which the program's pages count once for each. */
  sumMb = 0;
  /** What each process had of its own at that moment. */
  parts: Record<string, number> = {};
  #pids: Record<string, number>;
  #timer: ReturnType<typeof setInterval>;

  /** @param front process that was started */
  constructor(front: number) {
    this.#pids = { front };
    this.#timer = setInterval(() => void this.#look(), EVERY_MS);
  }

  async #look(): Promise<void> {
    await this.#find("keeper", this.#pids.front);
    await this.#find("worker", this.#pids.keeper);
    const seen: Record<string, Resident> = {};
    for (const [name, pid] of Object.entries(this.#pids)) {
      const status = await Deno.readTextFile(`/proc/${pid}/status`).catch(() => ""); // ended, or ending
      seen[name] = resident(status);
    }
    const all = Object.values(seen);
    const peakMb = together(all);
    if (peakMb <= this.peakMb) return;
    this.peakMb = peakMb;
    this.sumMb = all.reduce((sum, { own, files }) => sum + own + files, 0);
    this.parts = Object.fromEntries(Object.entries(seen).map(([name, { own }]) => [name, own]));
  }

  /** The front starts the keeper, and that the worker. */
  async #find(role: string, parent: number | undefined): Promise<void> {
    if (parent === undefined || this.#pids[role] !== undefined) return;
    const children = await Deno.readTextFile(`/proc/${parent}/task/${parent}/children`).catch(() => "");
    for (const pid of children.trim().split(" ").filter((one) => one !== "")) {
      const words = (await Deno.readTextFile(`/proc/${pid}/cmdline`).catch(() => "")).split("\0");
      if (words.includes(role)) this.#pids[role] = Number(pid);
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

/** Reads `/proc/<pid>/status`. */
export function resident(status: string): Resident {
  const mb = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1] ?? 0) * 1024 / 1e6;
  return { own: mb("RssAnon") + mb("RssShmem"), files: mb("RssFile") };
}

/** What processes of one program take together: the file pages they share count once. */
export function together(all: readonly Resident[]): number {
  return Math.max(0, ...all.map(({ files }) => files)) + all.reduce((sum, { own }) => sum + own, 0);
}
