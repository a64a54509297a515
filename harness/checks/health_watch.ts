import { type Clock, waitFor, WaitTimeout } from "../../common/time.ts";
import { STACK_LABEL, type Swarm } from "../swarm/swarm.ts";

/**
 * Milliseconds within which Swarm begins to stop an unhealthy container; it takes seconds, and longer on a busy
 * machine.
 */
const STOPPING_WITHIN_MS = 30_000;
/** Milliseconds that a container gets to end by itself where its service does not say how long. */
const STOP_GRACE_MS = 10_000;

/**
 * Notes which containers of a stack become unhealthy. Swarm will replace such a container even when its next check
 * succeeds, although it then looks like a sound one.
 */
export class HealthWatch implements Disposable {
  readonly #swarm: Swarm;
  readonly #stack: string;
  readonly #stream: NodeJS.ReadableStream & { destroy?: () => unknown };
  readonly #doomed = new Set<string>();

  private constructor(swarm: Swarm, watched: { stack: string; stream: NodeJS.ReadableStream }) {
    this.#swarm = swarm;
    this.#stack = watched.stack;
    this.#stream = watched.stream;
    let rest = "";
    this.#stream.on("error", () => {}); // later calls will say that the engine is away
    this.#stream.on("data", (chunk: Uint8Array) => {
      const lines = (rest + new TextDecoder().decode(chunk)).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const container = unhealthyContainer(line);
        if (container !== null) this.#doomed.add(container);
      }
    });
  }

  static async start(swarm: Swarm, stack: string): Promise<HealthWatch> {
    const filters = JSON.stringify({ event: ["health_status"], label: [`${STACK_LABEL}=${stack}`] });
    return new HealthWatch(swarm, { stack, stream: await swarm.docker.getEvents({ filters }) });
  }

  /**
   * Waits until all containers that were unhealthy since the start have ended, for as long as the recipe lets them run
   * on. It does not complain about one that is still there then, because the caller looks at the stack's health anyway.
   */
  async replaced(signal: AbortSignal, clock?: Clock): Promise<void> {
    if (this.#doomed.size === 0) return;
    const timeoutMs = STOPPING_WITHIN_MS + await this.#longestGrace();
    await waitFor(async () => {
      const running = (await this.#swarm.containers(this.#stack)).filter((one) => one.State === "running");
      return !running.some((one) => this.#doomed.has(one.Id));
    }, {
      what: "unhealthy containers to be replaced",
      timeoutMs,
      signal,
      ...(clock === undefined ? {} : { clock }),
    }).catch((error) => {
      if (!(error instanceof WaitTimeout)) throw error;
    });
  }

  /** The longest time, in milliseconds, that Swarm leaves a container of the stack before it kills it. */
  async #longestGrace(): Promise<number> {
    const services = await this.#swarm.services(this.#stack);
    return Math.max(
      STOP_GRACE_MS,
      ...services.map((one) => (one.Spec.TaskTemplate.ContainerSpec?.StopGracePeriod ?? 0) / 1e6),
    );
  }

  [Symbol.dispose](): void {
    this.#stream.destroy?.();
  }
}

/** Id of the container that an event of the Engine calls unhealthy, or null. */
export function unhealthyContainer(line: string): string | null {
  try {
    const { Action: action, Actor: actor } = JSON.parse(line);
    return action === "health_status: unhealthy" && typeof actor?.ID === "string" ? actor.ID : null;
  } catch {
    return null;
  }
}
