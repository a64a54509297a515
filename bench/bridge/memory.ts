import { dashboardClient } from "../../bridge/reports/dashboard_client.ts";
import { FakeClock } from "../../common/testing/fake_clock.ts";
import { ingressFetch } from "../../common/ingress.ts";
import type { Turn } from "./outside.ts";
import { Watcher } from "./watcher.ts";

/** What a process holds, in megabytes: all of it as it stands, and its heap after everything unused was freed. */
export interface Memory {
  rss: number;
  heap: number;
}

/**
 * A program of its own, so that nothing but the bridge counts: brings many runs to their end and prints its memory
 * after a tenth of them and after all.
 */
async function main({ url, repos, runs }: { url: string; repos: number; runs: number }): Promise<void> {
  const clock = new FakeClock();
  const fetch = ingressFetch({ address: "127.0.0.1:443" });
  const dashboard = dashboardClient({ url, token: "bridge-token", fetch });
  using watcher = new Watcher({ clock, forge: { url, fetch }, dashboard, repos });
  const turn = async (command: boolean) => {
    const ended = await watcher.tick();
    const said: Turn = { now: clock.now(), command, ended };
    await (await fetch(`${url}/turn`, { method: "POST", body: JSON.stringify(said) })).body?.cancel();
  };
  await turn(false);
  let early: Memory | null = null;
  for (let run = 0; run < runs; run++) {
    if (run === Math.floor(runs / 10)) early = memory();
    await turn(true);
  }
  while (watcher.live > 0) await turn(false);
  Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify({ early, late: memory() })}\n`));
}

function memory(): Memory {
  const { rss } = Deno.memoryUsage();
  (globalThis as { gc?: () => void }).gc?.();
  const { heapUsed, external } = Deno.memoryUsage();
  return { rss: rss / 1e6, heap: (heapUsed + external) / 1e6 };
}

if (import.meta.main) {
  const [url = "", repos, runs] = Deno.args;
  await main({ url, repos: Number(repos), runs: Number(runs) });
}
