import { dirname, join } from "node:path";
import { CcciError, describeError } from "../../common/errors.ts";
import { certificateEnd } from "../../common/certificate.ts";
import { ingressOf } from "../../common/ingress.ts";
import { type Clock, systemClock } from "../../common/time.ts";
import type { HostFacts } from "../../protocol/dashboard_api.ts";
import type { RunEvent } from "../../protocol/events.ts";
import { Courier, type CourierOptions, deliverSpooled } from "./courier.ts";
import { boundary, watchBoundaries, within } from "../run/faults.ts";
import { reportHost } from "../cleanup/host_report.ts";
import { KeeperLink } from "./front_link.ts";
import { toldToStop } from "../run/messages.ts";
import { FileLock, signature } from "../../common/file_lock.ts";
import { RunRecord } from "../run/record.ts";
import { writeReports } from "./write_reports.ts";
import { RunFolder, type RunPlan } from "../run/folder.ts";
import { readCourierSettings } from "../run/settings.ts";
import { emptyReport } from "../run/stage.ts";
import type { DockerObject } from "../swarm/swarm.ts";
import { supervise } from "./supervise.ts";
import type { RunEnd } from "../run/verdict.ts";

/**
 * Loads what talks to Docker. That takes time, so it is loaded only after the run has begun: somebody waits to see the
 * run begin.
 */
const loadDocker = () => import("./docker.ts");

const SLOT_POLL_MS = 300;
/** How long the end of a stopped run waits to hear from the dashboard who stopped it. */
const ASK_WHY_MS = 2_000;

/**
 * The process that outlives all others of a run. It has a session of its own, holds the locks, writes the run folder
 * before the first Docker object exists, and tears down however the run ends. It runs no stage except the teardown.
 */
export async function keep(): Promise<void> {
  const link = new KeeperLink();
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    Deno.addSignalListener(signal, () => link.cancel(toldToStop(signal)));
  }
  const asked = await link.request(Deno.stdin.readable);
  if (asked === null) return;
  try {
    const { request, settings, providers } = asked;
    const path = join(settings.RUNS, request.run);
    const started = await RunFolder.create(path, {
      request,
      settings,
      providers,
      startedAt: new Date(systemClock.now()).toISOString(),
    });
    using _lock = started.lock;
    watchBoundaries("keeper", path);
    boundary("keeper: has planned");
    await new Run({ ...started, link, clock: systemClock }).run();
  } catch (error) {
    const hint = error instanceof CcciError && error.hint !== undefined ? { hint: error.hint } : {};
    const usage = error instanceof CcciError && ["usage", "names.long"].includes(error.code);
    link.send({ type: "refused", message: describeError(error), usage, ...hint });
  }
  await link.flush(2_000);
}

/** What the keeper does for one run. */
class Run {
  readonly #clock: Clock;
  #folder: RunFolder;
  #plan: RunPlan;
  #link: KeeperLink;
  #record: RunRecord;
  #courier: Courier | null = null;
  #kept: RunPlan["apps"] = [];
  /** Folders that runs fill: ours, and Docker's after Docker has named it. */
  #disks: string[];
  /** What the run has found out about this host. */
  #facts: HostFacts = {};
  /** What the run keeps from others until it is over. */
  readonly #held = new DisposableStack();
  #queue: Promise<void> = Promise.resolve();

  constructor(started: { folder: RunFolder; plan: RunPlan; link: KeeperLink; clock: Clock }) {
    this.#clock = started.clock;
    this.#folder = started.folder;
    this.#plan = started.plan;
    this.#link = started.link;
    this.#record = new RunRecord(started.plan, started.clock);
    this.#disks = [started.plan.settings.RUNS];
  }

