import { pipelinesRepository } from "../../protocol/drone_repository.ts";
import type { FakeClock } from "../../common/testing/fake_clock.ts";

interface FakeBuild {
  number: number;
  parent: number;
  status: string;
  error: string;
  event: string;
  created: number;
  started: number;
  finished: number;
  params: Record<string, string>;
  stages: {
    status: string;
    machine: string;
    error: string;
    started: number;
    updated: number;
    steps: { name: string; status: string; exit_code: number }[];
  }[];
}

/** What happens to a request: `undefined` lets it through. */
export type DroneFault = (request: { method: string; path: string }) => Response | "answer lost" | undefined;

/**
 * A Drone server as far as the bridge uses it, with the real one's shapes and manners: 200 and `null` where no
 * pipeline matches, 500 and nothing after 45 s without `.drone.yml`, error texts that get lost, parameters from the
 * query alone, lists without stages, a cancel that says "killed" whether it arrives or not, a runner's death that
 * nobody notices.
 */
export class FakeDrone {
  readonly repo = "cc-ci/cc-ci";
  readonly commit = "d".repeat(40);
  readonly builds: FakeBuild[] = [];
  readonly requests: string[] = [];
  readonly settings = { active: true, ...pipelinesRepository };
  admin = true;
  pipeline: "good" | "no match" | "missing" | "bad" = "good";
  fault: DroneFault = () => undefined;
  readonly #clock: FakeClock;

  constructor(clock: FakeClock) {
    this.#clock = clock;
  }

  readonly fetch: typeof fetch = (input, init) => {
    const request = new Request(input, init);
    const url = new URL(request.url);
    const path = url.pathname;
    this.requests.push(`${request.method} ${path}`);
    const fault = this.fault({ method: request.method, path });
    if (fault instanceof Response) return Promise.resolve(fault);
    const answer = request.headers.get("authorization") === "Bearer drone-token"
      ? this.#route(`${request.method} ${path}`, url.searchParams)
      : json({ message: "Unauthorized" }, 401);
    return fault === "answer lost"
      ? Promise.reject(new TypeError("Connection reset"))
      : Promise.resolve(answer);
  };

  /** The build of a run. */
  build(run: string): FakeBuild {
    const found = this.builds.find((build) => build.params.RUN === run);
    if (found === undefined) throw new Error(`There is no build of run "${run}"`);
    return found;
  }

  /** A runner takes the run and starts its step. */
  take(run: string): void {
    const build = this.build(run);
    const now = this.#seconds();
    Object.assign(build, { status: "running", started: now });
    build.stages = [{
      ...{ status: "running", machine: "host", error: "", started: now, updated: now },
      steps: [{ name: "run", status: "running", exit_code: 0 }],
    }];
  }

  /** The harness ends with this code. */
  end(run: string, code: number): void {
    const build = this.build(run);
    // Drone reads 78 as "skip what follows, successfully".
    const status = code === 0 || code === 78 ? "success" : "failure";
    Object.assign(build, { status, finished: this.#seconds() });
    for (const stage of build.stages) {
      stage.status = status;
      for (const step of stage.steps) Object.assign(step, { status, exit_code: code });
    }
  }

  /** Drone ends it: by its time limit, or because somebody cancelled it. */
  kill(run: string, exit_code = 137): void {
    const build = this.build(run);
    if (!["pending", "running"].includes(build.status)) return;
    Object.assign(build, { status: "killed", finished: this.#seconds() });
    for (const stage of build.stages) {
      stage.status = "killed";
      for (const step of stage.steps) Object.assign(step, { status: "killed", exit_code });
    }
  }

  #route(route: string, query: URLSearchParams): Response {
    const base = `/api/repos/${this.repo}`;
    if (route === "GET /api/user") return json({ login: "bridge", admin: this.admin, machine: true });
    if (route === `GET ${base}`) return json(this.settings);
    if (route === `POST ${base}/builds`) return this.#create(query);
    if (route === `GET ${base}/builds`) {
      const size = Math.min(Number(query.get("per_page") ?? 25), 100);
      const start = (Number(query.get("page") ?? 1) - 1) * size;
      return json(
        this.builds.toReversed().slice(start, start + size).map(({ stages: _, ...build }) => build),
      );
    }
    const match = new RegExp(`^(GET|DELETE) ${base}/builds/(\\d+)$`).exec(route);
    const build = this.builds.find((one) => one.number === Number(match?.[2]));
    if (build === undefined) return json({}, 404);
    if (match?.[1] === "DELETE") this.kill(build.params.RUN ?? "", 130);
    return json(build);
  }

  #create(query: URLSearchParams): Response {
    if (query.get("branch") !== "main" || query.get("commit") !== this.commit) return json({}, 404);
    if (this.pipeline === "no match") return json(null);
    if (this.pipeline === "missing") {
      this.#clock.pass(45);
      return json({}, 500);
    }
    const params = Object.fromEntries(
      [...query].filter(([name]) => !["branch", "commit", "access_token"].includes(name)),
    );
    const { stages: _, ...answer } = this.#add(params);
    return json(answer);
  }

  /** Builds of other runs come, which nobody takes yet. */
  queue(runs: readonly string[]): void {
    for (const RUN of runs) this.#add({ RUN });
  }

  #add(params: Record<string, string>): FakeBuild {
    const bad = this.pipeline === "bad";
    const build: FakeBuild = {
      number: this.builds.length + 1,
      parent: 0,
      status: bad ? "error" : "pending",
      error: bad ? "yaml: line 3: mapping values are not allowed in this context" : "",
      event: "custom",
      created: this.#seconds(),
      started: 0,
      finished: 0,
      params,
      stages: [],
    };
    this.builds.push(build);
    return build;
  }

  #seconds(): number {
    return Math.floor(this.#clock.now() / 1000);
  }
}

function json(body: unknown, status = 200): Response {
  return new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } });
}
