import { join } from "node:path";
import { Doorbell } from "../../common/doorbell.ts";
import { describeError } from "../../common/errors.ts";
import { type Ingress, ingressFetch } from "../../common/ingress.ts";
import { type Clock, systemClock } from "../../common/time.ts";
import { artefactName, eventOffset, heartbeatAnswer, type HostReport } from "../../protocol/dashboard_api.ts";
import { exists, writeAtomically } from "../../common/files.ts";
import { type RunFolder, runFolders } from "../run/folder.ts";
import * as z from "zod";

const BATCH_LINES = 400;
/** Events that follow others are sent together this long after them. */
const PUSH_EVERY_MS = 500;
const HEARTBEAT_MS = 10_000;
/** How long a run waits at its end for an answer of a dashboard that was there until now. */
const FAREWELL_MS = 5_000;
/** A run waits so long at most for all answers together: a slow dashboard that keeps answering gets everything. */
const LONGEST_FAREWELL_MS = 60_000;
/** What could not be delivered is tried again at later runs, this long. */
const KEEP_TRYING_MS = 7 * 24 * 3600 * 1000;

/** What has been delivered; kept in the run folder so that a later process can go on. */
const courierState = z.object({
  events: z.number().int().nonnegative(),
  artefacts: z.array(z.string()),
  done: z.boolean(),
  /** The dashboard wants nothing of this run. */
  refused: z.boolean().default(false),
});

export interface CourierOptions {
  url: string;
  token: string;
  ingress: Ingress;
  /** Called when the dashboard says that somebody wants the run stopped. */
  onCancel?: () => void;
  /** Told with every heartbeat. */
  reportHost?: () => Promise<HostReport>;
  /** Instead of the ingress, in tests. */
  fetch?: typeof fetch;
  clock?: Clock;
}

/**
 * Carries a run's events and files to the dashboard while it goes on. It reads them from the run folder, so that
 * nothing is lost when the dashboard is away; it never holds the run up, and nothing it meets changes a result.
 */
export class Courier implements AsyncDisposable {
  #folder: RunFolder;
  #options: CourierOptions;
  #fetch: typeof fetch;
  #state: z.infer<typeof courierState> = { events: 0, artefacts: [], done: false, refused: false };
  #away = false;
  /** Size of the events' file when all of it had been delivered. */
  #pushed = -1;
  /** Ends the loops. */
  #stop = new AbortController();
  /** Ends calls that are under way as well. */
  #quit = new AbortController();
  /** Rejects then. */
  #quitted = Promise.withResolvers<never>();
  #loops: Promise<unknown>[] = [];
  #bell = new Doorbell();
  /** Called with every answer. */
  #answered = () => {};
  /** Last trouble, for whoever asks. */
  trouble: string | null = null;

  constructor(folder: RunFolder, options: CourierOptions) {
    this.#folder = folder;
    this.#options = options;
    this.#fetch = options.fetch ?? ingressFetch(options.ingress, { timeoutMs: 10_000 });
    this.#quitted.promise.catch(() => {}); // most of the time nobody waits for it
    this.#quit.signal.addEventListener("abort", () => this.#quitted.reject(this.#quit.signal.reason));
  }

