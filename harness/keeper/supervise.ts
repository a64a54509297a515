import { join } from "node:path";
import { FAMILY } from "../../common/exec.ts";
import { describeError } from "../../common/errors.ts";
import { formatSeconds, systemClock } from "../../common/time.ts";
import type { RunEvent } from "../../protocol/events.ts";
import type { StageName } from "../../protocol/result.ts";
import { noteImage } from "../images/pulled.ts";
import { faultMark } from "../run/fault_mark.ts";
import { linesOf, parseMessage, type UsedImage, workerMessage } from "../run/messages.ts";
import { killFamily } from "../run/process_tree.ts";
import type { RunRecord } from "../run/record.ts";
import type { RunFolder, RunPlan } from "../run/folder.ts";
import { RunDeadline, runLimitOf } from "./run_deadline.ts";
import { StageDeadlines } from "./stage_deadlines.ts";
import { processCommand } from "../run/own_command.ts";
import { mayRunRecipe } from "../run/stage_plan.ts";
import type { RunEnd } from "../run/verdict.ts";

/**
 * KiB of private memory that the worker may have, and each program that it starts and that has no limit of its own. V8
 * bounds its heap by itself, but not the buffers beside it, and these hold what apps answer.
 */
const WORKER_MEMORY = 1_500_000;

export interface SuperviseOptions {
  plan: RunPlan;
  folder: RunFolder;
  record: RunRecord;
  /** Aborts with a sentence when the run shall be cancelled. */
  cancelled: AbortSignal;
  /** Is called with every event, in order. */
  emit: (event: RunEvent) => Promise<void>;
  /**
   * The worker is started at once, but does nothing before this resolves. If it rejects, the worker is killed and the
   * error thrown; unless the run has been stopped, which then is why this rejects.
   */
  ready: Promise<unknown>;
}

/**
 * Runs the worker to its end, whatever that is, and leaves none of its processes alive.
 * @returns how the run ended; the stages' own failures are in the record
 */
export async function supervise(options: SuperviseOptions): Promise<RunEnd> {
  const { plan, folder, record, cancelled, emit, ready } = options;
  const family = plan.request.run;
  const command = processCommand("worker", folder.path);
  const worker = new Deno.Command("/bin/sh", {
    args: ["-c", `ulimit -S -d ${WORKER_MEMORY}; exec "$@"`, "sh", ...command],
    env: { [FAMILY]: family, ...faultMark("keeper") },
    stdin: "piped", // it gets one line, "go"; when it ends, the worker knows that the keeper is dead
    stdout: "piped",
    stderr: "piped",
    detached: true,
  }).spawn();

  let end: RunEnd | null = null;
  let stopping = Promise.resolve();
  const stop = (why: RunEnd) => {
    if (end !== null) return;
    // Where all stages have ended already, the run has its verdict, and no more than its worker is ended.
    end = record.complete ? { kind: "finished" } : why;
    // A failure here must not end the keeper: the loop below goes on until the worker is gone, and kills again.
    stopping = killFamily(family, worker.pid).catch(() => {});
  };
  const cancel = () => stop({ kind: "cancelled", cause: String(cancelled.reason) });
  if (cancelled.aborted) cancel();
  cancelled.addEventListener("abort", cancel, { once: true });
  const limited = {
    startedAt: plan.startedAt,
    engine: plan.request.mode === "ci",
    now: systemClock.now(),
  };
  const deadline = new RunDeadline(runLimitOf(plan.settings, limited), {
    clock: systemClock,
    late(why) {
      const [stage = null, ...more] = record.running;
      const blocked = why.kind === "timed_out" && more.length === 0 && stage !== null
        ? waitedInVain(stage, { record, cause: why.cause })
        : null;
      stop(blocked ?? { ...why, stage });
    },
  });
  using stages = new StageDeadlines({
    clock: systemClock,
    late: (stage, ms) => stop(stuckIn(stage, { ms, record })),
  });

  const chatter = keepChatter(worker.stderr, join(folder.path, "worker.log")).catch(() => {});
  const toWorker = worker.stdin.getWriter();
  let status: Deno.CommandStatus;
  try {
    await ready;
    // A worker that is dead already is reported below.
    await toWorker.write(new TextEncoder().encode("go\n")).catch(() => {});
    for await (const line of linesOf(worker.stdout)) {
      const message = parseMessage(workerMessage, line);
      if (message === null) continue;
      deadline.see(message);
      stages.see(message);
      record.learn(message);
      if (message.type === "image") await noteOwn(message.image, { plan, record });
      if (message.type === "volumes") await folder.noteVolumes(message.names);
      if (message.type === "event") await emit(message.event);
    }
    status = await worker.status;
  } catch (error) {
    await killFamily(family, null);
    await Promise.allSettled([worker.stdout.cancel(), worker.status, chatter]);
    if (end === null) throw error;
    return end;
  } finally {
    deadline[Symbol.dispose]();
    cancelled.removeEventListener("abort", cancel);
    await stopping;
    // Kills what the worker left running, by the mark alone: the worker's process id may be somebody else's by now.
    await killFamily(family, null);
    await toWorker.abort().catch(() => {}); // the pipe to a process that is gone may have broken
  }
  await chatter;
  if (end !== null) return end;
  if (record.timedOut !== null) return { kind: "timed_out", ...record.timedOut };
  if (record.complete && status.success) return { kind: "finished" };
  const how = status.signal === null ? `with exit code ${status.code}` : `by ${status.signal}`;
  const stage = [...record.running][0] ?? null;
  return { kind: "infra", cause: `The test process ended ${how} before it was through`, stage };
}

/** Writes down an image that the run has, so that it can go once nobody uses it. Where that fails, it stays for good. */
async function noteOwn(
  image: UsedImage,
  { plan: { request, settings }, record }: Pick<SuperviseOptions, "plan" | "record">,
): Promise<void> {
  const at = new Date(systemClock.now()).toISOString();
  await noteImage(settings.RUNS, { image, recipe: request.recipe, at }).catch((error) =>
    record.note(`Could not write down that the run has image "${image.name}": ${describeError(error)}`)
  );
}

/** How a run ends whose worker did not end a stage that was over time. */
export function stuckIn(
  stage: StageName,
  { ms, record }: { ms: number; record: Pick<RunRecord, "published"> },
): RunEnd {
  const cause = `It ran longer than ${formatSeconds(ms)}`;
  return waitedInVain(stage, { record, cause }) ??
    { kind: mayRunRecipe(stage) ? "timed_out" : "infra", cause, stage };
}

/** How a run ends that is late because of the published version, for which the head is not at fault. */
function waitedInVain(
  stage: StageName,
  { record, cause }: { record: Pick<RunRecord, "published">; cause: string },
): RunEnd | null {
  return stage !== "upgrade" || record.published === null ? null : {
    kind: "blocked",
    cause: `the published version ${record.published}, which does not end in time: ${cause}`,
    stage,
  };
}

/**
 * Keeps the worker's standard error in a file, up to 1 MiB. It is for people who look for a mistake in this suite, and
 * does not belong on a terminal.
 */
async function keepChatter(stream: ReadableStream<Uint8Array>, path: string): Promise<void> {
  let room = 1024 * 1024;
  for await (const chunk of stream) {
    if (room <= 0) continue;
    room -= chunk.length;
    await Deno.writeFile(path, chunk, { append: true, create: true });
  }
}
