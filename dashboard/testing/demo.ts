import { systemClock } from "../../common/time.ts";
import { serve } from "../routes/serve.ts";
import { FakeClock } from "../../common/testing/fake_clock.ts";
import { TestDashboard } from "./dashboard.ts";
import { fillWithSample } from "./sample.ts";

/**
 * Shows the dashboard with made-up runs, to look at its pages while working on them:
 * `deno run -A dashboard/testing/demo.ts [host:port]`
 */
async function main(listen: string): Promise<void> {
  const stop = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) Deno.addSignalListener(signal, () => stop.abort());
  await using dashboard = new TestDashboard({
    clock: new FakeClock(Date.now()),
    baseUrl: `http://${listen}`,
  });
  await fillWithSample(dashboard);
  await Deno.stderr.write(new TextEncoder().encode(`http://${listen}/\n`));
  await serve({ ...dashboard.deps, clock: systemClock, keepAliveMs: 15_000 }, {
    listen,
    stop: stop.signal,
    clock: systemClock,
  });
}

if (import.meta.main) await main(Deno.args[0] ?? "127.0.0.1:8099");
