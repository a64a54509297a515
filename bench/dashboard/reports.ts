import { commitId } from "../../protocol/params.ts";
import type { RunEvent } from "../../protocol/events.ts";
import { bridgeToken, runnerToken, type Served } from "./servers.ts";

/** What bridge and harness say of one run under measurement. */
export class Reports {
  readonly run: string;
  readonly recipe: string;
  readonly subject: { kind: "branch"; name: string; src: string };
  readonly commit = commitId.parse("0".repeat(40));
  readonly #dashboard: Served;
  #sent = 0;

  constructor(dashboard: Served, of: { run: string; recipe: string }) {
    this.#dashboard = dashboard;
    this.run = of.run;
    this.recipe = of.recipe;
    this.subject = { kind: "branch", name: "main", src: `recipe-maintainers/${of.recipe}` };
  }

  async announce(state: "queued" | "running"): Promise<void> {
    await this.#call("PUT", "", {
      token: bridgeToken,
      body: JSON.stringify({ recipe: this.recipe, subject: this.subject, commit: this.commit, state }),
    });
  }

  /** The first event of a run. */
  start(): Promise<void> {
    const { run, recipe, subject } = this;
    return this.events([{ t: now(), type: "run.started", run, recipe, subject, stages: ["install"] }]);
  }

  /** Some lines of log in one batch. */
  lines(lines: readonly string[]): Promise<void> {
    return this.events(lines.map((line) => ({ t: now(), type: "log", stage: "install", line })));
  }

  events(events: readonly RunEvent[]): Promise<void> {
    return this.send(events.map((event) => JSON.stringify(event)).join("\n"), events.length);
  }

  /** Events as they go over the wire. @param count how many they are */
  async send(body: string, count: number): Promise<void> {
    await this.#call("POST", `/events?offset=${this.#sent}`, { token: runnerToken, body });
    this.#sent += count;
  }

  async artefact(name: string, body: Uint8Array<ArrayBuffer>): Promise<void> {
    await this.#call("PUT", `/artefacts/${name}`, { token: runnerToken, body });
  }

  async #call(
    method: string,
    path: string,
    { token, body }: { token: string; body: string | Uint8Array<ArrayBuffer> },
  ): Promise<void> {
    const url = `${this.#dashboard.url}/api/runs/${this.run}${path}`;
    const answer = await fetch(url, { method, headers: { authorization: `Bearer ${token}` }, body });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${text}`);
  }
}

function now(): string {
  return new Date().toISOString();
}
