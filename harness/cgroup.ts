import { join } from "node:path";

/** What a container has used up to now. */
export interface Usage {
  /** Without file cache that could be dropped at once, as `docker stats` counts it. */
  memoryBytes: number;
  /** Since the container started. */
  cpuSeconds: number;
}

/** Where the kernel tells what a container uses; reading it costs some microseconds and bothers nobody. */
export interface Cgroup {
  version: 1 | 2;
  memory: string;
  cpu: string;
}

export interface CgroupRoots {
  /** @default "/proc" */
  proc?: string;
  /** @default "/sys/fs/cgroup" */
  cgroup?: string;
}

/**
 * Finds the control group of a process from the host's point of view.
 * @returns null where it cannot be seen, as on another machine or behind a closed `/proc`
 */
export async function findCgroup(
  pid: number,
  { proc = "/proc", cgroup = "/sys/fs/cgroup" }: CgroupRoots = {},
): Promise<Cgroup | null> {
  const text = await Deno.readTextFile(join(proc, String(pid), "cgroup")).catch(() => "");
  const paths = new Map<string, string>();
  for (const line of text.split("\n")) {
    const [, controllers = "", path = ""] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (path !== "") { for (const controller of controllers.split(",")) paths.set(controller, path); }
  }
  const [memory, cpu] = [paths.get("memory"), paths.get("cpuacct")];
  if (memory !== undefined && cpu !== undefined) {
    return { version: 1, memory: join(cgroup, "memory", memory), cpu: join(cgroup, "cpuacct", cpu) };
  }
  const unified = paths.get("");
  if (unified === undefined) return null;
  return { version: 2, memory: join(cgroup, unified), cpu: join(cgroup, unified) };
}

/** Reads what a control group has used, or answers null when it is gone. */
export async function readUsage({ version, memory, cpu }: Cgroup): Promise<Usage | null> {
  const files = version === 2
    ? { used: "memory.current", cache: "inactive_file", cpu: "cpu.stat" }
    : { used: "memory.usage_in_bytes", cache: "total_inactive_file", cpu: "cpuacct.usage" };
  try {
    const [used, stat, time] = await Promise.all([
      Deno.readTextFile(join(memory, files.used)),
      Deno.readTextFile(join(memory, "memory.stat")),
      Deno.readTextFile(join(cpu, files.cpu)),
    ]);
    const memoryBytes = Math.max(0, Number(used) - (field(stat, files.cache) ?? 0));
    const cpuSeconds = version === 2 ? (field(time, "usage_usec") ?? NaN) / 1e6 : Number(time) / 1e9;
    return Number.isFinite(memoryBytes) && Number.isFinite(cpuSeconds) ? { memoryBytes, cpuSeconds } : null;
  } catch {
    return null;
  }
}

function field(text: string, name: string): number | null {
  const value = new RegExp(`^${name} (\\d+)$`, "m").exec(text)?.[1];
  return value === undefined ? null : Number(value);
}
