import { writeError } from "../../common/output.ts";
import { describeError } from "../../common/errors.ts";
import { formatSeconds } from "../../common/time.ts";

/** One piece of work that people may have to wait for. Ends with exactly one of `done` and `fail`. */
export interface Step {
  /** What it is doing right now. */
  update(text: string): void;
  done(note?: string): void;
  fail(cause: unknown): void;
}

/** Says what goes on while the stack comes up. Several steps may be open at a time. */
export interface Progress {
  step(title: string): Step;
  /** A remark on a line of its own. */
  note(text: string): void;
}

/** Runs `work` as a step: its error ends the step as failed and is passed on. */
export async function inStep<T>(
  progress: Progress,
  title: string,
  work: (step: Step) => Promise<T>,
): Promise<T> {
  const step = progress.step(title);
  let ended = false;
  const once: Step = {
    update: (text) => step.update(text),
    done(note) {
      ended = true;
      step.done(note);
    },
    fail(cause) {
      ended = true;
      step.fail(cause);
    },
  };
  try {
    const value = await work(once);
    if (!ended) once.done();
    return value;
  } catch (error) {
    if (!ended) once.fail(error);
    throw error;
  }
}

export const silentProgress: Progress = {
  step: () => ({ update() {}, done() {}, fail() {} }),
  note() {},
};

export interface ProgressOptions {
  write: (text: string) => void;
  /** Lines are filled in and redrawn; without a terminal every change is a line of its own. */
  tty: boolean;
  columns: () => number;
  now: () => number;
}

/** Progress on standard error. */
export function terminalProgress(): Progress {
  return createProgress({
    write: writeError,
    tty: Deno.stderr.isTerminal() && Deno.env.get("TERM") !== "dumb",
    columns() {
      try {
        return Deno.consoleSize().columns;
      } catch {
        return 100;
      }
    },
    now: () => performance.now(),
  });
}

interface OpenStep {
  title: string;
  text: string;
  started: number;
}

const FRAMES = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const REDRAW_MS = 120;
/** Without a terminal: a step that takes longer than this is announced before its end. */
const QUICK_MS = 1_000;
/** Without a terminal: pause between two lines about the same step. */
const QUIET_MS = 20_000;

/**
 * The renderer behind {@linkcode terminalProgress}. dax's own progress would write to this process' standard error and
 * nowhere else, wrap long lines instead of cutting them, and without a terminal repeat every change as a line.
 */
export function createProgress(options: ProgressOptions): Progress {
  return options.tty ? liveProgress(options) : plainProgress(options);
}

function plainProgress({ write, now }: ProgressOptions): Progress {
  return {
    note: (text) => write(`${text}\n`),
    step(title) {
      const started = now();
      let spoken = started;
      const announce = setTimeout(() => write(`… ${title}\n`), QUICK_MS);
      function end(line: string): void {
        clearTimeout(announce);
        write(line);
      }
      return {
        update(text) {
          if (now() - spoken < QUIET_MS) return;
          spoken = now();
          write(`… ${title}: ${text} (${formatSeconds(now() - started)})\n`);
        },
        done: (note) => end(`✓ ${title}${note ? `: ${note}` : ""} (${formatSeconds(now() - started)})\n`),
        fail: (cause) => end(`✗ ${title}: ${describeError(cause)}\n`),
      };
    },
  };
}

function liveProgress({ write, columns, now }: ProgressOptions): Progress {
  const open: OpenStep[] = [];
  let drawn = 0;
  let frame = 0;
  let timer: ReturnType<typeof setInterval> | undefined;

  function erase(): string {
    const up = drawn === 0 ? "" : `\x1b[${drawn}A`;
    drawn = 0;
    return `${up}\r\x1b[J`;
  }
  function draw(above = ""): void {
    let text = erase() + above;
    for (const step of open) {
      const seconds = formatSeconds(now() - step.started);
      const line = `${FRAMES[frame % FRAMES.length]} ${step.title}${step.text ? `: ${step.text}` : ""}`;
      const room = Math.max(20, columns() - seconds.length - 3);
      text += `${line.length > room ? `${line.slice(0, room - 1)}…` : line}  \x1b[2m${seconds}\x1b[0m\n`;
    }
    drawn = open.length;
    write(text);
  }
  function close(step: OpenStep, line: string): void {
    const at = open.indexOf(step);
    if (at >= 0) open.splice(at, 1);
    draw(line);
    if (open.length === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  }
  return {
    note: (text) => draw(`${text}\n`),
    step(title) {
      const step: OpenStep = { title, text: "", started: now() };
      open.push(step);
      timer ??= setInterval(() => {
        frame++;
        draw();
      }, REDRAW_MS);
      draw();
      return {
        update(text) {
          step.text = text.replaceAll(/\s+/g, " ");
        },
        done(note) {
          const time = `\x1b[2m${formatSeconds(now() - step.started)}\x1b[0m`;
          close(step, `\x1b[32m✓\x1b[0m ${title}${note ? `: ${note}` : ""}  ${time}\n`);
        },
        fail: (cause) => close(step, `\x1b[31m✗\x1b[0m ${title}: ${describeError(cause)}\n`),
      };
    },
  };
}
