import { join } from "node:path";
import { execOk } from "../../common/exec.ts";
import { HarnessRun } from "../../e2e/harness_cli.ts";
import { runEvent } from "../../protocol/events.ts";
import type { Stack } from "../../local/stack/stack.ts";
import { hasIpvs } from "../../local/abra/engine.ts";
import type { HarnessLap, Lap } from "./figures.ts";
import { MemoryWatch } from "./memory.ts";
import type { Subject } from "./recipes.ts";
import { timeline } from "./timeline.ts";

const LIMIT_MS = 900_000;

/** Runs the operator's script once. */
export async function plainLap(
  subject: Subject,
  options: { stack: Stack; backupBot: string },
): Promise<Lap> {
  const { env } = options.stack;
  const script = join(import.meta.dirname ?? ".", "..", "plain.sh");
  const { stdout } = await execOk(["bash", script, subject.plainCheckout, subject.base, subject.commit], {
    env: {
      BASE_DOMAIN: env.CCCI_BASE_DOMAIN ?? "",
      INGRESS: env.CCCI_INGRESS ?? "",
      CA_FILE: env.CCCI_CA_FILE ?? "",
      BACKUP_BOT: options.backupBot,
      DNSRR: await hasIpvs() ? "0" : "1",
    },
    timeoutMs: LIMIT_MS,
  });
  const { total = NaN, ...steps } = Object.fromEntries(
    stdout.trim().split("\n").map((line) => {
      const [step = "", seconds = ""] = line.split(" ");
      return [step, Number(seconds)];
    }),
  );
  return { steps, total };
}

/** Runs the harness once, and takes its time apart by the events it wrote. */
export async function harnessLap(
  subject: Subject,
  options: { stack: Stack; runs: string; lanes: 1 | 2; only?: string },
): Promise<HarnessLap> {
  const only = options.only === undefined ? [] : ["--only", options.only];
  const began = Date.now();
  await using run = new HarnessRun(options.stack, {
    runs: options.runs,
    args: [subject.checkout, ...only],
    env: {
      CCCI_LANES: String(options.lanes),
      CCCI_RECIPES: options.only === undefined ? subject.enrolments : subject.withoutTests,
    },
  });
  using memory = new MemoryWatch(run.pid);
  const { code, result, stderr } = await run.ended;
  const ended = Date.now();
  if (code !== 0 || result === undefined) {
    throw new Error(`The harness ended with exit code ${code}:\n${stderr}`);
  }
  const text = await Deno.readTextFile(join(options.runs, result.run, "events.ndjson"));
  const events = text.trim().split("\n").map((line) => runEvent.parse(JSON.parse(line)));
  return {
    ...timeline(events, { began, ended }),
    imposed: result.imposedSeconds,
    abraCalls: events.filter((event) => event.type === "log" && event.line.startsWith("$ abra ")).length,
    rssMb: memory.peakMb,
    rssSumMb: memory.sumMb,
    rssParts: memory.parts,
  };
}
