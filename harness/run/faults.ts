import { AsyncLocalStorage } from "node:async_hooks";
import { join } from "node:path";
import { UsageError } from "../../common/errors.ts";
import { FAULT, FAULT_PID, type Role, roles } from "./fault_mark.ts";

/** Variable; `1`: every boundary is written to the run folder's `boundaries.txt`. */
const LIST = "CCCI_FAULTS_LIST";

export interface FaultOptions {
  /** Who is to be killed, and where. */
  fault: { victim: Role; at: string } | null;
  pids: Partial<Record<Role, number>>;
  /** Is called with the name of every boundary, once each. */
  list: (name: string) => void;
  kill: (pid: number) => void;
}

/** The boundaries of one process. Each counts only the first time that it is passed. */
export class Faults {
  readonly #options: FaultOptions;
  readonly #scope = new AsyncLocalStorage<string>();
  readonly #passed = new Set<string>();

  constructor(options: FaultOptions) {
    this.#options = options;
  }

  within<T>(scope: string, work: () => T): T {
    return this.#scope.run(scope, work);
  }

  pass(name: string): void {
    const scope = this.#scope.getStore();
    const full = scope === undefined ? name : `${scope}: ${name}`;
    if (this.#passed.has(full)) return;
    this.#passed.add(full);
    const { fault, pids, list, kill } = this.#options;
    list(full);
    const pid = fault?.at === full ? pids[fault.victim] : undefined;
    if (pid !== undefined) kill(pid);
  }
}

/** Null, unless a test of what becomes of a run whose processes die has set the variables above. */
let faults: Faults | null = null;

/** Reads from the environment whether this process has to watch its boundaries. */
export function watchBoundaries(self: "keeper" | "worker", folder: string): void {
  const fault = readFault(Deno.env.get(FAULT));
  const listed = Deno.env.get(LIST) === "1";
  if (fault === null && !listed) return;
  const known = roles.flatMap((one) => {
    const pid = Number(Deno.env.get(FAULT_PID + one));
    return pid > 1 ? [[one, pid]] : [];
  });
  faults = new Faults({
    fault,
    pids: { ...Object.fromEntries(known), [self]: Deno.pid },
    list: (name) => {
      if (!listed) return;
      const line = `${self}\t${name}\t${new Date().toISOString()}\n`;
      Deno.writeTextFileSync(join(folder, "boundaries.txt"), line, { append: true });
    },
    kill: (pid) => Deno.kill(pid, "SIGKILL"),
  });
}

/**
 * Marks a point at which a run may be cut off: the begin or end of a stage, or of a change to what outlives the
 * process. In an ordinary run it does nothing.
 * @param name unique within the scope that {@linkcode within} gave; no part of it may differ from run to run
 */
export function boundary(name: string): void {
  faults?.pass(name);
}

/** Carries out one change, with a boundary before and after it. */
export async function change<T>(what: string, work: () => Promise<T>): Promise<T> {
  boundary(`before ${what}`);
  const result = await work();
  boundary(`after ${what}`);
  return result;
}

/** Names the part of the run that `work` belongs to. The names of boundaries in it begin with this scope. */
export function within<T>(scope: string, work: () => T): T {
  return faults === null ? work() : faults.within(scope, work);
}

/** @throws {UsageError} for a victim that no run has */
export function readFault(text: string | undefined): FaultOptions["fault"] {
  if (text === undefined || text === "") return null;
  const [who, ...at] = text.split(":");
  const victim = roles.find((role) => role === who);
  if (victim !== undefined && at.length > 0) return { victim, at: at.join(":") };
  throw new UsageError(`Could not read ${FAULT}: "${text}" does not begin with a process of a run`, {
    hint: `Write one of ${roles.join(", ")}, a colon, and a boundary`,
  });
}