  async run(): Promise<void> {
    // The courier starts before the slot is free, so that the dashboard sees the waiting run and can cancel it.
    await using courier = await this.#startCourier();
    this.#courier = courier;
    const slot = await this.#slot();
    using _slot = slot;
    using _held = this.#held; // given back before the slot: the next run may have something to remove
    boundary("keeper: has the slot");
    const { run, recipe } = this.#plan.request;
    await this.#emit({
      t: this.#now(),
      type: "run.started",
      run,
      recipe,
      subject: this.#record.subject,
      stages: this.#plan.stages,
    });
    const cancelled = () =>
      this.#neverBegan({ kind: "cancelled", cause: String(this.#link.cancelled.reason) });
    await this.#finish(slot === null ? await cancelled() : await this.#work());
  }

  async #work(): Promise<RunEnd> {
    let end: RunEnd;
    boundary("keeper: starts the worker");
    const looking = this.#lookAround();
    try {
      end = await supervise({
        plan: this.#plan,
        folder: this.#folder,
        record: this.#record,
        cancelled: this.#link.cancelled,
        emit: (event) => this.#emit(event),
        ready: looking,
      });
    } catch (error) {
      end = { kind: "infra", cause: describeError(error), stage: null };
    }
    const foreign = await looking.catch(() => null);
    if (foreign === null) return await this.#neverBegan(end);
    for (const report of this.#record.unfinished(end)) await this.#report(report);
    const keep = this.#plan.request.keep && end.kind === "finished";
    if (keep) await this.#keepApps(foreign);
    else await this.#tearDown(foreign);
    return end;
  }

  /**
   * Checks that Docker is fit for a run, and removes what dead runs left in it.
   * @returns the objects in Docker that belong to others
   */
  async #lookAround(): Promise<DockerObject[]> {
    const { lookAround } = await loadDocker();
    const foreign = await lookAround({
      plan: this.#plan,
      folder: this.#folder,
      announce: (text) => this.#link.send({ type: "note", text }),
      foundDisk: (folder) => this.#disks.push(folder),
      learned: (facts) => void Object.assign(this.#facts, facts),
      hold: (lock) => void this.#held.use(lock),
      signal: this.#link.cancelled,
    });
    boundary("keeper: has looked around");
    return foreign;
  }

  /**
   * Waits for the slot: only one run at a time works in this folder of runs, so that no run measures or cleans up what
   * is another's.
   * @returns null when the run was cancelled before
   */
  async #slot(): Promise<FileLock | null> {
    const path = join(dirname(this.#folder.path), ".slot");
    let told: string | null | undefined;
    while (!this.#link.cancelled.aborted) {
      const lock = await FileLock.take(path);
      if (lock !== null) {
        await lock.sign(this.#plan.request.run);
        return lock;
      }
      const holder = await signature(path);
      if (holder !== told) {
        const text = `Waiting until run ${holder ?? "(unknown)"} is over: one at a time works in this folder`;
        this.#link.send({ type: "note", text });
      }
      told = holder;
      await this.#clock.sleep(SLOT_POLL_MS);
    }
    return null;
  }

  async #startCourier(): Promise<Courier | null> {
    const settings = readCourierSettings();
    if (settings === null || this.#plan.request.mode !== "ci") return null;
    const options: CourierOptions = {
      ...settings,
      ingress: await ingressOf(this.#plan.settings),
      onCancel: (why) => this.#link.cancel(why ?? "Somebody asked for it to be stopped"),
      reportHost: () =>
        reportHost(this.#plan.settings.RUNS, {
          disks: this.#disks,
          facts: { ...this.#facts, ...this.#record.abra },
        }),
    };
    // Nobody waits for the answer, which a proxy that is away does not give.
    void certificateEnd(this.#plan.settings.INGRESS, { name: this.#plan.apps[0]?.domain ?? "" })
      .then((ends) => ends === null || Object.assign(this.#facts, { certificateEnds: ends.toISOString() }));
    const courier = new Courier(this.#folder, options);
    await courier.start();
    const { onCancel: _, ...plain } = options;
    void deliverSpooled(dirname(this.#folder.path), { ...plain, except: this.#folder.path }).catch(() => {});
    return courier;
  }

  async #tearDown(foreign: DockerObject[]): Promise<void> {
    const started = this.#clock.elapsed();
    await this.#emit({ t: this.#now(), type: "stage.started", stage: "teardown" });
    const lines: Promise<void>[] = [];
    boundary("teardown: begins");
    const { cleanUp, swarmOf } = await loadDocker();
    const { report, leftovers } = await within("teardown", () =>
      cleanUp({
        plan: this.#plan,
        folder: this.#folder,
        swarm: swarmOf(this.#plan),
        foreign,
        backedUp: this.#record.backedUp,
        log: (line) => void lines.push(this.#emit({ t: this.#now(), type: "log", stage: "teardown", line })),
      }));
    await Promise.all(lines);
    this.#record.leftovers = leftovers;
    await this.#report({ ...report, seconds: Math.round((this.#clock.elapsed() - started) / 10) / 100 });
    boundary("teardown: ends");
  }

  async #keepApps(foreign: DockerObject[]): Promise<void> {
    const { deployedApps } = await loadDocker();
    this.#kept = await deployedApps(this.#plan);
    if (this.#kept.length === 0) return await this.#tearDown(foreign);
    await this.#folder.setState("kept");
    await this.#report({ ...emptyReport("teardown", "skipped"), reason: "kept because of --keep" });
  }

  /** Ends a run that has deployed nothing, so that it needs no teardown. */
  async #neverBegan(end: RunEnd): Promise<RunEnd> {
    for (const report of this.#record.unfinished(end)) await this.#report(report);
    await this.#folder.removeScratch();
    await this.#folder.setState("clean");
    return end;
  }

  /** How the run ended, with the reason for which somebody stopped it, where the dashboard knows it. */
  async #explained(end: RunEnd): Promise<RunEnd> {
    if (end.kind !== "cancelled") return end;
    const waited = new AbortController();
    const late = this.#clock.sleep(ASK_WHY_MS, waited.signal).then(() => null, () => null);
    const why = await Promise.race([this.#courier?.askWhy() ?? null, late]);
    waited.abort();
    return { ...end, cause: why ?? end.cause };
  }

  async #finish(ended: RunEnd): Promise<void> {
    const end = await this.#explained(ended);
    const result = this.#record.result(end);
    // If the result cannot be written, the front still gets it: the message below carries it.
    await this.#folder.writeResult(result)
      .catch((error) => this.#link.send({ type: "note", text: `No result file: ${describeError(error)}` }));
    boundary("keeper: has written the result");
    await writeReports(this.#folder, { result, timing: this.#record.timing })
      .catch((error) => this.#link.send({ type: "note", text: `No report page: ${describeError(error)}` }));
    await this.#emit({ t: this.#now(), type: "run.finished", result });
    await this.#courier?.finish();
    this.#link.send({
      type: "done",
      result,
      kept: this.#kept.map(({ lane, domain, stack }) => ({ lane, domain, stack })),
    });
  }

  async #report(report: Parameters<RunRecord["reports"]["push"]>[0]): Promise<void> {
    await this.#emit({ t: this.#now(), type: "stage.finished", report });
  }

  /**
   * Writes events one after the other, so that the file has them in this order. If the disk is full, events are lost,
   * but the teardown still takes place.
   */
  #emit(event: RunEvent): Promise<void> {
    this.#record.take(event);
    this.#link.send({ type: "event", event });
    this.#queue = this.#queue.then(() => this.#folder.append(event))
      .then(() => this.#courier?.ring())
      .catch((error) => this.#record.note(`Parts of the log are missing: ${describeError(error)}`));
    return this.#queue;
  }

  #now(): string {
    return new Date(this.#clock.now()).toISOString();
  }
}
