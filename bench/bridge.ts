import { fileURLToPath } from "node:url";
import * as z from "zod";
import { execOk } from "../common/exec.ts";
import { SMALL_HEAP } from "../common/small_heap.ts";
import { outside } from "./bridge/outside.ts";
import { droneStartTimes, reactionTimes, stackPollSeconds } from "./bridge/stack.ts";
import { Town } from "./bridge/town.ts";
import { tickSeconds } from "./bridge/watcher.ts";
import { type Aim, figuresTable, print, rounded, say } from "./figures.ts";
import { launcherCommand } from "../local/host/command_line.ts";

/** What the bench measured; names are stable, for graphs over time. */
interface Figures {
  repos: number;
  pulls: number;
  /** Calls of the forge's API with nobody writing, averaged over a day with its sweep. */
  idle_calls_per_hour: number;
  /** At 100 commands an hour. */
  busy_calls_per_hour: number;
  /** After two hours away with 50 commands missed: until the last of them has its comment, by the forge's clock. */
  catch_up_s: number;
  catch_up_calls: number;
  runs: number;
  /** Of a bridge alone in its process, once all those runs are over. */
  rss_mb: number;
  /** From a tenth of the runs on. */
  rss_growth_mb: number;
  /** The part of it that is in use, after everything unused was freed. */
  heap_mb: number;
  heap_growth_mb: number;
  /** On the local stack, seconds: a command's comment until the forge rings; `null` if left out. */
  delivery_p95_s: number | null;
  /** From the forge's ring to the bridge's comment. */
  webhook_p95_s: number | null;
  /** A command's comment until the bridge's, found by looking every 15 s. */
  ack_p95_s: number | null;
  /** A run accepted until the first event of its harness, on the local engine. */
  start_p95_s: number | null;
  /** A run's end until its comment shows it. */
  edit_p95_s: number | null;
  /** The same with runs as builds of a Drone, its runner busy until just now; `null` without `--drone`. */
  drone_start_p95_s: number | null;
  /** The same with a runner that had nothing to do for more than 30 s. */
  drone_idle_start_max_s: number | null;
}

const aims: Aim<Figures>[] = [
  { name: "idle_calls_per_hour", text: "≤ 300", met: (f) => f.idle_calls_per_hour <= 300 },
  { name: "rss_mb", text: "≤ 120 MB", met: (f) => f.rss_mb <= 120 },
  { name: "rss_growth_mb", text: "≤ 20 MB", met: (f) => f.rss_growth_mb <= 20 },
  { name: "webhook_p95_s", text: "≤ 2 s", met: (f) => (f.webhook_p95_s ?? 0) <= 2 },
  {
    name: "ack_p95_s",
    text: `≤ ${stackPollSeconds + 1} s`,
    met: (f) => (f.ack_p95_s ?? 0) <= stackPollSeconds + 1,
  },
  { name: "start_p95_s", text: "≤ 1 s", met: (f) => (f.start_p95_s ?? 0) <= 1 },
  { name: "drone_start_p95_s", text: "≤ 1 s", met: (f) => (f.drone_start_p95_s ?? 0) <= 1 },
  { name: "drone_idle_start_max_s", text: "≤ 12 s", met: (f) => (f.drone_idle_start_max_s ?? 0) <= 12 },
];

interface Options {
  json?: boolean;
  drone?: boolean;
  repos: number;
  pulls: number;
  runs: number;
  reactions: number;
}

/** `./cc-ci bench bridge`: what the bridge asks of a forge, and how it grows. */
export async function benchBridge(argv: string[]): Promise<number> {
  const program = launcherCommand("bench bridge")
    .description(
      "Measures the bridge on a made-up forge, in made-up time, then its reactions on the local stack.",
    )
    .option("--json", "print the figures as one JSON object")
    .option("--drone", "measure start times with runs as builds of a Drone, too")
    .option("--reactions <n>", "commands on the local stack, with and without webhook; 0: none", Number, 10)
    .option("--repos <n>", "repositories", Number, 1000)
    .option("--pulls <n>", "pull requests of each", Number, 20)
    .option("--runs <n>", "runs over which memory is watched", Number, 10_000)
    .parse(argv, { from: "user" });
  const options = program.opts<Options>();
  const figures = await measure(options);
  print(options.json ? JSON.stringify(figures) : figuresTable(figures, aims));
  return 0;
}

async function measure(options: Options): Promise<Figures> {
  const { repos, pulls } = options;
  const calls = await countCalls({ repos, pulls });
  const memory = await watchMemory(options);
  const reactions = options.reactions > 0 ? await reactionTimes(options.reactions) : null;
  const started = options.drone ? await droneStartTimes(options.reactions) : null;
  return {
    repos,
    pulls: repos * pulls,
    ...calls,
    runs: options.runs,
    ...memory,
    delivery_p95_s: reactions?.delivery ?? null,
    webhook_p95_s: reactions?.webhook ?? null,
    ack_p95_s: reactions?.ack ?? null,
    start_p95_s: reactions?.start ?? null,
    edit_p95_s: reactions?.edit ?? null,
    drone_start_p95_s: started?.warmP95 ?? null,
    drone_idle_start_max_s: started?.idleMax ?? null,
  };
}

async function countCalls(size: { repos: number; pulls: number }) {
  using town = new Town(size);
  await town.tick();
  const counted = async (work: () => Promise<void>) => {
    const before = town.calls;
    await work();
    return town.calls - before;
  };
  say(`A day without commands, ${size.repos * size.pulls} pull requests`);
  const idle = await counted(() => town.hours(24)) / 24;
  say("An hour with 100 commands");
  const ticks = 3600 / tickSeconds;
  const busy = await counted(async () => {
    for (let tick = 0; tick < ticks; tick++) {
      const due = Math.floor((tick + 1) * 100 / ticks) - Math.floor(tick * 100 / ticks);
      for (let one = 0; one < due; one++) town.command();
      await town.tick();
    }
  });
  while (town.live > 0) await town.tick();
  say("Two hours away, 50 commands missed");
  const answered = town.answered;
  for (let missed = 0; missed < 50; missed++) {
    town.command();
    town.clock.pass(144);
  }
  const back = town.clock.now();
  const catchUp = await counted(async () => {
    while (town.answered < answered + 50) await town.tick();
  });
  return {
    idle_calls_per_hour: rounded(idle),
    busy_calls_per_hour: busy,
    catch_up_s: (town.clock.now() - back) / 1000,
    catch_up_calls: catchUp,
  };
}

const memory = z.object({ rss: z.number(), heap: z.number() });
const memoryShape = z.object({ early: memory, late: memory });

async function watchMemory({ runs, ...size }: { runs: number; repos: number; pulls: number }) {
  say(`${runs} runs`);
  await using around = outside(size);
  const program = fileURLToPath(import.meta.resolve("./bridge/memory.ts"));
  const { stdout } = await execOk([
    Deno.execPath(),
    ...[
      "run",
      "-A",
      "-q",
      `${SMALL_HEAP},--expose-gc`,
      program,
      around.url,
      String(size.repos),
      String(runs),
    ],
  ], { timeoutMs: 3_600_000 });
  const { early, late } = memoryShape.parse(JSON.parse(stdout));
  return {
    rss_mb: rounded(late.rss),
    rss_growth_mb: rounded(late.rss - early.rss),
    heap_mb: rounded(late.heap),
    heap_growth_mb: rounded(late.heap - early.heap),
  };
}
