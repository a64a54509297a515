import { waitFor } from "../common/time.ts";
import { STACK_LABEL, type Swarm } from "./swarm.ts";

/** Swarm replaces an unhealthy container within seconds. */
const REPLACED_WITHIN_MS = 30_000;

/**
 * Notes which containers of a stack turn unhealthy. Swarm will replace such a container even when its next check
 * succeeds, and a moment later nothing tells it from a sound one.
 */
export class HealthWatch implements Disposable {
  readonly #swarm: Swarm;
  readonly #stack: string;
  readonly #stream: NodeJS.ReadableStream & { destroy?: () => unknown };
  readonly #doomed = new Set<string>();

  private constructor(swarm: Swarm, about: { stack: string; stream: NodeJS.ReadableStream }) {
    this.#swarm = swarm;
    this.#stack = about.stack;
    this.#stream = about.stream;
    let rest = "";
    this.#stream.on("error", () => {}); // an engine that goes away is noticed elsewhere
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

  /** Waits until all containers that were unhealthy since the start have ended. */
  async replaced(signal: AbortSignal): Promise<void> {
    await waitFor(async () => {
      const running = (await this.#swarm.containers(this.#stack)).filter((one) => one.State === "running");
      return !running.some((one) => this.#doomed.has(one.Id));
    }, { what: "unhealthy containers to be replaced", timeoutMs: REPLACED_WITHIN_MS, signal });
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
