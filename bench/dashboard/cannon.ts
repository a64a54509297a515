import autocannon from "autocannon";
import * as z from "zod";

/**
 * Asks for the paths that its argument names, as JSON, and prints autocannon's report. A process of its own, so that
 * what is measured does not share a thread with who measures. The connections take turns: asked for in this order,
 * a path comes again only when all others had theirs.
 */
const load = z.object({
  url: z.string(),
  paths: z.array(z.string()).min(1),
  seconds: z.number(),
  connections: z.number(),
  rate: z.number().optional(),
}).parse(JSON.parse(Deno.args[0] ?? ""));

let turn = 0;
const report: unknown = await autocannon({
  url: load.url,
  duration: load.seconds,
  connections: load.connections,
  headers: { "accept-encoding": "gzip" },
  ...load.rate === undefined ? {} : { overallRate: load.rate },
  setupClient(client: { setRequests(requests: { path: string }[]): void }) {
    const mine = turn++ % Math.min(load.connections, load.paths.length);
    client.setRequests(
      load.paths.filter((_, at) => at % load.connections === mine).map((path) => ({ path })),
    );
  },
});
await Deno.stdout.write(new TextEncoder().encode(JSON.stringify(report)));
