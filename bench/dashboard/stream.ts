import { Reports } from "./reports.ts";
import { forgetPeak, peakMb, rssMb, type Served } from "./servers.ts";

const recipe = "recipe-0";

/** Sends one long log, and measures whether time and memory grow with its length. */
export async function ingest(
  dashboard: Served,
  options: { mb: number },
): Promise<{ linearity: number; mbPerSecond: number; rssGrowthMb: number }> {
  const reports = new Reports(dashboard, { run: "longlog-1", recipe });
  await reports.announce("running");
  await reports.start();
  const t = new Date().toISOString();
  const line = JSON.stringify({ t, type: "log", stage: "install", line: "x".repeat(180) });
  const perBatch = Math.ceil(1e6 / line.length);
  const body = `${line}\n`.repeat(perBatch);
  const half = Math.max(1, Math.floor(options.mb / 2));
  const times: number[] = [];
  const memory: number[] = [];
  for (let part = 0; part < 2; part++) {
    const began = performance.now();
    for (let at = 0; at < half; at++) await reports.send(body, perBatch);
    times.push((performance.now() - began) / 1000);
    memory.push(await rssMb(dashboard.pid));
  }
  const [first = NaN, second = NaN] = times;
  const [before = NaN, after = NaN] = memory;
  return {
    linearity: second / first,
    mbPerSecond: 2 * half / (first + second),
    rssGrowthMb: after - before,
  };
}

/** A harness sends what it has twice a second. */
const BATCH_MS = 500;
const LAST = "the last line";
/** How long the last line may be on its way, and how long nothing is said before memory is read once more. */
const LATE_MS = 30_000;
const REST_MS = 5_000;

/**
 * Lets many people watch one running log, all of them to its end and a while longer.
 * @returns how many saw the last line and are still there, when the last of them did, and the memory it took: at its
 * peak while lines flow, and at rest, with everybody connected
 */
export async function watch(
  dashboard: Served,
  options: { viewers: number; linesPerSecond: number; seconds: number },
): Promise<{ served: number; ms: number; peakMb: number; restingMb: number }> {
  const reports = new Reports(dashboard, { run: "watched-1", recipe });
  await reports.announce("running");
  await reports.start();
  await forgetPeak(dashboard.pid);
  const viewers: Viewer[] = [];
  try {
    for (let at = 0; at < options.viewers; at++) viewers.push(await Viewer.of(dashboard, reports.run));
    const perBatch = options.linesPerSecond * BATCH_MS / 1000;
    for (let sent = 0; sent < options.seconds * 1000 / BATCH_MS; sent++) {
      const due = performance.now() + BATCH_MS;
      await reports.lines(
        Array.from({ length: perBatch }, (_, at) => `line ${sent * perBatch + at} ${"x".repeat(80)}`),
      );
      await pause(due - performance.now());
    }
    const began = performance.now();
    await reports.lines([LAST]);
    const late = pause(LATE_MS);
    await Promise.race([late, Promise.all(viewers.map((viewer) => viewer.saw))]);
    const ms = performance.now() - began;
    const peak = await peakMb(dashboard.pid);
    await pause(REST_MS);
    const served = viewers.filter((viewer) => viewer.served).length;
    return { served, ms, peakMb: peak, restingMb: await rssMb(dashboard.pid) };
  } finally {
    for (const viewer of viewers) viewer.hangUp();
  }
}

/**
 * Somebody who watches a running log, on a bare socket, so that a thousand of them cost the measuring process little.
 */
class Viewer {
  readonly #socket: Deno.Conn;
  readonly #saw = Promise.withResolvers<void>();
  #served = false;
  #gone = false;

  private constructor(socket: Deno.Conn) {
    this.#socket = socket;
    this.#read();
  }

  static async of(dashboard: Served, run: string): Promise<Viewer> {
    const { hostname, port, host } = new URL(dashboard.url);
    const socket = await Deno.connect({ hostname, port: Number(port) });
    await socket.write(new TextEncoder().encode(`GET /runs/${run}/log HTTP/1.1\r\nhost: ${host}\r\n\r\n`));
    return new Viewer(socket);
  }

  /** Resolves when it saw the last line. */
  get saw(): Promise<void> {
    return this.#saw.promise;
  }

  /** Whether it saw the last line and is still connected. */
  get served(): boolean {
    return this.#served && !this.#gone;
  }

  hangUp(): void {
    if (!this.#gone) this.#socket.close();
    this.#gone = true;
  }

  async #read(): Promise<void> {
    const buffer = new Uint8Array(16 * 1024);
    const decoder = new TextDecoder("latin1");
    let end = "";
    try {
      while (true) {
        const got = await this.#socket.read(buffer);
        if (got === null) break;
        if (this.#served) continue;
        const text = end + decoder.decode(buffer.subarray(0, got));
        end = text.slice(-LAST.length);
        if (!text.includes(LAST)) continue;
        this.#served = true;
        this.#saw.resolve();
      }
    } catch {
      // Either side may have hung up: `served` tells which.
    }
    this.hangUp();
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}
