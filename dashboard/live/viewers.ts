import { setImmediate } from "node:timers";
import type { Deps } from "../views/deps.ts";
import { Refusal } from "../model/errors.ts";

/** Viewers of running logs at the same time. */
const MOST = 2_000;
/** A viewer that takes nothing of what waits for it for so long has gone, or holds a place to no good. */
const PATIENCE_MS = 120_000;

/** Frames for one viewer, some at a time. It ends soon after its signal is aborted. */
export type Frames = (signal: AbortSignal) => AsyncGenerator<readonly Uint8Array[], void>;

/** The places of those who watch running logs. */
export class Viewers {
  readonly #deps: Pick<Deps, "patienceMs">;
  readonly #changed: (watching: number) => void;
  readonly #seats = new Set<Seat>();
  #rounds: ReturnType<typeof setInterval> | undefined;
  #turn: Promise<void> | undefined;

  /** @param changed is told how many watch, whenever that changes */
  constructor(deps: Pick<Deps, "patienceMs">, changed: (watching: number) => void) {
    this.#deps = deps;
    this.#changed = changed;
  }

  /**
   * Passes frames on to a viewer, each when the one before has been taken, and counts the viewer until it is over,
   * however it ends.
   * @throws {Refusal} 503 when too many watch already
   */
  seat(frames: Frames): ReadableStream<Uint8Array> {
    if (this.#seats.size >= MOST) {
      throw new Refusal(503, "Too many people watch running logs; try again soon");
    }
    const seat = new Seat(frames, {
      breath: () => this.#breath(),
      left: () => {
        this.#seats.delete(seat);
        this.#counted();
      },
    });
    this.#seats.add(seat);
    this.#counted();
    return new ReadableStream(seat);
  }

  /** Resolves when all sockets had their turn; the same for all who wait. */
  #breath(): Promise<void> {
    this.#turn ??= new Promise((resolve) =>
      setImmediate(() => {
        this.#turn = undefined;
        resolve();
      })
    );
    return this.#turn;
  }

  #counted(): void {
    this.#changed(this.#seats.size);
    if (this.#seats.size === 0) {
      clearInterval(this.#rounds);
      this.#rounds = undefined;
    } else if (this.#rounds === undefined) {
      const patience = this.#deps.patienceMs ?? PATIENCE_MS;
      // One clock for all of them: a timer for each frame of each viewer costs more than all the rest.
      this.#rounds = setInterval(() => {
        for (const seat of this.#seats) if (seat.waitsFor() > patience) seat.giveUp();
      }, patience / 4);
    }
  }
}

/** One viewer's place, as the source of its stream. */
class Seat implements UnderlyingDefaultSource<Uint8Array> {
  readonly #frames: ReturnType<Frames>;
  readonly #breath: () => Promise<void>;
  readonly #left: () => void;
  readonly #gone = new AbortController();
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #batch: readonly Uint8Array[] = [];
  #next = 0;
  /** When it was given what it has not taken yet, by the process' own clock. */
  #givenAt: number | null = null;
  #over = false;

  /** @param watch `left` is called once, when nothing is read for the viewer any more */
  constructor(frames: Frames, watch: { breath: () => Promise<void>; left: () => void }) {
    this.#frames = frames(this.#gone.signal);
    this.#breath = watch.breath;
    this.#left = watch.left;
  }

  /** Milliseconds since it was given something that it has not taken. */
  waitsFor(): number {
    return this.#givenAt === null ? 0 : performance.now() - this.#givenAt;
  }

  giveUp(): void {
    void this.cancel();
    this.#controller?.error(new Error("The viewer takes nothing"));
  }

  start(controller: ReadableStreamDefaultController<Uint8Array>): void {
    this.#controller = controller;
  }

  /** It asks for more, and so has taken what there was. */
  pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    this.#givenAt = null;
    const frame = this.#batch[this.#next];
    if (frame === undefined) return this.#readOn(controller);
    this.#next++;
    this.#givenAt = performance.now();
    controller.enqueue(frame);
    // The socket takes each frame by itself: what a viewer is given at once stays in a buffer of that size for as long
    // as it watches.
    return this.#breath();
  }

  async cancel(): Promise<void> {
    this.#givenAt = null;
    this.#gone.abort();
    await this.#frames.return().catch(() => {});
    this.#leave();
  }

  async #readOn(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    try {
      const { done, value } = await this.#frames.next();
      if (this.#gone.signal.aborted) return;
      if (done) {
        this.#leave();
        return controller.close();
      }
      this.#batch = value;
      this.#next = 0;
    } catch (error) {
      this.#leave();
      return controller.error(error);
    }
    return await this.pull(controller);
  }

  #leave(): void {
    if (!this.#over) this.#left();
    this.#over = true;
  }
}
