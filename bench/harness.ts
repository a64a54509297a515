import { Option } from "commander";
import { join } from "node:path";
import { UsageError } from "../common/errors.ts";
import { runCommandOk } from "../common/command.ts";
import { exec } from "../common/exec.ts";
import { ensureImages } from "../local/images/mod.ts";
import { silentProgress } from "../local/host/progress.ts";
import { ensureStack, type Stack } from "../local/stack/stack.ts";
import { print, say } from "./figures.ts";
import { figuresOf, medianOf, type Round } from "./harness/figures.ts";
import { harnessLap, plainLap } from "./harness/laps.ts";
import { benchRecipes, prepareSubject, type Subject } from "./harness/recipes.ts";
import { table } from "./harness/table.ts";
import { launcherCommand } from "../local/host/command_line.ts";

/** Stages of the harness that do what the script does, apart from backup and restore. */
const SAME_STEPS = "upgrade";

/** `./cc-ci bench harness`: what a run costs beside a shell script that does the same by hand. */
export async function benchHarness(argv: string[]): Promise<number> {
  const program = launcherCommand("bench harness")
    .description("Times whole runs and a plain shell script in turn, on the same recipe and images.")
    .option("--json", "print the figures as one JSON object, too, on the last line of standard output")
    .option("--rounds <n>", "times each is run", Number, 3)
    .addOption(
      new Option("--recipe <name>", "what is deployed").choices([...benchRecipes]).default("quick"),
    )
    .parse(argv, { from: "user" });
  const { json, rounds: count, recipe } = program.opts<
    { json?: boolean; rounds: number; recipe: Subject["recipe"] }
  >();
  if (!Number.isInteger(count) || count < 1) throw new UsageError("--rounds takes a number from 1");
  say("Stack");
  const stack = await ensureStack({ progress: silentProgress, parts: ["traefik", "backup-bot"] });
  const folder = await Deno.makeTempDir({ prefix: "cc-ci-bench-" });
  try {
    const subject = await prepareSubject(recipe, { folder, recipes: stack.env.CCCI_RECIPES ?? "" });
    const { cache, engineIsOurs } = stack;
    await ensureImages(subject.images, { progress: silentProgress, cache, engineIsOurs });
    const backupBot = await findBackupBot();
    const runs = join(folder, "runs");
    const rounds: Round[] = [];
    for (let round = 1; round <= count; round++) {
      const lap = async <T extends { total: number }>(what: string, work: () => Promise<T>) => {
        const done = await work();
        say(`Round ${round}/${count}, ${what}: ${done.total.toFixed(1)} s`);
        return done;
      };
      rounds.push({
        plain: await lap("script", () => plainLap(subject, { stack, backupBot })),
        sameSteps: await lap(
          "same steps",
          () => harnessLap(subject, { stack, runs, lanes: 1, only: SAME_STEPS }),
        ),
        oneLane: await lap("one lane", () => harnessLap(subject, { stack, runs, lanes: 1 })),
        twoLanes: await lap("two lanes", () => harnessLap(subject, { stack, runs, lanes: 2 })),
      });
    }
    const figures = figuresOf(rounds, { recipe, abraCallS: await abraStart(stack) });
    print(table(figures, subject));
    if (json) print(JSON.stringify(figures));
    return 0;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The container of the stack's backup bot, in which the script finds restic. */
async function findBackupBot(): Promise<string> {
  const list = async (...args: string[]) => (await runCommandOk(["docker", ...args])).stdout.trim();
  const enabled = "label=coop-cloud.backupbot.enabled=true";
  const service = await list("service", "ls", "--format", "{{.Name}}", "--filter", enabled);
  const containers = await list("ps", "-q", "--filter", `label=com.docker.swarm.service.name=${service}`);
  const [id] = containers.split("\n");
  if (service === "" || !id) throw new UsageError("No backup bot runs on this machine");
  return id;
}

/** Seconds that abra takes to start and say its version. */
async function abraStart(stack: Stack): Promise<number> {
  const times: number[] = [];
  for (let at = 0; at < 5; at++) {
    const env = { CCCI_DENO: Deno.execPath() };
    times.push((await exec([stack.env.CCCI_ABRA ?? "abra", "--version"], { env })).ms / 1000);
  }
  return medianOf(times);
}
