import * as z from "zod";
import { runCommand } from "../../common/command.ts";
import { get } from "node:http";

/** Requests to some pages of one server, in turn. */
export interface Load {
  /** The server's origin. */
  url: string;
  paths: readonly string[];
  seconds: number;
  connections: number;
  /** Requests a second; as many as possible without. */
  rate?: number;
}

const report = z.object({
  latency: z.object({ p99: z.number() }),
  requests: z.object({ average: z.number() }),
  non2xx: z.number(),
  errors: z.number(),
});

/**
 * Puts a load on a server with autocannon. At a fixed rate, a late answer also counts against the requests that had to
 * wait for it.
 */
export async function load(options: Load): Promise<{ p99Ms: number; rps: number }> {
  const result = await runCommand([
    Deno.execPath(),
    "run",
    "-A",
    "-q",
    "--no-check",
    "bench/dashboard/cannon.ts",
    JSON.stringify(options),
  ], { timeoutMs: (options.seconds + 60) * 1000, cwd: new URL("../..", import.meta.url).pathname });
  if (!result.success) throw new Error(`Could not run autocannon: ${result.stderr}`);
  const said = report.parse(JSON.parse(result.stdout.slice(result.stdout.indexOf("{"))));
  if (said.non2xx + said.errors > 0) {
    throw new Error(
      `${options.url}${
        options.paths[0]
      } answered ${said.non2xx} requests badly and ${said.errors} not at all`,
    );
  }
  return { p99Ms: said.latency.p99, rps: Math.round(said.requests.average) };
}

/**
 * Asks for a page as a browser does.
 * @returns milliseconds until all of it was there, and the bytes of its body as they were sent: `fetch` would unpack
 * them
 */
export function wire(url: string): Promise<{ ms: number; bytes: number }> {
  const began = performance.now();
  return new Promise((resolve, reject) => {
    get(url, { headers: { "accept-encoding": "gzip" }, agent: false }, (answer) => {
      let bytes = 0;
      answer.on("data", (chunk: Uint8Array) => bytes += chunk.length);
      answer.on("end", () => resolve({ ms: performance.now() - began, bytes }));
      answer.on("error", reject);
    }).on("error", reject);
  });
}
