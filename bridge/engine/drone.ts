import * as z from "zod";
import { type Clock, formatSeconds, systemClock } from "../../common/time.ts";
import { isUnsure } from "../../common/answer.ts";
import { type Build, build, DroneApi, type DroneApiOptions, whyNot } from "./drone_api.ts";
import { droneProblems } from "./drone_settings.ts";
import { BUILD_MINUTES } from "../../protocol/drone_repository.ts";
import { type RunParams, runParams } from "../../protocol/params.ts";
import {
  type Engine,
  type EnginePage,
  type EngineState,
  type Memory,
  outcomeOfExit,
  type StartAnswer,
} from "./engine.ts";

export interface DroneOptions extends DroneApiOptions {
  /** Where `.drone.yml` is read: never from a pull request, and not from whatever was pushed last. */
  branch: string;
  commit: string;
  /** Runs the runners may have at a time. @default 1 */
  capacity?: number;
  clock?: Clock;
}

interface Known {
  /** Number of its build, null until that was found. */
  number: number | null;
  /** When it was first asked to end the run. */
  cancelledAt: number | null;
  usedAt: number;
}

/** How long after a POST without an answer Drone may still create the build. */
const undecidedMs = 60_000;
/** A build lasts an hour at most: what runs for longer is a leftover of a runner that died. */
const longestRunMs = 65 * 60_000;
/**
 * A runner starts a build as soon as it has taken it. One that is taken and, after this long, not started has lost its
 * runner.
 */
const takenMs = 90_000;
/**
 * How long the harness gets to hear of a cancel from the dashboard and to tear down, before Drone is asked to end the
 * build.
 */
const beforeDeleteMs = 60_000;
/** Seconds a runner may need to end what has reached the limit. */
const afterLimitS = 60;
const pageSize = 100;
/** How far back builds are looked through for a run of which nobody says since when it could be there. */
const mostPages = 10;
/** How far Drone's clock may be from ours. */
const mostSkewMs = 15 * 60_000;

/**
 * Runs the harness as custom builds of a Drone server. The run's name is a parameter of the build, by which it is
 * found again; builds are created one by one, and looked up before one is created a second time. Drone neither tells
 * a cancelled step from an overlong one nor notices a runner that died, so what it says is read with care.
 */
export class DroneEngine implements Engine {
  readonly name = "drone";
  readonly capacity: number;
  readonly seesDeath = false;
  readonly #options: DroneOptions;
  readonly #clock: Clock;
  readonly #api: DroneApi;
  readonly #known = new Map<string, Known>();

  constructor(options: DroneOptions) {
    this.#options = options;
    this.#api = new DroneApi(options);
    this.#clock = options.clock ?? systemClock;
    this.capacity = options.capacity ?? 1;
  }

  async start(params: RunParams, memory?: Memory): Promise<StartAnswer> {
    const checked = runParams.safeParse(params);
    if (!checked.success) {
      return refused("A parameter of the run has a form that is not allowed");
    }
    const { RUN } = checked.data;
    const known = await this.state(RUN, memory);
    if (known.kind === "away") return { ok: false, kind: "away", message: known.message };
    if (known.kind !== "unknown") return { ok: true };
    const { branch, commit } = this.#options;
    const query = new URLSearchParams({ branch, commit, ...checked.data });
    const answer = await this.#api.call({ method: "POST", path: `/builds?${query}` });
    if (!answer.ok) {
      return { ok: false, kind: isUnsure(answer) ? "unsure" : "refused", message: whyNot(answer) };
    }
    if (answer.body === null) {
      return refused('Drone created no build: ".drone.yml" has no pipeline for event "custom"');
    }
    const created = build.safeParse(answer.body);
    if (!created.success) {
      return { ok: false, kind: "unsure", message: "Drone answered with something that is no build" };
    }
    this.#use(RUN).number = created.data.number;
    return { ok: true };
  }

  async state(run: string, memory?: Memory): Promise<EngineState> {
    const number = await this.#find(run, memory);
    if (typeof number !== "number") return number;
    const answer = await this.#api.call({ method: "GET", path: `/builds/${number}` });
    if (answer.status === 404) return { kind: "lost", cause: `Build ${number} was deleted from Drone` };
    if (!answer.ok) return { kind: "away", message: answer.message };
    const read = build.safeParse(answer.body);
    if (!read.success) return { kind: "away", message: `Drone does not tell how build ${number} is` };
    return this.#judge(run, read.data);
  }

  /** Drone's own cancel kills the step's shell and reaches it only sometimes: it comes second. */
  async cancel(
    run: string,
    { gone = false, memory }: { gone?: boolean; memory?: Memory } = {},
  ): Promise<void> {
    const now = this.#clock.now();
    const known = this.#use(run);
    const asked = known.cancelledAt ??= now;
    const state = await this.state(run, memory);
    const { number } = known;
    const dead = state.kind === "lost";
    if (number === null || (state.kind !== "waiting" && state.kind !== "running" && !dead)) return;
    if (state.kind === "running" && !gone && now - asked < beforeDeleteMs) return;
    await this.#api.call({ method: "DELETE", path: `/builds/${number}` });
  }

  page(run: string): EnginePage | null {
    const number = this.#known.get(run)?.number ?? null;
    const { url, repo } = this.#options;
    // An address without TLS is one for services only: people cannot follow it.
    const { protocol, origin, pathname } = new URL(url);
    if (number === null || protocol !== "https:") return null;
    return {
      name: `Drone build ${number}`,
      url: `${origin}${pathname.replace(/\/+$/, "")}/${repo}/${number}`,
    };
  }

