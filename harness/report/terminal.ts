import type { RunEvent } from "../../protocol/events.ts";
import type { RunResult, StageName } from "../../protocol/result.ts";
import { formatSeconds } from "../../common/time.ts";
import { paint, type Painter, type ShownStage, stageLine } from "./terminal_lines.ts";
import { summaryLines, type SummaryPaths } from "./terminal_summary.ts";
import { writeError } from "../../common/output.ts";
import { oneLine } from "../../common/plain_text.ts";
import { truncate } from "../../wording/text.ts";
import { stageText, subjectName, testedCommit } from "../../wording/verdict.ts";

export interface TerminalOptions {
  /** Whether lines may be drawn over. @default Deno.stderr.isTerminal() */
  tty?: boolean;
  /** @default the value of `tty` */
  color?: boolean;
  /** Columns of the terminal, asked before each drawing. */
  columns?: () => number;
  /** @default Deno.stderr */
  write?: (text: string) => void;
  /** Milliseconds since the epoch. */
  now?: () => number;
  /** Calls `draw` again and again until the function it answers is called. @default every 120 ms */
  repeat?: (draw: () => void) => () => void;
  /** Without a terminal: print log lines too, as a CI log wants them. @default false */
  logs?: boolean;
}

export interface TerminalReport extends Disposable {
  /** Takes every event of the run in order. */
  event(event: RunEvent): void;
  /** A line above the stage list, e.g. what is being waited for before the run starts. */
  note(text: string): void;
  /** A line that people copy: it is never cut. */
  command(text: string): void;
  /** The final block; the report's address comes last. */
  summary(result: RunResult, paths: SummaryPaths): void;
}

/**
 * Shows a run in a terminal: a list that fills in, one line per stage, where lines can be drawn over; the same facts
 * as plain lines, one per event, where not. Nothing a run prints can move the cursor or clear the screen.
 */
export function openTerminal(options: TerminalOptions = {}): TerminalReport {
  const tty = options.tty ?? Deno.stderr.isTerminal();
  const view: View = {
    paint: paint(options.color ?? tty),
    columns: options.columns ?? terminalColumns,
    write: options.write ?? writeError,
    now: options.now ?? Date.now,
    logs: options.logs ?? false,
  };
  return tty ? new LiveTerminal(view, options.repeat ?? everyTick) : new PlainTerminal(view);
}

interface View {
  paint: Painter;
  columns: () => number;
  write: (text: string) => void;
  now: () => number;
  logs: boolean;
}

class LiveTerminal implements TerminalReport {
  readonly #view: View;
  readonly #stages = new Map<StageName, ShownStage>();
  readonly #lanes = new LaneNote();
  #drawn = 0;
  #stop: (() => void) | undefined;
  readonly #repeat: (draw: () => void) => () => void;

  constructor(view: View, repeat: (draw: () => void) => () => void) {
    this.#view = view;
    this.#repeat = repeat;
  }

