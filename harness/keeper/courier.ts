import { join } from "node:path";
import { Doorbell } from "../../common/doorbell.ts";
import { describeError } from "../../common/errors.ts";
import { type Ingress, ingressFetch } from "../../common/ingress.ts";
import { type Clock, systemClock } from "../../common/time.ts";
import {
  artefactName,
  eventOffset,
  heartbeatAnswer,
  HOST_HEADER,
  type HostReport,
} from "../../protocol/dashboard_api.ts";
import { exists, writeAtomically } from "../../common/files.ts";
import { type RunFolder, runFolders } from "../run/folder.ts";
import * as z from "zod";

const BATCH_LINES = 400;
/** Milliseconds after one delivery until the events that came meanwhile are sent together. */
const PUSH_EVERY_MS = 500;
const HEARTBEAT_MS = 10_000;
/** Milliseconds that a run waits at its end for the next answer of a dashboard that answered until then. */
const FAREWELL_MS = 5_000;
/**
 * Milliseconds that a run waits at most for all answers together: a slow dashboard that keeps answering gets
 * everything.
 */
const LONGEST_FAREWELL_MS = 60_000;
/** Milliseconds for which later runs try again to deliver what could not be delivered. */
const KEEP_TRYING_MS = 7 * 24 * 3600 * 1000;
/** Statuses with which a dashboard refuses events, or a file, because of what they are. */
const FOR_WHAT_IT_IS: ReadonlySet<number> = new Set([400, 413, 415, 422]);
/** Statuses with which a dashboard refuses events because of who sends them. */
const FOR_WANT_OF_RIGHTS: ReadonlySet<number> = new Set([401, 403]);

/** What has been delivered; kept in the run folder so that a later process can go on. */
const courierState = z.object({
  events: z.number().int().nonnegative(),
  artefacts: z.array(z.string()),
  done: z.boolean(),
  /** Whether the dashboard has refused the events of this run for good, so that no later process offers them. */
  refused: z.boolean().default(false),
});

export interface CourierOptions {
  url: string;
  token: string;
  /** Name of this host, where it has one. */
  host?: string;
  ingress: Ingress;
  /** Called when the dashboard says that somebody wants the run stopped. */
  onCancel?: (why: string | null) => void;
  /** Makes what every heartbeat tells of this host. */
  reportHost?: () => Promise<HostReport>;
  /** Used instead of the ingress, in tests. */
  fetch?: typeof fetch;
  clock?: Clock;
}

/**
 * Carries a run's events and files to the dashboard while the run goes on. It reads them from the run folder, so that
 * nothing is lost while the dashboard is away. It never holds the run up, and no trouble it has changes a result.
 */
export class Courier implements AsyncDisposable {
  #folder: RunFolder;
  #options: CourierOptions;
  #fetch: typeof fetch;
  #state: z.infer<typeof courierState> = { events: 0, artefacts: [], done: false, refused: false };
  #away = false;
  /** Whether the dashboard has refused the events, so that this process offers them no more. */
  #refused = false;
  /** Size of the events' file when all of it had been delivered; -1 before that. */
  #pushed = -1;
  /** Ends the loops; calls that are under way may go on. */
  #stop = new AbortController();
  /** Ends calls that are under way too. */
  #quit = new AbortController();
  /** Rejects when `#quit` aborts. */
  #quitted = Promise.withResolvers<never>();
  #loops: Promise<unknown>[] = [];
  #bell = new Doorbell();
  /** Called with every answer of the dashboard. */
  #answered = () => {};
  /** The latest trouble in words, which stays when a later call succeeds; null when there was none. */
  trouble: string | null = null;
  /** Why the run is to stop, once the dashboard has said so. */
  whyCancelled: string | null = null;

  constructor(folder: RunFolder, options: CourierOptions) {
    this.#folder = folder;
    this.#options = options;
    this.#fetch = options.fetch ?? ingressFetch(options.ingress, { timeoutMs: 10_000 });
    this.#quitted.promise.catch(() => {}); // most of the time nobody waits for it
    this.#quit.signal.addEventListener("abort", () => this.#quitted.reject(this.#quit.signal.reason));
  }

