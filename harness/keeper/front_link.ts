import {
  type FrontMessage,
  frontMessage,
  type KeeperMessage,
  linesOf,
  parseMessage,
} from "../run/messages.ts";

/**
 * The keeper's end of the pipe to the front. The front may die at any time; the pipe then ends, and the keeper cancels
 * the run.
 */
export class KeeperLink {
  /** Aborts, with a sentence as its reason, when the run shall stop. */
  readonly cancelled: AbortSignal;
  #cancel = new AbortController();
  #queue: Promise<unknown> = Promise.resolve();

  constructor() {
    this.cancelled = this.#cancel.signal;
  }

  /** Stops the run. The first reason is kept. */
  cancel(why: string): void {
    if (!this.#cancel.signal.aborted) this.#cancel.abort(why);
  }

  /**
   * Reads the request, then keeps listening for a cancel and for the front's death.
   * @returns null when the front died before it asked for anything
   */
  async request(
    input: ReadableStream<Uint8Array>,
  ): Promise<Extract<FrontMessage, { type: "request" }> | null> {
    const lines = linesOf(input);
    const first = await lines.next();
    const message = first.done ? null : parseMessage(frontMessage, first.value);
    if (message === null || message.type !== "request") return null;
    this.#listen(lines);
    return message;
  }

  async #listen(lines: AsyncGenerator<string>): Promise<void> {
    try {
      for await (const line of lines) {
        const message = parseMessage(frontMessage, line);
        if (message?.type === "cancel") this.cancel(message.why);
      }
    } catch { /* a broken pipe means the same as its end */ }
    this.cancel("Whoever started the run is gone");
  }

  /**
   * Sends a message. It never fails and never makes the keeper wait: if nobody reads, the message is lost and the run
   * goes on.
   */
  send(message: KeeperMessage): void {
    const bytes = new TextEncoder().encode(`${JSON.stringify(message)}\n`);
    this.#queue = this.#queue.then(() => writeAll(bytes)).catch(() => {});
  }

  /**
   * Resolves when all messages have been written, or after `ms`, because a front that does not read must not hold the
   * keeper.
   */
  async flush(ms: number): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise((resolve) => timer = setTimeout(resolve, ms));
    await Promise.race([this.#queue, late]);
    clearTimeout(timer);
  }
}

async function writeAll(bytes: Uint8Array): Promise<void> {
  for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await Deno.stdout.write(rest));
}
