import { runName } from "../protocol/params.ts";
import { artefactName } from "../protocol/dashboard_api.ts";
import type { RunEvent } from "../protocol/events.ts";
import { DashboardError } from "./errors.ts";
import type { LogPosition } from "./store_rows.ts";

/** One event as it lies in the log, with its number and, for a line of log, the line's number in its stage. */
export interface LoggedEvent {
  index: number;
  event: RunEvent;
  line: number | null;
}

const CHUNK = 64 * 1024;

/** Logs and artefacts of runs: `<folder>/<run>/events.ndjson` and `<folder>/<run>/artefacts/<name>`. */
export class RunFiles {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Puts bytes at a place of the run's log. What lies behind it was never acknowledged and is overwritten.
   * @throws {DashboardError} `log.short` when the file ends before that place
   */
  append(run: string, options: { at: number; data: Uint8Array }): void {
    const folder = this.#of(run);
    Deno.mkdirSync(folder, { recursive: true });
    using file = Deno.openSync(`${folder}/events.ndjson`, { create: true, write: true, read: true });
    const size = file.statSync().size;
    if (size < options.at) {
      throw new DashboardError(
        "log.short",
        `Log of run "${run}" holds ${size} bytes where ${options.at} were stored`,
      );
    }
    if (size > options.at) file.truncateSync(options.at);
    file.seekSync(options.at, Deno.SeekMode.Start);
    for (let written = 0; written < options.data.length;) {
      written += file.writeSync(options.data.subarray(written));
    }
  }

  /** Reads events from a known position up to byte `end`, some at a time. */
  async *read(run: string, from: LogPosition, end: number): AsyncGenerator<LoggedEvent[]> {
    let index = from.event;
    const lines = { ...from.lines };
    let file: Deno.FsFile;
    try {
      file = await Deno.open(`${this.#of(run)}/events.ndjson`);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return;
      throw error;
    }
    using _closing = file;
    await file.seek(from.byte, Deno.SeekMode.Start);
    let left = end - from.byte;
    let rest = "";
    const decoder = new TextDecoder();
    const buffer = new Uint8Array(CHUNK);
    while (left > 0) {
      const got = await file.read(buffer.subarray(0, Math.min(CHUNK, left)));
      if (got === null) return;
      left -= got;
      const pieces = (rest + decoder.decode(buffer.subarray(0, got), { stream: true })).split("\n");
      rest = pieces.pop() ?? "";
      const events: LoggedEvent[] = [];
      for (const piece of pieces) {
        const event = JSON.parse(piece) as RunEvent;
        let line: number | null = null;
        if (event.type === "log") line = lines[event.stage] = (lines[event.stage] ?? 0) + 1;
        events.push({ index: index++, event, line });
      }
      if (events.length > 0) yield events;
    }
  }

  /**
   * Stores an artefact under its final name only when it is complete.
   * @returns its size
   */
  async store(run: string, artefact: { name: string; body: AsyncIterable<Uint8Array> }): Promise<number> {
    const folder = `${this.#of(run)}/artefacts`;
    await Deno.mkdir(folder, { recursive: true });
    const unfinished = `${folder}/.${crypto.randomUUID()}`;
    try {
      let size = 0;
      {
        using file = await Deno.open(unfinished, { createNew: true, write: true });
        for await (const chunk of artefact.body) {
          size += chunk.length;
          for (let at = 0; at < chunk.length;) at += await file.write(chunk.subarray(at));
        }
      }
      await Deno.rename(unfinished, this.#artefact(run, artefact.name));
      return size;
    } catch (error) {
      await Deno.remove(unfinished).catch(() => {});
      throw error;
    }
  }

  /** Opens an artefact for reading; `undefined` when there is none of that name. */
  async open(run: string, name: string): Promise<{ file: Deno.FsFile; size: number } | undefined> {
    try {
      const file = await Deno.open(this.#artefact(run, name));
      return { file, size: (await file.stat()).size };
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    }
  }

  #artefact(run: string, name: string): string {
    return `${this.#of(run)}/artefacts/${artefactName.parse(name)}`;
  }

  /** Names come from outside: only what the protocol calls a run's name ever becomes part of a path. */
  #of(run: string): string {
    return `${this.#folder}/${runName.parse(run)}`;
  }
}
