import { join } from "node:path";
import * as z from "zod";
import { execOk } from "../../common/exec.ts";
import { stopGitea } from "../../local/gitea/gitea.ts";
import { pathsBelow, PORTS } from "../../local/host/paths.ts";
import type { ReconcileHost } from "./reconcile_host.ts";

const PROGRAM = join(import.meta.dirname ?? ".", "drone_forge_main.ts");
const app = z.object({ id: z.string(), secret: z.string() });

/** A real Gitea where a host's engine publishes its ports, and the owner of the pipelines' repository on it. */
export class DroneForge implements AsyncDisposable {
  readonly #host: ReconcileHost;
  readonly #gateway: string;

  constructor(host: ReconcileHost, gateway: string) {
    this.#host = host;
    this.#gateway = gateway;
  }

  /** Where containers and the host find it. */
  static url(gateway: string): string {
    return `http://${gateway}:${PORTS.gitea}`;
  }

  /** @returns what Drone has to know of it */
  async start(): Promise<{ id: string; secret: string }> {
    return app.parse(JSON.parse(await this.#call("start")));
  }

  /** The owner logs in at Drone once. */
  async logIn(): Promise<void> {
    await this.#call("log-in");
  }

  /** The owner activates the repository in Drone. */
  async activate(): Promise<void> {
    await this.#call("activate");
  }

  async #call(what: string): Promise<string> {
    const ca = this.#host.at("certificates/fullchain.pem");
    const command = [Deno.execPath(), "run", "--quiet", "--no-prompt", "-A", PROGRAM, what];
    const places = [this.#host.at("forge"), this.#gateway, ca];
    const { stdout } = await execOk(this.#host.engine.inside([...command, ...places]), {
      timeoutMs: 180_000,
    });
    return stdout;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await stopGitea(pathsBelow(this.#host.at("forge")));
  }
}
