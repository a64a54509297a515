import { formatBytes } from "../../common/bytes.ts";
import { type Clock, formatSeconds } from "../../common/time.ts";
import type { Swarm } from "../swarm/swarm.ts";
import { findImage, type PresentImage, type Progress, pullImage } from "./engine.ts";
import { type FindLogin, hideLogin } from "./login.ts";
import type { ManifestCall } from "./manifest.ts";
import { hostPlatform, isFor } from "./platform.ts";
import { isName, type Reference, referenceOf } from "./reference.ts";
import { otherMachine, outOfTime, type Trouble, troubleOf } from "./trouble.ts";

/** Images that are pulled at the same time; the engine fetches three layers of each. */
const AT_A_TIME = 3;
/** Milliseconds between two lines that tell how far the pulls are. */
const TELL_MS = 5_000;
/** Milliseconds before the first attempt to pull once more; each further one waits three times as long. */
const PAUSE_MS = 1_000;

/** An image that the run may deploy, as it was found or pulled. */
export interface Obtained {
  ok: true;
  image: string;
  id: string;
  /** Of the manifest that the registry gave, or null for an image that only this machine has. */
  digest: string | null;
  bytes: number;
  seconds: number;
  /** Where it is from. `stale`: the registry could not be asked, so it is what this machine had of it. */
  from: "registry" | "machine" | "stale";
}

/** An image that the engine has now. */
export interface Arrival {
  reference: Reference;
  id: string;
  /** Id of what it had under this name before; null: nothing. */
  was: string | null;
}

/** An image that the run cannot have. */
export interface Unobtainable {
  ok: false;
  image: string;
  trouble: Trouble;
}

export interface ObtainOptions {
  findLogin: FindLogin;
  /** Told of log-ins before anything uses them. */
  hide: (secret: string) => void;
  log: (line: string) => void;
  clock: Clock;
  signal: AbortSignal;
  /** Milliseconds that all pulls together may take. */
  limitMs: number;
  /** Told of each image that the engine has for the run, as soon as it has, also of one that the run cannot use. */
  onArrival?: (arrival: Arrival) => void;
  /** When a registry that limits us wants to be asked again, where it can tell; milliseconds from now. */
  askRetryAfter?: (reference: Reference, call: ManifestCall) => Promise<number | null>;
}

/**
 * Makes sure that the engine has the images, and knows which ones they are. An image that was made on this machine
 * and that no registry gave is taken as it is. For any other one the registry is asked, since a tag may mean something
 * new; what is here already is not fetched again.
 */
export async function obtainImages(
  swarm: Swarm,
  images: readonly string[],
  options: ObtainOptions,
): Promise<(Obtained | Unobtainable)[]> {
  const wanted = [...new Set(images)].map(referenceOf);
  const look = (reference: Reference) => isName(reference.image) ? findImage(swarm, reference) : null;
  const found = await Promise.all(wanted.map(look));
  const end = options.clock.elapsed() + options.limitMs;
  const over = new AbortController();
  const timer = setTimeout(() => over.abort(), options.limitMs);
  const signal = AbortSignal.any([options.signal, over.signal]);
  const teller = new Teller(options);
  const results: (Obtained | Unobtainable)[] = [];
  const queue = [...wanted.entries()];
  const work = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [at, reference] = next;
      const pull = new Pull(swarm, {
        reference,
        present: found[at] ?? null,
        teller,
        end,
        ...options,
        signal,
      });
      results[at] = await pull.obtain();
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_A_TIME }, work));
  } finally {
    clearTimeout(timer);
  }
  options.signal.throwIfAborted();
  return results;
}

interface PullOptions extends ObtainOptions {
  reference: Reference;
  present: PresentImage | null;
  teller: Teller;
  /** When the time for pulls is over, by the clock's `elapsed()`. */
  end: number;
}

/** One image on its way. */
class Pull {
  readonly #swarm: Swarm;
  readonly #options: PullOptions;

  constructor(swarm: Swarm, options: PullOptions) {
    this.#swarm = swarm;
    this.#options = options;
  }

