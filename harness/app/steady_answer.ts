import { type Clock, formatSeconds } from "../../common/time.ts";

/**
 * Milliseconds for which a healthy app has to give the same wrong answer until nobody waits for another one, and the
 * same for an app whose readiness nothing shows: servers of applications answer before these have begun.
 */
const HEALTHY_MS = 60_000;
const UNTOLD_MS = 240_000;

/** An answer that the app itself has given. */
export interface OwnAnswer {
  status: number;
  /** Where it sends visitors; null: nowhere. */
  location: string | null;
}

/** Sees when an app has settled on an answer that is not the expected one, so that `recipe.yml` is to be changed. */
export class SteadyAnswer {
  readonly #clock: Clock;
  readonly #isHealthy: () => Promise<boolean>;
  #last: OwnAnswer | null = null;
  #since = 0;
  /** For how long the answer has to stay, as far as it is known. */
  #enoughMs: number | null = null;

  constructor(clock: Clock, isHealthy: () => Promise<boolean>) {
    this.#clock = clock;
    this.#isHealthy = isHealthy;
  }

  /** Starts the measurement anew, as long as the app is not ready. */
  forget(): void {
    this.#last = null;
  }

  /**
   * @param answer that is not the expected one; null: none, or not the app's
   * @returns what to tell people if it is no use to wait any longer
   */
  async see(answer: OwnAnswer | null): Promise<string | null> {
    const now = this.#clock.elapsed();
    if (answer === null || !isSettled(answer.status)) return this.#last = null;
    if (answer.status !== this.#last?.status) {
      this.#since = now;
      this.#enoughMs = null;
    }
    this.#last = answer;
    const ms = now - this.#since;
    if (ms < HEALTHY_MS) return null;
    this.#enoughMs ??= await this.#isHealthy() ? HEALTHY_MS : UNTOLD_MS;
    return ms < this.#enoughMs ? null : `The app has answered so for ${formatSeconds(ms)}: ${advice(answer)}`;
  }
}

/** Whether an app may answer so for ever: errors of servers and requests to come back later pass. */
function isSettled(status: number): boolean {
  return status < 500 && ![408, 425, 429].includes(status);
}

/** What to put below `health` in `recipe.yml`. */
function advice({ status, location }: OwnAnswer): string {
  const sayIt = `let \`status: ${status}\` below \`health\` in recipe.yml say so`;
  if (location !== null && status >= 300 && status < 400) {
    const { pathname = "", search = "" } = URL.parse(location, "https://app.invalid") ?? {};
    return `it sends visitors to ${location}. If that is meant, ${sayIt}, or let \`path: ${pathname}${search}\` name the ` +
      "page that it leads to";
  }
  if (status === 401 || status === 403) {
    return `it wants to know who asks. If that is meant, ${sayIt}, or let \`path\` name a page that everybody may see`;
  }
  if (status === 404) {
    return "it has no such page. Let `path` below `health` in recipe.yml name one that it has";
  }
  return `if that is how it works, ${sayIt}`;
}
