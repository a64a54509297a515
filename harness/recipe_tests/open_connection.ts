import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import { formatSeconds } from "../../common/time.ts";
import { BrokerError } from "./broker_types.ts";

/** Bytes that one call may read. */
const MAX_READ = 1024 * 1024;

/** A connection that a test has opened. Nothing is read from it before the test asks. */
export class OpenConnection implements AsyncDisposable {
  readonly #socket: Socket;
  readonly #pieces: AsyncIterator<Uint8Array>;
  /** A piece that was waited for in vain; the next read waits for the same one. */
  #coming: Promise<IteratorResult<Uint8Array>> | null = null;
  #kept = Buffer.alloc(0);
  #ended = false;
  #reading = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("error", () => {}); // whoever reads or writes gets it
    this.#pieces = socket[Symbol.asyncIterator]();
  }

  /** @throws {BrokerError} when the other side does not take it in time */
  async write(bytes: Uint8Array, { timeoutMs }: { timeoutMs: number }): Promise<void> {
    const written = new Promise<true>((resolve, reject) =>
      this.#socket.write(bytes, (error) => error ? reject(error) : resolve(true))
    );
    if (await Promise.race([written, aborted(AbortSignal.timeout(timeoutMs))]) !== null) return;
    throw new BrokerError("broker.tcp", `The other side did not take it within ${formatSeconds(timeoutMs)}`);
  }

  /** Reads up to a text, or what arrives first. @throws {BrokerError} when that does not come */
  async read(wanted: { until?: string | undefined; timeoutMs: number }): Promise<Uint8Array> {
    if (this.#reading) {
      throw new BrokerError("broker.request", "A connection can be read by one call at a time");
    }
    this.#reading = true;
    try {
      return await this.#read(wanted);
    } finally {
      this.#reading = false;
    }
  }

  async #read({ until, timeoutMs }: { until?: string | undefined; timeoutMs: number }): Promise<Uint8Array> {
    const late = AbortSignal.timeout(timeoutMs);
    while (true) {
      const end = this.#endOf(until);
      if (end !== null) {
        const said = this.#kept.subarray(0, end);
        this.#kept = this.#kept.subarray(end);
        return said;
      }
      if (this.#kept.length > MAX_READ) {
        throw new BrokerError(
          "broker.size",
          `The other side says more than ${MAX_READ / 1024} KiB: read less of it`,
        );
      }
      if (this.#ended) throw this.#missing("The other side closed the connection", until);
      this.#coming ??= this.#pieces.next();
      this.#coming.catch(() => {}); // who waits for it gets its error
      const piece = await Promise.race([this.#coming, aborted(late)]);
      if (piece === null) throw this.#missing(`Nothing more came within ${formatSeconds(timeoutMs)}`, until);
      this.#coming = null;
      if (piece.done) this.#ended = true;
      else this.#kept = Buffer.concat([this.#kept, piece.value]);
    }
  }

  /** Where what was asked for ends in what has come, or null. */
  #endOf(until: string | undefined): number | null {
    if (until === undefined) return this.#kept.length > 0 || this.#ended ? this.#kept.length : null;
    const at = this.#kept.indexOf(until);
    return at === -1 ? null : at + Buffer.byteLength(until);
  }

  #missing(what: string, until: string | undefined): BrokerError {
    const said = JSON.stringify(this.#kept.subarray(0, 200).toString());
    const wanted = until === undefined ? "" : `, and ${JSON.stringify(until)} did not come; it said ${said}`;
    return new BrokerError("broker.tcp", `${what}${wanted}`);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#socket.destroy();
    return Promise.resolve();
  }
}

/** Resolves to null when the signal aborts. */
function aborted(signal: AbortSignal): Promise<null> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(null);
    else signal.addEventListener("abort", () => resolve(null), { once: true });
  });
}
