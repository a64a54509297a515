import * as z from "zod";
import { type Clock, systemClock } from "../../common/time.ts";
import { isUnsure } from "../answer.ts";
import { type RunParams, runParams } from "../../protocol/params.ts";
import { type Engine, type EngineState, type Memory, outcomeOfExit, type StartAnswer } from "./engine.ts";

export interface DroneOptions {
  /** Address of the Drone server. */
  url: string;
  /** Token of a machine account that is Drone's admin. */
  token: string;
  /** `owner/name` of the repository that holds our `.drone.yml`, enabled by a real user of the forge. */
  repo: string;
  /** Where that file is read: never from a pull request, and not from whatever was pushed last. */
  branch: string;
  commit: string;
  /** Its time limit must be above 60 s: a missing `.drone.yml` is answered after 45 s. */
  fetch: typeof fetch;
  /** Runs the runners may have at a time. @default 1 */
  capacity?: number;
  clock?: Clock;
}

/** While a POST that got no answer may still be carried out, its run is neither there nor not there. */
const undecidedMs = 60_000;
/** A build lasts an hour at most: what runs for longer is a leftover of a runner that died. */
const longestRunMs = 65 * 60_000;
/** A runner starts what it took at once. Taken and not started means that it died in between. */
const takenMs = 90_000;
/** The harness hears of a cancel from the dashboard first, and then tears down in peace. */
const beforeDeleteMs = 60_000;
/** The limit Drone itself puts on a build, in minutes; the harness keeps its own below it. */
const limitMinutes = 60;
/** Seconds a runner may need to end what has reached the limit. */
const afterLimitS = 60;
const pageSize = 100;
const mostPages = 10;

const step = z.object({ name: z.string(), status: z.string(), exit_code: z.number().int().default(0) });
const stage = z.object({
  status: z.string(),
  machine: z.string().nullish(),
  error: z.string().nullish(),
  started: z.number().default(0),
  updated: z.number().default(0),
  steps: z.array(step).nullish(),
});
const build = z.object({
  number: z.number().int().positive(),
  parent: z.number().nullish(),
  status: z.string(),
  error: z.string().nullish(),
  created: z.number().default(0),
  started: z.number().default(0),
  finished: z.number().default(0),
  params: z.record(z.string(), z.string()).nullish(),
  stages: z.array(stage).nullish(),
});
type Build = z.infer<typeof build>;
const repoSettings = z.object({
  active: z.boolean(),
  protected: z.boolean().default(false),
  ignore_pull_requests: z.boolean().default(false),
  config_path: z.string().default(".drone.yml"),
  timeout: z.number(),
});
const account = z.object({ admin: z.boolean() });