  /** Goes on where the folder says an earlier courier stopped. */
  async load(): Promise<{ done: boolean }> {
    try {
      this.#state = courierState.parse(JSON.parse(await Deno.readTextFile(this.#folder.courier)));
    } catch { /* never started, or cut off while writing: the dashboard says how much it has */ }
    return { done: this.#state.done || this.#state.refused };
  }

  /** Starts to deliver in the background. */
  async start(): Promise<void> {
    await this.#save(); // marks the folder as one whose delivery somebody has to finish
    const { signal } = this.#stop;
    const clock = this.#options.clock ?? systemClock;
    const pause = (ms: number) => clock.sleep(ms, signal).catch(() => {});
    const pushes = async () => {
      while (!signal.aborted) {
        await this.#bell.wait(PUSH_EVERY_MS, { clock, signal });
        await this.#attempt(() => this.#push());
        await pause(PUSH_EVERY_MS);
      }
    };
    const heartbeats = async () => {
      while (!signal.aborted) {
        await this.#attempt(() => this.#heartbeat());
        await pause(HEARTBEAT_MS);
      }
    };
    this.#loops = [pushes(), heartbeats()];
  }

  /** Says that there is a new event: the first one is sent at once. */
  ring(): void {
    this.#bell.ring();
  }

  /** Delivers the rest, unless the dashboard is known to be away; waits for each answer a few seconds at most. */
  async finish(): Promise<void> {
    this.#stop.abort();
    const longest = setTimeout(() => this.#quit.abort(), LONGEST_FAREWELL_MS);
    let silence: ReturnType<typeof setTimeout> | undefined;
    this.#answered = () => {
      clearTimeout(silence);
      silence = setTimeout(() => this.#quit.abort(), FAREWELL_MS);
    };
    this.#answered();
    await Promise.all(this.#loops);
    if (!this.#away && !this.#state.refused) await this.deliverAll();
    this.#answered = () => {};
    clearTimeout(silence);
    clearTimeout(longest);
  }

  /** Everything the folder holds, files first: a page that shows the end shall find them. */
  async deliverAll(): Promise<void> {
    await this.#attempt(async () => {
      await this.#files();
      await this.#push({ end: true });
      this.#state.done = await exists(this.#folder.result);
      await this.#save();
    });
  }

  /** @param options.end also the event that ends the run. @default it waits for the files */
  async #push({ end = false } = {}): Promise<void> {
    const { size } = await Deno.stat(this.#folder.events).catch(() => ({ size: 0 }));
    while (!this.#state.refused && size !== this.#pushed) {
      const text = await Deno.readTextFile(this.#folder.events).catch(() => "");
      const lines = text.split("\n").slice(0, -1);
      const due = !end && isEnd(lines.at(-1)) ? lines.slice(0, -1) : lines;
      const batch = due.slice(this.#state.events, this.#state.events + BATCH_LINES);
      if (batch.length === 0) {
        if (due === lines) this.#pushed = size;
        return;
      }
      const response = await this.#call(`/events?offset=${this.#state.events}`, {
        method: "POST",
        headers: { "content-type": "application/x-ndjson" },
        body: `${batch.join("\n")}\n`,
      });
      if (response.status === 409) {
        const { offset } = eventOffset.parse(await response.json());
        if (offset === this.#state.events) throw new Error("The dashboard refuses events it asks for");
        this.#state.events = offset;
      } else if (response.ok) this.#state.events += batch.length;
      else await this.#refusal(response, "events");
      await this.#save();
      if (this.#stop.signal.aborted) continue;
      await this.#screenshots();
    }
  }

  async #heartbeat(): Promise<void> {
    // A disk that does not answer must not hold up the end.
    const report = await Promise.race([this.#options.reportHost?.(), this.#quitted.promise]);
    const body = report === undefined
      ? {}
      : { body: JSON.stringify(report), headers: { "content-type": "application/json" } };
    const response = await this.#call("/heartbeat", { method: "POST", ...body });
    if (!response.ok) return await this.#refusal(response, "heartbeat");
    if (heartbeatAnswer.parse(await response.json()).cancel) this.#options.onCancel?.();
  }

  async #screenshots(): Promise<void> {
    for await (const entry of Deno.readDir(this.#folder.screenshots)) {
      if (entry.isFile) await this.#file(join(this.#folder.screenshots, entry.name), entry.name);
    }
  }

  async #files(): Promise<void> {
    await this.#screenshots();
    await this.#file(this.#folder.report, "report.html");
    await this.#file(this.#folder.result, "result.json");
    await this.#file(this.#folder.junit, "junit.xml");
    for await (const entry of Deno.readDir(this.#folder.stages)) {
      if (entry.isFile) await this.#file(join(this.#folder.stages, entry.name), entry.name);
    }
  }

  async #file(path: string, name: string): Promise<void> {
    if (this.#state.artefacts.includes(name) || this.#state.refused) return;
    if (!artefactName.safeParse(name).success || !await exists(path)) return;
    const response = await this.#call(`/artefacts/${encodeURIComponent(name)}`, {
      method: "PUT",
      body: await Deno.readFile(path),
    });
    if (!response.ok) return await this.#refusal(response, name);
    this.#state.artefacts.push(name);
    await this.#save();
  }

  async #call(path: string, init: RequestInit): Promise<Response> {
    const run = this.#folder.path.split("/").at(-1) ?? "";
    const url = `${this.#options.url.replace(/\/+$/, "")}/api/runs/${encodeURIComponent(run)}${path}`;
    try {
      const response = await this.#fetch(url, {
        ...init,
        signal: this.#quit.signal,
        headers: { ...init.headers, authorization: `Bearer ${this.#options.token}` },
      });
      this.#away = false;
      this.#answered();
      return response;
    } catch (error) {
      this.#away = true;
      throw error;
    }
  }

  /**
   * A dashboard that refuses a run's events with one of these answers will not take them later either. Others may
   * change: 404 is the answer for a run that nobody has announced yet.
   */
  async #refusal(response: Response, what: string): Promise<void> {
    await response.body?.cancel();
    if (what === "events" && [400, 401, 403, 413, 415, 422].includes(response.status)) {
      this.#state.refused = true;
      await this.#save();
    }
    throw new Error(`The dashboard answers ${response.status} to ${what}`);
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.trouble = describeError(error);
    }
  }

  async #save(): Promise<void> {
    await writeAtomically(this.#folder.courier, JSON.stringify(this.#state)).catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#quit.abort();
    await Promise.all(this.#loops);
  }
}

/** Whether a line of events is the one that ends a run. */
function isEnd(line: string | undefined): boolean {
  return line?.includes('"type":"run.finished"') ?? false;
}

/** Delivers what earlier runs could not, oldest first, until the dashboard does not answer. */
export async function deliverSpooled(
  runs: string,
  options: CourierOptions & { except: string },
): Promise<void> {
  const { clock = systemClock } = options;
  for (const folder of await runFolders(runs)) {
    if (folder.path === options.except || !await exists(folder.courier) || !await exists(folder.result)) {
      continue;
    }
    const { mtime } = await Deno.stat(folder.result);
    if (mtime !== null && clock.now() - mtime.getTime() > KEEP_TRYING_MS) continue;
    const courier = new Courier(folder, options);
    if ((await courier.load()).done) continue;
    await courier.deliverAll();
    if (courier.trouble !== null) return;
  }
}
