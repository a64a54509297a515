import type { Clock } from "../../common/time.ts";

/** What a call is about, by the names in its path or query; both `null` for the forge as a whole. */
export interface Target {
  owner: string | null;
  /** `owner/name`. */
  repo: string | null;
}

/**
 * Keeps to what the forge, or a proxy in front of it, asked for with `Retry-After`: no call until then. Nobody says
 * what a limit is about. So it first counts for the repository that was asked about; once a second repository of an
 * owner is limited, for all of that owner's; once a second owner is, for the forge.
 */
export class RetryGate {
  readonly #clock: Clock;
  /** Until when it is closed, by repository, owner, and `""` for the forge. Names in lower case. */
  readonly #closed = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @returns milliseconds until a call about this may be made; 0 for now */
  leftMs(target: Target): number {
    const until = Math.max(...["", target.owner, target.repo].map((name) => this.#until(name)));
    return Math.max(0, until - this.#clock.now());
  }

  /** Closes it for what was asked about, and for more where this is not the first time. */
  close({ owner, repo }: Target, ms: number): void {
    this.#extend(repo ?? owner ?? "", ms);
    if (repo !== null && owner !== null && this.#count((name) => name.startsWith(`${lower(owner)}/`)) > 1) {
      this.#extend(owner, ms);
    }
    const isOwner = (name: string) => name !== "" && !name.includes("/");
    if (this.#count(isOwner) > 1) this.#extend("", ms);
  }

  #until(name: string | null): number {
    return name === null ? 0 : this.#closed.get(lower(name)) ?? 0;
  }

  #extend(name: string, ms: number): void {
    this.#closed.set(lower(name), Math.max(this.#until(name), this.#clock.now() + ms));
  }

  /** How many of these are closed now; forgets those that are not any more. */
  #count(which: (name: string) => boolean): number {
    for (const [name, until] of this.#closed) if (until <= this.#clock.now()) this.#closed.delete(name);
    return [...this.#closed.keys()].filter(which).length;
  }
}

function lower(name: string): string {
  return name.toLowerCase();
}
