import { type BridgeReport, HOST_HEADER, type HostReport } from "../../protocol/dashboard_api.ts";
import type { Hono } from "hono";
import { createApp } from "../routes/app.tsx";
import { writerToken } from "../model/auth.ts";
import type { Deps } from "../views/deps.ts";
import { Hub } from "../views/hub.ts";
import { RunFiles } from "../store/files.ts";
import { Store } from "../store/store.ts";
import { FakeClock } from "../../common/testing/fake_clock.ts";

export const bridgeToken = "bridge-token-for-tests";
export const runnerToken = "runner-token-for-tests";
/** Of a second runner host, `second.example.org`. */
export const secondToken = "token-of-the-second-runner";

/** A dashboard without a socket, on a folder of its own. */
export class TestDashboard implements AsyncDisposable {
  readonly clock: FakeClock;
  readonly folder: string;
  enrolled: string[] = [];
  hidden = new Set<string>();
  readonly #ownFolder: boolean;
  #deps: Deps;
  #app: Hono;

  constructor(options: { clock?: FakeClock; folder?: string; baseUrl?: string } = {}) {
    this.clock = options.clock ?? new FakeClock("2026-03-01T12:00:00Z");
    this.#ownFolder = options.folder === undefined;
    this.folder = options.folder ?? Deno.makeTempDirSync({ prefix: "ccci-dashboard-" });
    this.#deps = this.#open(options.baseUrl ?? "https://ci.example.org");
    this.#app = createApp(this.#deps);
  }

  get app(): Hono {
    return this.#app;
  }

  get deps(): Deps {
    return this.#deps;
  }

  /** What a kill and a new start do: everything in memory is lost. */
  restart(): void {
    this.#close();
    this.#deps = this.#open(this.#deps.baseUrl);
    this.#app = createApp(this.#deps);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#close();
    return this.#ownFolder ? Deno.remove(this.folder, { recursive: true }) : Promise.resolve();
  }

  async get(path: string, headers: Record<string, string> = {}): Promise<Response> {
    return await this.#app.request(path, { headers });
  }

  /** The page as text; throws when it is not there. */
  async page(path: string): Promise<string> {
    const response = await this.get(path);
    const text = await response.text();
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${text}`);
    return text;
  }

  /** What the bridge says of a run. */
  async announce(run: string, said: Record<string, unknown>, token = bridgeToken): Promise<Response> {
    return await this.#app.request(`/api/runs/${run}`, {
      method: "PUT",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify(said),
    });
  }

  /** What the bridge says of itself. @returns the status of the answer */
  async reportBridge(said: BridgeReport, { token = bridgeToken }: { token?: string } = {}): Promise<number> {
    const response = await this.#app.request("/api/bridge", {
      method: "PUT",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify(said),
    });
    return response.status;
  }

  /** What a harness says of a run: events from number `offset` on. */
  async events(run: string, sent: { offset: number; events: unknown[]; token?: string }): Promise<Response> {
    return await this.#app.request(`/api/runs/${run}/events?offset=${sent.offset}`, {
      method: "POST",
      headers: { authorization: `Bearer ${sent.token ?? runnerToken}` },
      body: sent.events.map((event) => typeof event === "string" ? event : JSON.stringify(event)).join("\n") +
        "\n",
    });
  }

  /** A sign of life. @param report what it says of its host */
  async heartbeat(
    run: string,
    { report, token = runnerToken, host }: { report?: HostReport; token?: string; host?: string } = {},
  ) {
    return await this.#app.request(`/api/runs/${run}/heartbeat`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, ...(host === undefined ? {} : { [HOST_HEADER]: host }) },
      ...report === undefined ? {} : { body: JSON.stringify(report) },
    });
  }

  async artefact(run: string, name: string, body: Uint8Array<ArrayBuffer> | string): Promise<Response> {
    return await this.#app.request(`/api/runs/${run}/artefacts/${name}`, {
      method: "PUT",
      headers: { authorization: `Bearer ${runnerToken}` },
      body,
    });
  }

  #open(baseUrl: string): Deps {
    return {
      store: new Store(`${this.folder}/dashboard.db`),
      files: new RunFiles(`${this.folder}/runs`),
      hub: new Hub(),
      tokens: [
        writerToken("bridge", bridgeToken),
        writerToken("runner", runnerToken),
        { ...writerToken("runner", secondToken), name: "second.example.org" },
      ],
      baseUrl,
      enrolments: {
        names: () => this.enrolled,
        shown: (recipe) => !this.hidden.has(recipe),
        revision: () => this.hidden.size * 1000 + this.enrolled.length,
      },
      clock: this.clock,
      startedAt: this.clock.now(),
      logLimit: 1_000_000_000,
      minFreeBytes: 1e9,
      keepAliveMs: 20,
    };
  }

  #close(): void {
    this.#deps.hub[Symbol.dispose]();
    this.#deps.store[Symbol.dispose]();
  }
}
