import { FakeClock } from "../../common/testing/fake_clock.ts";
import { FakeDashboard } from "../../bridge/testing/fake_dashboard.ts";
import { stageName } from "../../protocol/result.ts";
import { sampleStage } from "../../protocol/testing/sample_result.ts";
import { Forge, type Size } from "./forge.ts";

/** What the bridge's process tells the one that plays everything around it. */
export interface Turn {
  /** Time on its clock, milliseconds. */
  now: number;
  /** Whether a member is to ask for a run. */
  command: boolean;
  /** Runs whose harness came to its end. */
  ended: string[];
}

/** What a harness hands in, at about the usual length. */
const stages = stageName.options.map((name) =>
  sampleStage({
    name,
    proofs: ["answers at /", "page opened", "3 tests passed"],
    tail: Array.from({ length: 20 }, (_, line) =>
      `${line} GET / HTTP/1.1 200 a line as a web server writes it`),
  })
);

/**
 * A made-up forge and dashboard behind a port, for a bridge in another process: what these remember is then no part
 * of the bridge's memory. Their clock is the bridge's, which hands it over by `POST /turn`.
 */
export function outside(size: Size): AsyncDisposable & { url: string } {
  const clock = new FakeClock();
  const forge = new Forge(size, clock);
  const dashboard = new FakeDashboard(clock);
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname.startsWith("/api/v1/")) return await forge.gitea.fetch(request);
    if (pathname.startsWith("/api/runs/")) return await dashboard.fetch(request);
    const { now, command, ended }: Turn = await request.json();
    clock.pass((now - clock.now()) / 1000);
    for (const run of ended) dashboard.result(run, { result: "passed", stages });
    if (command) forge.command();
    forge.forgetPast();
    for (const run of [...dashboard.runs.keys()].slice(0, -100)) dashboard.runs.delete(run);
    return new Response(null, { status: 204 });
  });
  return { url: `http://127.0.0.1:${server.addr.port}`, [Symbol.asyncDispose]: () => server.shutdown() };
}