type Called = { ok: true; status: number; body: unknown } | { ok: false; status: number; message: string };

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
  /** Build numbers by run. */
  readonly #numbers = new Map<string, number>();
  /** When it was first asked to end a run. */
  readonly #cancelled = new Map<string, number>();

  constructor(options: DroneOptions) {
    this.#options = options;
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
    const answer = await this.#call("POST", `/builds?${query}`);
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
    this.#numbers.set(RUN, created.data.number);
    return { ok: true };
  }

  async state(run: string, memory?: Memory): Promise<EngineState> {
    const number = await this.#find(run, memory);
    if (typeof number !== "number") return number;
    const answer = await this.#call("GET", `/builds/${number}`);
    if (answer.status === 404) return { kind: "lost", cause: `Build ${number} was deleted from Drone` };
    if (!answer.ok) return { kind: "away", message: answer.message };
    const read = build.safeParse(answer.body);
    if (!read.success) return { kind: "away", message: `Drone does not tell how build ${number} is` };
    return this.#judge(run, read.data);
  }

  /** Drone's own cancel kills the step's shell and reaches it only sometimes: it comes second. */
  async cancel(run: string, { gone } = { gone: false }): Promise<void> {
    const now = this.#clock.now();
    const asked = this.#cancelled.get(run) ?? now;
    this.#cancelled.set(run, asked);
    const state = await this.state(run);
    const number = this.#numbers.get(run);
    const dead = state.kind === "lost";
    if (number === undefined || (state.kind !== "waiting" && state.kind !== "running" && !dead)) return;
    if (state.kind === "running" && !gone && now - asked < beforeDeleteMs) return;
    await this.#call("DELETE", `/builds/${number}`);
  }

  async problems(): Promise<string[]> {
    const { repo, url } = this.#options;
    const settings = await this.#call("GET", "");
    if (!settings.ok) {
      if (settings.status === 401) {
        return ["Drone does not know the token: set CCCI_DRONE_TOKEN to the bridge's"];
      }
      if (settings.status === 404) {
        return [
          `Drone at "${url}" has no repository "${repo}": log in as its owner, synchronise and activate it`,
        ];
      }
      return [`Could not ask Drone: ${settings.message}`];
    }
    const read = repoSettings.safeParse(settings.body);
    if (!read.success) return [`Drone at "${url}" does not show the settings of "${repo}"`];
    const found: string[] = [];
    const { data } = read;
    if (!data.active) found.push(`Repository "${repo}" is not active in Drone: activate it as its owner`);
    if (data.protected) {
      found.push(`Repository "${repo}" is protected in Drone: builds would wait for approval`);
    }
    if (!data.ignore_pull_requests) {
      found.push(`Drone would run pull requests of "${repo}" on the CI host: set "ignore_pull_requests"`);
    }
    if (data.config_path !== ".drone.yml") {
      found.push(
        `Drone reads "${data.config_path}" of "${repo}": set its configuration path to ".drone.yml"`,
      );
    }
    if (data.timeout !== limitMinutes) {
      found.push(
        `Drone's limit for "${repo}" is ${data.timeout} min: set it to ${limitMinutes} as Drone's admin`,
      );
    }
    const self = await this.#call("GET", "/api/user", "server");
    const me = account.safeParse(self.ok ? self.body : null);
    if (me.success && !me.data.admin) found.push("The bridge's account in Drone is no admin: make it one");
    return found;
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
   * A runner ends a step with 137, for a cancel as well as at the time limit: what we asked for, we know; the rest is
   * time. What lasted longer, or was ended by nobody's runner then, had none any more: Drone itself clears such builds
   * away half an hour after their limit.
   */
  #killed(run: string, found: Build): Verdict {
    if (this.#cancelled.has(run)) return { outcome: "cancelled", cause: null };
    const lasted = found.started === 0 ? 0 : found.finished - found.started;
    if (lasted < limitMinutes * 60 - 5) {
      return { outcome: "cancelled", cause: "The build was cancelled in Drone" };
    }
    const byRunner = (found.stages ?? []).some((one) =>
      (one.steps ?? []).some((step) => step.exit_code === 137)
    );
    if (byRunner && lasted <= limitMinutes * 60 + afterLimitS) {
      return { outcome: "timed_out", cause: `Drone ended the run after ${limitMinutes} minutes` };
    }
    return { outcome: "infra", cause: "Its runner disappeared, and Drone cleared the build away" };
  }

  /** Number of a run's build, or what is to be said of a run without one. */
  async #find(run: string, memory?: Memory): Promise<number | EngineState> {
    const known = this.#numbers.get(run);
    if (known !== undefined) return known;
    for (let page = 1; page <= mostPages; page++) {
      const answer = await this.#call("GET", `/builds?page=${page}&per_page=${pageSize}`);
      if (!answer.ok) return { kind: "away", message: answer.message };
      const builds = z.array(build).nullable().safeParse(answer.body);
      if (!builds.success) return { kind: "away", message: "Drone does not list its builds" };
      // A build that somebody restarted by hand has the same parameters, and a parent.
      const own = (builds.data ?? []).findLast((one) => one.params?.RUN === run && !one.parent);
      if (own !== undefined) {
        this.#numbers.set(run, own.number);
        return own.number;
      }
      if ((builds.data ?? []).length < pageSize) break;
    }
    const sent = memory?.askedAt ?? null;
    if (sent !== null && this.#clock.now() - sent < undecidedMs) {
      return { kind: "away", message: "Drone has not answered yet whether it created the build" };
    }
    return { kind: "unknown" };
  }

  async #call(method: string, path: string, below: "repo" | "server" = "repo"): Promise<Called> {
    const { url, token, repo, fetch } = this.#options;
    const prefix = below === "repo" ? `/api/repos/${repo}` : "";
    try {
      const response = await fetch(`${url.replace(/\/+$/, "")}${prefix}${path}`, {
        method,
        headers: { authorization: `Bearer ${token}` },
        redirect: "manual",
      });
      const text = await response.text();
      if (response.status !== 200) {
        return {
          ok: false,
          status: response.status,
          message: `Drone answered ${response.status}${detail(text)}`,
        };
      }
      return { ok: true, status: 200, body: JSON.parse(text) };
    } catch (error) {
      const why = error instanceof SyntaxError ? "something that is no JSON" : message(error);
      return { ok: false, status: 0, message: `No answer of Drone: ${why}` };
    }
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

function whyNot(answer: Extract<Called, { ok: false }>): string {
  switch (answer.status) {
    case 401:
      return "Drone does not know the bridge's token";
    case 404:
      return "Drone did not find the repository, branch or commit of its pipeline, or its owner has to log in again";
    case 500:
      return 'Drone failed to create the build; is there a ".drone.yml" at the pinned commit?';
    default:
      return answer.message;
  }
}

/** Drone's word on an error; often there is none. */
function detail(text: string): string {
  try {
    const parsed = z.object({ message: z.string().min(1) }).safeParse(JSON.parse(text));
    return parsed.success ? `: ${parsed.data.message.slice(0, 200)}` : "";
  } catch {
    return "";
  }
}

function message(error: unknown): string {
  return error instanceof Error ? error.message.slice(0, 200) : String(error);
}