  problems(): Promise<string[]> {
    return droneProblems(this.#api, this.#options);
  }

  /** Forgets the builds of runs that nobody has asked about since. */
  forget(before: number): Promise<void> {
    for (const [run, { usedAt }] of this.#known) if (usedAt < before) this.#known.delete(run);
    return Promise.resolve();
  }

  #judge(run: string, found: Build): EngineState {
    const now = this.#clock.now();
    const [only] = found.stages ?? [];
    switch (found.status) {
      case "pending":
      case "waiting_on_dependencies":
        if (
          only?.machine && only.status === "pending" && only.updated > 0 &&
          now - only.updated * 1000 > takenMs
        ) {
          return { kind: "lost", cause: `The runner on "${only.machine}" took the run and disappeared` };
        }
        return { kind: "waiting" };
      case "running":
        if (found.started > 0 && now - found.started * 1000 > longestRunMs) {
          return { kind: "lost", cause: "The runner disappeared, and the run with it" };
        }
        return { kind: "running" };
      case "success":
      case "failure":
        return { kind: "ended", ...verdict(found) };
      case "killed":
        return { kind: "ended", ...this.#killed(run, found) };
      case "error":
        return infra(`Drone could not run the pipeline${found.error ? `: ${found.error}` : ""}`);
      case "skipped":
      case "declined":
      case "blocked":
        return infra(`Drone did not run the pipeline: the build is ${found.status}`);
      default:
        return { kind: "away", message: `Drone calls build ${found.number} "${found.status}"` };
    }
  }

  /**
   * A runner ends a step with exit code 137 for a cancel as well as at the time limit. The bridge knows whether it
   * asked for a cancel itself; otherwise the time that the build lasted decides. Shorter than the limit, somebody
   * cancelled it in Drone; at the limit, the runner ended it. A build that lasted longer, or of which no runner ended a
   * step, had lost its runner: Drone clears such builds away half an hour after their limit.
   */
  #killed(run: string, found: Build): Verdict {
    if (this.#use(run).cancelledAt !== null) return { outcome: "cancelled", cause: null };
    const lasted = found.started === 0 ? 0 : found.finished - found.started;
    if (lasted < BUILD_MINUTES * 60 - 5) {
      return { outcome: "cancelled", cause: "The build was cancelled in Drone" };
    }
    const byRunner = (found.stages ?? []).some((one) =>
      (one.steps ?? []).some((step) => step.exit_code === 137)
    );
    if (byRunner && lasted <= BUILD_MINUTES * 60 + afterLimitS) {
      return {
        outcome: "timed_out",
        cause: `Drone ended the run after ${formatSeconds(BUILD_MINUTES * 60_000)}`,
      };
    }
    return { outcome: "infra", cause: "Its runner disappeared, and Drone cleared the build away" };
  }

  #use(run: string): Known {
    const known = this.#known.get(run) ?? { number: null, cancelledAt: null, usedAt: 0 };
    known.usedAt = this.#clock.now();
    this.#known.set(run, known);
    return known;
  }

  /** Number of a run's build, or what is to be said of a run without one. */
  async #find(run: string, memory?: Memory): Promise<number | EngineState> {
    const known = this.#use(run);
    if (known.number !== null) return known.number;
    const since = memory?.since;
    for (let page = 1; since !== undefined || page <= mostPages; page++) {
      const answer = await this.#api.call({
        method: "GET",
        path: `/builds?page=${page}&per_page=${pageSize}`,
      });
      if (!answer.ok) return { kind: "away", message: answer.message };
      const builds = z.array(build).nullable().safeParse(answer.body);
      if (!builds.success) return { kind: "away", message: "Drone does not list its builds" };
      // A build that somebody restarted by hand has the same parameters, and a parent.
      const own = (builds.data ?? []).findLast((one) => one.params?.RUN === run && !one.parent);
      if (own !== undefined) {
        known.number = own.number;
        return own.number;
      }
      const oldest = builds.data?.at(-1);
      if (oldest === undefined || (builds.data ?? []).length < pageSize) break;
      if (since !== undefined && oldest.created * 1000 < since - mostSkewMs) break;
    }
    const sent = memory?.askedAt ?? null;
    if (sent !== null && this.#clock.now() - sent < undecidedMs) {
      return { kind: "away", message: "Drone has not answered yet whether it created the build" };
    }
    return { kind: "unknown" };
  }
}

type Verdict = Pick<Extract<EngineState, { kind: "ended" }>, "outcome" | "cause">;

function refused(message: string): StartAnswer {
  return { ok: false, kind: "refused", message };
}

function infra(cause: string): EngineState {
  return { kind: "ended", outcome: "infra", cause };
}

/** The harness' exit code decides. Drone calls a step without commands, or with exit code 78, a success. */
function verdict(found: Build): Verdict {
  const steps = (found.stages ?? []).flatMap((one) => one.steps ?? []).filter((one) =>
    one.status !== "skipped"
  );
  const decisive = steps.find((one) => one.status !== "success" || one.exit_code !== 0) ?? steps.at(-1);
  const errors = (found.stages ?? []).map((one) => one.error).filter((error) => !!error);
  const said = found.error || errors[0];
  if (decisive === undefined) {
    return { outcome: "infra", cause: `Drone ran no step of the build${said ? `: ${said}` : ""}` };
  }
  if (decisive.name === "clone") return { outcome: "infra", cause: "Drone could not clone its repository" };
  if (found.status === "failure" && decisive.exit_code === 0) {
    return { outcome: "infra", cause: `Drone calls the build failed${said ? `: ${said}` : ""}` };
  }
  if (decisive.exit_code < 0) return { outcome: "infra", cause: "The harness was ended by a signal" };
  return outcomeOfExit(decisive.exit_code);
}
