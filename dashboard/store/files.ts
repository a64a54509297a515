import { runName } from "../../protocol/params.ts";
import { artefactName } from "../../protocol/dashboard_api.ts";
import type { RunEvent } from "../../protocol/events.ts";
import { DashboardError } from "../model/errors.ts";
import { packArtefact, packedArtefact } from "./packed_artefacts.ts";
import { isFile, packLog, readPacked, unpackLog } from "./packed_logs.ts";
import type { LogPosition } from "./rows.ts";

/** One event as it lies in the log, with its number and, for a line of log, the line's number in its stage. */
export interface LoggedEvent {
  index: number;
  event: RunEvent;
  line: number | null;
}

const CHUNK = 64 * 1024;

/**
 * Logs and artefacts of runs: `<folder>/<run>/events.ndjson` and `<folder>/<run>/artefacts/<name>`. When a run is over
 * they are packed; whoever reads them need not know.
 */
export class RunFiles {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  get folder(): string {
    return this.#folder;
  }

  /**
   * Puts bytes at a place of the run's log. What lies behind it was never acknowledged and is overwritten.
   * @throws {DashboardError} `log.short` when the file ends before that place
   */
  append(run: string, options: { at: number; data: Uint8Array }): void {
    const folder = this.#of(run);
    Deno.mkdirSync(folder, { recursive: true });
    unpackLog(`${folder}/events.ndjson`);
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
    let left = end - from.byte;
    if (left <= 0) return;
    let rest = "";
    const decoder = new TextDecoder();
    for await (const bytes of logBytes(`${this.#of(run)}/events.ndjson`, from.byte)) {
      const wanted = bytes.subarray(0, left);
      left -= wanted.length;
      const pieces = (rest + decoder.decode(wanted, { stream: true })).split("\n");
      rest = pieces.pop() ?? "";
      const events: LoggedEvent[] = [];
      for (const piece of pieces) {
        const event = JSON.parse(piece) as RunEvent;
        let line: number | null = null;
        if (event.type === "log") line = lines[event.stage] = (lines[event.stage] ?? 0) + 1;
        events.push({ index: index++, event, line });
      }
      if (events.length > 0) yield events;
      if (left <= 0) return;
    }
  }

  /** Takes in an artefact. It is one only once it is given its name; until then it can be left. */
  async receive(run: string, body: AsyncIterable<Uint8Array>): Promise<Draft> {
    const folder = `${this.#of(run)}/artefacts`;
    await Deno.mkdir(folder, { recursive: true });
    const path = `${folder}/.${crypto.randomUUID()}`;
    const leave = () => Deno.remove(path).catch(() => {});
    try {
      let size = 0;
      using file = await Deno.open(path, { createNew: true, write: true });
      for await (const chunk of body) {
        size += chunk.length;
        for (let at = 0; at < chunk.length;) at += await file.write(chunk.subarray(at));
      }
      return {
        size,
        keep: (name) => Deno.renameSync(path, this.#artefact(run, name)),
        [Symbol.asyncDispose]: leave,
      };
    } catch (error) {
      await leave();
      throw error;
    }
  }

  /** Opens an artefact for reading; `undefined` when there is none of that name. `packed` means gzip. */
  async open(run: string, name: string): Promise<OpenArtefact | undefined> {
    const plain = this.#artefact(run, name);
    for (const [path, packed] of [[plain, false], [packedArtefact(plain), true]] as const) {
      const file = await openIfThere(path);
      if (file !== undefined) return { file, size: (await file.stat()).size, packed };
    }
    return undefined;
  }

  /** Packs log and artefacts. @returns false when the log grew meanwhile: try again later */
  async pack(run: string): Promise<boolean> {
    const folder = this.#of(run);
    for (const name of namesIn(`${folder}/artefacts`)) await packArtefact(`${folder}/artefacts/${name}`);
    const path = `${folder}/events.ndjson`;
    return !isFile(path) || await packLog(path) !== null;
  }

  /** Removes everything of a run. */
  async remove(run: string): Promise<void> {
    try {
      await Deno.remove(this.#of(run), { recursive: true });
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
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

/** An artefact that has arrived; removed when it is disposed of without having been kept. */
export interface Draft extends AsyncDisposable {
  /** Bytes. */
  size: number;
  /** Gives it its name, in place of what had it before. Nothing can come in between. */
  keep(name: string): void;
}

/** An artefact that is open for reading; whoever opened it closes it. */
export interface OpenArtefact {
  file: Deno.FsFile;
  /** Bytes in the file. */
  size: number;
  packed: boolean;
}

/** The bytes of a log from `from` on, however it is kept; each piece is good until the next is asked for. */
async function* logBytes(path: string, from: number): AsyncGenerator<Uint8Array> {
  const opened = await openIfThere(path);
  if (opened === undefined) return yield* readPacked(path, from);
  using file = opened;
  await file.seek(from, Deno.SeekMode.Start);
  const buffer = new Uint8Array(CHUNK);
  while (true) {
    const got = await file.read(buffer);
    if (got === null) return;
    yield buffer.subarray(0, got);
  }
}

async function openIfThere(path: string): Promise<Deno.FsFile | undefined> {
  try {
    return await Deno.open(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function namesIn(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].map((entry) => entry.name).filter((name) =>
      artefactName.safeParse(name).success
    );
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
