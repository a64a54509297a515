import { type Served, serveDashboard, serveHello } from "./dashboard/servers.ts";
import { type Load, load, wire } from "./dashboard/load.ts";
import { fill, recipeOf, type Size } from "./dashboard/fill.ts";
import { ingest, watch } from "./dashboard/stream.ts";
import { Writer } from "./dashboard/writer.ts";
import { type Aim, figuresTable, print, rounded, say } from "./figures.ts";
import { launcherCommand } from "../local/host/command_line.ts";

/** What the bench measured; names are stable, for graphs over time. */
interface Figures {
  recipes: number;
  runs: number;
  cold_start_ms: number;
  /** The overview, asked for once when the program answers and nobody asked for anything before. */
  first_page_ms: number;
  overview_p99_ms: number;
  overview_rps: number;
  /** The body as it goes over the wire to a browser, packed. */
  overview_kb: number;
  /** Over the pages of all recipes, one after the other. */
  recipe_p99_ms: number;
  recipe_rps: number;
  recipe_kb: number;
  /** The longest that bridge or harness waited for an answer while these pages were asked for. */
  write_ms: number;
  badge_rps: number;
  hello_rps: number;
  /** A bare server at 200 requests a second, too: what the machine adds to every figure at the moment. */
  hello_p99_ms: number;
  badge_ratio: number;
  viewers: number;
  viewers_served: number;
  viewers_ms: number;
  ingest_mb: number;
  /** Seconds of the second half of the log over those of the first: 1 means that time is linear. */
  ingest_linearity: number;
  ingest_mb_per_s: number;
  ingest_rss_growth_mb: number;
  /** The most while lines flow to all viewers. */
  rss_mb: number;
  /** With all viewers connected, when nothing was said for a moment. */
  rss_resting_mb: number;
}

const aims: Aim<Figures>[] = [
  { name: "overview_p99_ms", text: "≤ 30 ms at 200 req/s", met: (f) => f.overview_p99_ms <= 30 },
  { name: "overview_kb", text: "≤ 100 kB", met: (f) => f.overview_kb <= 100 },
  { name: "recipe_p99_ms", text: "≤ 100 ms at 200 req/s", met: (f) => f.recipe_p99_ms <= 100 },
  { name: "badge_ratio", text: "≥ 0.5 of a bare hono", met: (f) => f.badge_ratio >= 0.5 },
  { name: "viewers_served", text: "all of them", met: (f) => f.viewers_served === f.viewers },
  { name: "rss_mb", text: "≤ 200 MB with all viewers", met: (f) => f.rss_mb <= 200 },
];

/** `./cc-ci bench dashboard`: what the dashboard bears, on data of the size given. */
export async function benchDashboard(argv: string[]): Promise<number> {
  const program = launcherCommand("bench dashboard")
    .description("Measures the dashboard under load, on made-up runs, on this machine's loopback.")
    .option("--json", "print the figures as one JSON object")
    .option("--recipes <n>", "recipes", Number, 500)
    .option("--runs <n>", "runs of each recipe", Number, 200)
    .option("--viewers <n>", "viewers of one running log", Number, 1000)
    .option("--log-mb <n>", "megabytes of log to take in", Number, 200)
    .option("--seconds <n>", "seconds of each load", Number, 10)
    .parse(argv, { from: "user" });
  const options = program.opts<
    { json?: boolean; recipes: number; runs: number; viewers: number; logMb: number; seconds: number }
  >();
  const state = await Deno.makeTempDir({ prefix: "cc-ci-bench-" });
  try {
    const figures = await measure(state, options);
    print(options.json ? JSON.stringify(figures) : figuresTable(figures, aims));
    return 0;
  } finally {
    await Deno.remove(state, { recursive: true });
  }
}

async function measure(
  state: string,
  options: Size & { viewers: number; logMb: number; seconds: number },
): Promise<Figures> {
  say(`Making ${options.recipes} recipes with ${options.runs} runs each`);
  await fill(state, options);
  const dashboard = await serveDashboard(state);
  const { url } = dashboard;
  let hello: Served | undefined;
  try {
    say("The first page after a start");
    const firstPage = await wire(`${url}/`);
    const writer = new Writer(dashboard, options);
    const all = Array.from({ length: options.recipes }, (_, number) => `/recipes/${recipeOf(number)}`);
    const of = (what: string, paths: readonly string[], more: Partial<Load> = {}) => {
      say(what);
      return load({ url, paths, seconds: options.seconds, connections: 20, ...more });
    };
    const loads = async () => {
      await using _ = writer;
      await of("Warming up", ["/"], { seconds: 2 });
      const overview = await of("Overview at 200 requests a second", ["/"], { rate: 200 });
      const overviewMost = await of("Overview, as fast as it goes", ["/"]);
      writer.lap();
      const recipe = await of("Pages of all recipes at 200 requests a second", all, { rate: 200 });
      const writeMs = writer.lap();
      const recipeMost = await of("Pages of all recipes, as fast as it goes", all);
      const badge = await of("Badge, as fast as it goes", ["/badge/recipe-7.svg"]);
      return { overview, overviewMost, recipe, writeMs, recipeMost, badge };
    };
    const { overview, overviewMost, recipe, writeMs, recipeMost, badge } = await loads();
    hello = await serveHello();
    const bare = await of("A bare hono for comparison", ["/"], { url: hello.url });
    const bareSlow = await of("The bare hono at 200 requests a second", ["/"], { url: hello.url, rate: 200 });
    await hello.stop();
    hello = undefined;
    say(`${options.logMb} MB of log`);
    const log = await ingest(dashboard, { mb: options.logMb });
    say(`${options.viewers} viewers of one running log`);
    const viewers = await watch(dashboard, { viewers: options.viewers, linesPerSecond: 250, seconds: 15 });
    return {
      recipes: options.recipes,
      runs: options.recipes * options.runs,
      cold_start_ms: Math.round(dashboard.startMs),
      first_page_ms: Math.round(firstPage.ms),
      overview_p99_ms: overview.p99Ms,
      overview_rps: overviewMost.rps,
      overview_kb: rounded((await wire(`${url}/`)).bytes / 1000),
      recipe_p99_ms: recipe.p99Ms,
      recipe_rps: recipeMost.rps,
      recipe_kb: rounded((await wire(`${url}/recipes/recipe-7`)).bytes / 1000),
      write_ms: Math.round(writeMs),
      badge_rps: badge.rps,
      hello_rps: bare.rps,
      hello_p99_ms: bareSlow.p99Ms,
      badge_ratio: rounded(badge.rps / bare.rps),
      viewers: options.viewers,
      viewers_served: viewers.served,
      viewers_ms: Math.round(viewers.ms),
      ingest_mb: options.logMb,
      ingest_linearity: rounded(log.linearity),
      ingest_mb_per_s: rounded(log.mbPerSecond),
      ingest_rss_growth_mb: rounded(log.rssGrowthMb),
      rss_mb: rounded(viewers.peakMb),
      rss_resting_mb: rounded(viewers.restingMb),
    };
  } finally {
    await hello?.stop();
    await dashboard.stop();
  }
}
