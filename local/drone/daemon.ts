import { createHash } from "node:crypto";
import { writePrivate } from "../host/accounts.ts";
import { StackError } from "../host/errors.ts";
import {
  answersInTime,
  isHealthy,
  ownProcess,
  type ProcessId,
  startDetached,
  stopProcess,
  untilAnswers,
} from "../host/process.ts";
import type { Step } from "../host/progress.ts";

const READY_MS = 120_000;

export interface Daemon {
  /** As people read it. */
  name: string;
  /** Its command line; the last argument names the file of its settings, which tells it from other stacks'. */
  argv: string[];
  /** The file, and what is written to it. */
  settings: { file: string; values: Record<string, string> };
  cwd: string;
  files: { log: string; pidFile: string; mark: string };
  /** Address that answers 200 once it is ready. */
  health: string;
  /** Milliseconds it gets to end. */
  graceMs: number;
}

/**
 * Starts a program that goes on running, and waits until it answers. One that runs already with these settings stays.
 */
export async function ensureDaemon(daemon: Daemon, step: Step): Promise<void> {
  const { name, argv, settings, cwd, files, health } = daemon;
  const wanted = createHash("sha256").update(JSON.stringify([argv, settings])).digest("hex");
  const running = ownDaemon(daemon);
  const same = await Deno.readTextFile(files.mark).catch(() => "") === wanted;
  if (running !== undefined && same && await answersInTime(() => isHealthy(health))) {
    step.done("already running");
    return;
  }
  await stopProcess(running, { graceMs: daemon.graceMs });
  await writePrivate(settings.file, settingsText(settings.values));
  step.update("starting");
  const { log, pidFile } = files;
  const id = await startDetached(argv, { cwd, env: environment(cwd), clearEnv: true, log, pidFile });
  await Deno.writeTextFile(files.mark, wanted);
  await untilAnswers(id, { name, log, answers: () => isHealthy(health), readyMs: READY_MS });
}

/** Its process, if it runs. */
export function ownDaemon({ settings, files }: Pick<Daemon, "settings" | "files">): ProcessId | undefined {
  return ownProcess(files.pidFile, (argv) => argv.at(-1) === settings.file);
}

/**
 * Lines as Drone's programs read them. Single quotes keep blanks and dollar signs as they are.
 * @throws {StackError} for a value that cannot be written so
 */
export function settingsText(values: Record<string, string>): string {
  return Object.entries(values).map(([name, value]) => {
    if (/['\n\r]/.test(value)) throw new StackError(`Could not write the setting "${name}": it has a quote`);
    return `${name}='${value}'\n`;
  }).join("");
}

/** What every program may count on, and nothing else of the caller's: steps inherit a part of it. */
function environment(home: string): Record<string, string> {
  return { PATH: Deno.env.get("PATH") ?? "", HOME: home, LANG: "C.UTF-8" };
}