  /** Continues from where an earlier courier of this folder stopped. */
  async load(): Promise<{ done: boolean }> {
    try {
      this.#state = courierState.parse(JSON.parse(await Deno.readTextFile(this.#folder.courier)));
    } catch { /* no courier has saved anything that can be read: the dashboard will say how much it has */ }
    this.#refused = this.#state.refused;
    return { done: this.#state.done || this.#state.refused };
  }

  /** Starts to deliver in the background. */
  async start(): Promise<void> {
    await this.#save(); // with this file in the folder, a later run knows that it has to finish the delivery
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

  /** Tells the courier that there is a new event. An event after a pause is sent at once. */
  ring(): void {
    this.#bell.ring();
  }

  /** Delivers the rest, unless the dashboard is known to be away. It waits for each answer a few seconds at most. */
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
    if (!this.#away && !this.#refused) {
      await this.#attempt(() => this.#heartbeat()); // with what the run has found out about its host since the latest
      await this.deliverAll();
    }
    this.#answered = () => {};
    clearTimeout(silence);
    clearTimeout(longest);
  }

  /**
   * Delivers everything the folder holds, and the files first, so that a page which shows the end of the run finds
   * them.
   */
  async deliverAll(): Promise<void> {
    await this.#attempt(async () => {
      await this.#files();
      await this.#push({ end: true });
      this.#state.done = await exists(this.#folder.result);
      await this.#save();
    });
  }

  /**
   * Sends the events that the dashboard does not have yet.
   * @param options.end whether to send the event that ends the run as well. @default false: that event waits until the
   * files have been sent
   */
  async #push({ end = false } = {}): Promise<void> {
    const { size } = await Deno.stat(this.#folder.events).catch(() => ({ size: 0 }));
    while (!this.#refused && size !== this.#pushed) {
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
    // The report reads disks, and one that does not answer must not hold up the end of the run.
    const report = await Promise.race([this.#options.reportHost?.(), this.#quitted.promise]);
    const body = report === undefined
      ? {}
      : { body: JSON.stringify(report), headers: { "content-type": "application/json" } };
    const response = await this.#call("/heartbeat", { method: "POST", ...body });
    if (!response.ok) return await this.#refusal(response, "heartbeat");
    const { cancel, why } = heartbeatAnswer.parse(await response.json());
    if (!cancel) return;
    this.whyCancelled = why ?? this.whyCancelled;
    this.#options.onCancel?.(why);
  }

  /** Asks once more why the run is to stop: a signal is faster than the dashboard's answer, and knows no reason. */
  async askWhy(): Promise<string | null> {
    if (this.whyCancelled === null) await this.#attempt(() => this.#heartbeat());
    return this.whyCancelled;
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
    if (this.#state.artefacts.includes(name) || this.#refused) return;
    if (!artefactName.safeParse(name).success || !await exists(path)) return;
    const response = await this.#call(`/artefacts/${encodeURIComponent(name)}`, {
      method: "PUT",
      body: await Deno.readFile(path),
    });
    if (FOR_WHAT_IT_IS.has(response.status)) {
      // It will not be taken later either, and what is left of the run does without it.
      await response.body?.cancel();
      this.trouble = refusalOf(response, name);
    } else if (!response.ok) return await this.#refusal(response, name);
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
        headers: {
          ...init.headers,
          authorization: `Bearer ${this.#options.token}`,
          ...(this.#options.host === undefined ? {} : { [HOST_HEADER]: this.#options.host }),
        },
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
   * Notes a refusal. A dashboard that refuses a run's events for what they are will not take them later either. One
   * that refuses them for want of rights will not take them from this process, but a later one may have the right
   * token. Other refusals may end: 404, for example, is the answer for a run that nobody has announced yet.
   */
  async #refusal(response: Response, what: string): Promise<void> {
    await response.body?.cancel();
    if (what === "events" && FOR_WHAT_IT_IS.has(response.status)) {
      this.#refused = this.#state.refused = true;
      await this.#save();
    }
    if (what === "events" && FOR_WANT_OF_RIGHTS.has(response.status)) this.#refused = true;
    throw new Error(refusalOf(response, what));
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

function refusalOf({ status }: Response, what: string): string {
  return `The dashboard answers ${status} to ${what}`;
}

/** Whether a line of events is the one that ends a run. */
function isEnd(line: string | undefined): boolean {
  return line?.includes('"type":"run.finished"') ?? false;
}

/** Delivers what earlier runs could not, oldest first, until something cannot be delivered. */
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
    if (!(await courier.load()).done) return;
  }
}