  event(event: RunEvent): void {
    const stage = stageOf(event, this.#stages);
    switch (event.type) {
      case "run.started":
        for (const name of event.stages) {
          this.#stages.set(name, { name, since: null, report: null, doing: "" });
        }
        this.note(startText(event, this.#view.paint));
        this.#stop ??= this.#repeat(() => this.#draw());
        return;
      case "run.subject":
        return this.note(headText(event));
      case "stage.started":
        this.#lanes.see(event.stage, (text) => this.note(text));
        if (stage !== undefined) stage.since = Date.parse(event.t);
        break;
      case "stage.finished":
        this.#lanes.ended(event.report.name);
        if (stage !== undefined) stage.report = event.report;
        break;
      case "log":
        // The next drawing shows it; a chatty program must not make the terminal flicker.
        if (stage !== undefined) stage.doing = oneLine(event.line);
        return;
      case "run.finished":
        return this[Symbol.dispose]();
    }
    this.#draw();
  }

  note(text: string): void {
    this.#erase();
    this.#view.write(`${truncate(text, this.#view.columns() - 1)}\n`);
    this.#draw();
  }

  command(text: string): void {
    this.#erase();
    this.#view.write(`${text}\n`);
    this.#draw();
  }

  summary(result: RunResult, paths: SummaryPaths): void {
    this[Symbol.dispose]();
    const { paint, columns } = this.#view;
    this.#view.write(
      summaryLines(result, { paths, paint, width: columns() }).map((line) => `${line}\n`).join(""),
    );
  }

  #erase(): void {
    if (this.#drawn > 0) this.#view.write(`\u001b[${this.#drawn}A\u001b[J`);
    this.#drawn = 0;
  }

  #draw(): void {
    const width = Math.min(this.#view.columns() - 1, 110);
    const lines = [...this.#stages.values()].map((stage) =>
      stageLine(stage, { now: this.#view.now(), width, paint: this.#view.paint })
    );
    if (lines.length === 0) return;
    const up = this.#drawn > 0 ? `\u001b[${this.#drawn}A` : "";
    this.#view.write(up + lines.map((line) => `\u001b[2K${line}\n`).join(""));
    this.#drawn = lines.length;
  }

  [Symbol.dispose](): void {
    this.#stop?.();
    if (this.#stop !== undefined) this.#draw();
    this.#stop = undefined;
    this.#drawn = 0;
    this.#stages.clear();
  }
}

class PlainTerminal implements TerminalReport {
  readonly #view: View;
  readonly #lanes = new LaneNote();

  constructor(view: View) {
    this.#view = view;
  }

  event(event: RunEvent): void {
    switch (event.type) {
      case "run.started":
        return this.note(startText(event, this.#view.paint));
      case "run.subject":
        return this.note(headText(event));
      case "stage.started":
        this.#lanes.see(event.stage, (text) => this.note(text));
        return this.note(`${event.stage} …`);
      case "stage.finished": {
        this.#lanes.ended(event.report.name);
        const { name, result, seconds } = event.report;
        const text = oneLine(stageText(event.report));
        const said = result === "passed" && text !== "" ? `passed: ${text}` : text || result;
        const failed = result === "failed" ? `failed: ${text}` : said;
        return this.note(`${name} ${failed} (${formatSeconds(seconds * 1000)})`);
      }
      case "log":
        return this.#view.logs ? this.note(`  ${event.stage} | ${oneLine(event.line)}`) : undefined;
      case "run.finished":
        return;
    }
  }

  note(text: string): void {
    this.#view.write(`${text}\n`);
  }

  command(text: string): void {
    this.note(text);
  }

  summary(result: RunResult, paths: SummaryPaths): void {
    const { paint } = this.#view;
    this.#view.write(summaryLines(result, { paths, paint, width: 110 }).map((line) => `${line}\n`).join(""));
  }

  [Symbol.dispose](): void {}
}

/** Explains, once, that stages which run at the same time do not share an app. */
class LaneNote {
  readonly #running = new Set<StageName>();
  #told = false;

  see(stage: StageName, tell: (text: string) => void): void {
    const [other] = this.#running;
    this.#running.add(stage);
    if (other === undefined || this.#told) return;
    this.#told = true;
    tell(`${other} and ${stage} run side by side, each with an app of its own`);
  }

  ended(stage: StageName): void {
    this.#running.delete(stage);
  }
}

function stageOf(event: RunEvent, stages: Map<StageName, ShownStage>): ShownStage | undefined {
  const name = "stage" in event ? event.stage : "report" in event ? event.report.name : undefined;
  if (name === undefined) return undefined;
  const known = stages.get(name) ?? { name, since: null, report: null, doing: "" };
  stages.set(name, known);
  return known;
}

function startText(event: Extract<RunEvent, { type: "run.started" }>, { bold, dim }: Painter): string {
  const { subject } = event;
  const where = subject.kind === "worktree" ? ` ${subject.path}` : "";
  return `Testing ${bold(event.recipe)}, ${subjectName(subject)}${where} ${dim(`· run ${event.run}`)}`;
}

function headText(event: Extract<RunEvent, { type: "run.subject" }>): string {
  const commit = `${testedCommit(event)}${event.dirty ? " (with uncommitted changes)" : ""}`;
  return event.base === null ? `${commit}, never published before` : `${commit} over ${event.base}`;
}

function terminalColumns(): number {
  try {
    return Deno.consoleSize().columns;
  } catch {
    return 80;
  }
}

function everyTick(draw: () => void): () => void {
  const timer = setInterval(draw, 120);
  return () => clearInterval(timer);
}