  async obtain(): Promise<Obtained | Unobtainable> {
    const { reference, present, log, clock, onArrival } = this.#options;
    const { image } = reference;
    const here = (from: Obtained["from"]): Obtained => {
      const digest = reference.pinned ? reference.version : present?.digests[0] ?? null;
      if (present !== null) onArrival?.({ reference, id: present.id, was: present.id });
      return { ok: true, image, id: present?.id ?? "", digest, bytes: 0, seconds: 0, from };
    };
    if (!isName(image)) {
      const trouble = troubleOf({ reference, said: "invalid reference format", loggedIn: false });
      return { ok: false, image, trouble };
    }
    if (present !== null && isSettled(reference, present)) {
      log(`${image} is on this machine already`);
      return here("machine");
    }
    const began = clock.elapsed();
    const pulled = await this.#pull();
    if ("sentence" in pulled) {
      log(`${pulled.sentence}: ${pulled.said}`);
      if (present === null || pulled.whose === "recipe") return { ok: false, image, trouble: pulled };
      log(`${image} is taken as this machine has it`);
      return here("stale");
    }
    const now = await findImage(this.#swarm, reference);
    if (now === null) {
      const trouble = troubleOf({
        reference,
        said: "the engine does not have what it pulled",
        loggedIn: false,
      });
      return { ok: false, image, trouble };
    }
    onArrival?.({ reference, id: now.id, was: present?.id ?? null });
    const host = await hostPlatform(this.#swarm);
    if (!isFor(now.platform, host)) {
      const trouble = otherMachine(reference, { image: now.platform, host });
      return { ok: false, image, trouble };
    }
    const ms = clock.elapsed() - began;
    const digest = reference.pinned ? reference.version : pulled.digest ?? now.digests[0] ?? null;
    const size = now.id === present?.id ? "nothing new" : formatBytes(pulled.bytes);
    log(`${image}: ${size} in ${formatSeconds(ms)}, ${digest ?? now.id}`);
    const seconds = Math.round(ms / 10) / 100;
    return { ok: true, image, id: now.id, digest, bytes: pulled.bytes, seconds, from: "registry" };
  }

  /** Pulls, and does so again as long as the trouble may pass and time is left. */
  async #pull(): Promise<{ digest: string | null; bytes: number } | Trouble> {
    const { reference, findLogin, hide, teller, clock, signal, end, log, limitMs } = this.#options;
    const login = await findLogin(reference.registry);
    if (login !== null) hideLogin(login, hide);
    log(`Pulling ${reference.image}${login === null ? "" : " with the log-in of this host"}`);
    for (let attempt = 1;; attempt++) {
      const pulled = await pullImage(this.#swarm, {
        reference,
        login,
        signal,
        onProgress: (progress) => teller.tell(reference.image, progress),
      });
      if (pulled.ok) return pulled;
      if (signal.aborted) return outOfTime(reference, limitMs);
      const trouble = troubleOf({ reference, said: pulled.said, loggedIn: login !== null });
      if (trouble.kind === "limit") {
        trouble.retryAfterMs ??= await this.#options.askRetryAfter?.(reference, { login, signal }) ?? null;
      }
      if (attempt > trouble.tries) return trouble;
      const pause = Math.max(trouble.retryAfterMs ?? 0, PAUSE_MS * 3 ** (attempt - 1));
      if (clock.elapsed() + pause >= end) return trouble;
      log(`${trouble.sentence}: ${pulled.said}; pulling it again in ${formatSeconds(pause)}`);
      await clock.sleep(pause, signal).catch(() => {});
      if (signal.aborted) return trouble;
    }
  }
}

/** Whether nobody has to be asked for an image: it was made here, or its name says which content is meant. */
export function isSettled({ pinned }: Reference, present: PresentImage): boolean {
  return pinned || present.digests.length === 0;
}

/** Tells now and then how far all pulls together are. */
class Teller {
  readonly #options: Pick<ObtainOptions, "clock" | "log">;
  readonly #progress = new Map<string, Progress>();
  #told: number;

  constructor(options: Pick<ObtainOptions, "clock" | "log">) {
    this.#options = options;
    this.#told = options.clock.elapsed();
  }

  tell(image: string, progress: Progress): void {
    this.#progress.set(image, progress);
    const now = this.#options.clock.elapsed();
    if (now - this.#told < TELL_MS) return;
    this.#told = now;
    const all = [...this.#progress.values()];
    const done = all.reduce((sum, one) => sum + one.done, 0);
    const total = all.reduce((sum, one) => sum + one.total, 0);
    this.#options.log(`${formatBytes(done)} of ${formatBytes(total)}`);
  }
}
