import { SMALL_HEAP } from "../../common/small_heap.ts";
import { waitFor } from "../../common/time.ts";

export const bridgeToken = "bridge-token-of-the-bench";
export const runnerToken = "runner-token-of-the-bench";
const root = new URL("../..", import.meta.url).pathname;

/** Folder of the enrolments, below a dashboard's state. */
export const ENROLMENTS = "recipes";

/** A program under measurement. */
export interface Served {
  url: string;
  pid: number;
  /** Milliseconds from the start of the process to its first answer. */
  startMs: number;
  stop(): Promise<void>;
}

/** The real dashboard as its own process, on data that is there already. */
export function serveDashboard(state: string): Promise<Served> {
  const port = freePort();
  return start(["dashboard.ts"], {
    port,
    path: "/healthz",
    env: {
      CCCI_LISTEN: `127.0.0.1:${port}`,
      CCCI_STATE: state,
      CCCI_RECIPES: `${state}/${ENROLMENTS}`,
      CCCI_DASHBOARD_URL: `http://127.0.0.1:${port}`,
      CCCI_BRIDGE_TOKEN: bridgeToken,
      CCCI_RUNNER_TOKEN: runnerToken,
      CCCI_KEEP_RUNS: "1000000",
    },
  });
}

/** The smallest server that hono can make, for comparison. */
export function serveHello(): Promise<Served> {
  const port = freePort();
  return start(["bench/dashboard/hello.ts", String(port)], { port, path: "/", env: {} });
}

async function start(
  argv: string[],
  options: { port: number; path: string; env: Record<string, string> },
): Promise<Served> {
  const began = performance.now();
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "-q", "--no-check", SMALL_HEAP, ...argv],
    cwd: root,
    env: options.env,
    stdout: "null",
    stderr: "null",
  }).spawn();
  const url = `http://127.0.0.1:${options.port}`;
  await waitFor(
    async () => (await fetch(`${url}${options.path}`).then((a) => a.text()).catch(() => "")) !== "",
    {
      what: `${argv[0]} to answer`,
      timeoutMs: 60_000,
      everyMs: 5,
    },
  );
  return {
    url,
    pid: child.pid,
    startMs: performance.now() - began,
    async stop() {
      child.kill("SIGTERM");
      await child.status;
    },
  };
}

/** Memory of a process that is in RAM, in MB of 10⁶ bytes. */
export function rssMb(pid: number): Promise<number> {
  return memoryMb(pid, "VmRSS");
}

/** The most memory of a process that was ever in RAM, in MB of 10⁶ bytes. */
export function peakMb(pid: number): Promise<number> {
  return memoryMb(pid, "VmHWM");
}

/** Lets the peak of a process count from now on. Source: proc_pid_clear_refs(5). */
export async function forgetPeak(pid: number): Promise<void> {
  await Deno.writeTextFile(`/proc/${pid}/clear_refs`, "5");
}

async function memoryMb(pid: number, line: "VmRSS" | "VmHWM"): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(new RegExp(`${line}:\\s+(\\d+)`).exec(status)?.[1] ?? NaN) * 1024 / 1e6;
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
