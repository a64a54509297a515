import type { Hono, MiddlewareHandler } from "hono";
import { Gauge, Histogram, Registry } from "prom-client";
import type { Deps } from "./deps.ts";
import { healths } from "./recipe_standing.ts";
import type { Standings } from "./all_standings.ts";
import { runStates } from "../model/run.ts";
import { hiddenRecipes } from "./visible.ts";
import type { Host } from "../store/stats.ts";

/** A visitor may call a method anything; only these become labels. */
const methods = new Set(["GET", "HEAD", "POST", "PUT"]);

/** Numbers for Prometheus: what is asked at scraping time comes from the store, requests are counted as they come. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #requests: Histogram<"method" | "route" | "status">;
  /** Observers by method, status and route: to find the labels anew for each request costs more than a cached page. */
  readonly #observers = new Map<string, { observe(seconds: number): void }>();
  /** Viewers of running logs. */
  readonly viewers: Gauge;

  constructor(deps: Deps, standings: Standings) {
    const registers = [this.#registry];
    this.#requests = new Histogram({
      name: "ccci_dashboard_request_seconds",
      help: "Time until an answer began",
      labelNames: ["method", "route", "status"],
      buckets: [0.002, 0.005, 0.01, 0.03, 0.1, 0.3, 1, 3],
      registers,
    });
    this.viewers = new Gauge({ name: "ccci_dashboard_viewers", help: "Viewers of running logs", registers });
    const gauge = (name: string, help: string, read: () => number) =>
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(read());
        },
      });
    gauge(
      "ccci_dashboard_memory_bytes",
      "Memory of the program that is in RAM",
      () => Deno.memoryUsage().rss,
    );
    gauge(
      "ccci_dashboard_log_bytes",
      "Logs of all runs, unpacked",
      () => deps.store.stats.sizes(hiddenRecipes(deps)).logs,
    );
    const ofHosts = (name: string, help: string, read: (host: Host) => number | null | undefined) =>
      new Gauge({
        name,
        help,
        labelNames: ["host"],
        registers,
        collect() {
          for (const host of deps.store.stats.hosts()) {
            const value = read(host);
            if (typeof value === "number") this.set({ host: host.name }, value);
          }
        },
      });
    ofHosts(
      "ccci_runner_heard_timestamp_seconds",
      "When a runner host was last heard of",
      ({ heardAt }) => heardAt === null ? null : heardAt / 1000,
    );
    ofHosts(
      "ccci_runner_free_bytes",
      "Space left for runs on a runner host",
      ({ report }) => report?.freeBytes,
    );
    ofHosts(
      "ccci_runner_free_inodes",
      "Inodes left for runs on a runner host",
      ({ report }) => report?.freeInodes,
    );
    ofHosts(
      "ccci_runner_stuck",
      "Things the janitor of a runner host could not remove",
      ({ report }) => report?.janitor?.stuck,
    );
    ofHosts(
      "ccci_runner_floor",
      "Whether Docker of a runner host gives apps their limits",
      ({ report }) => report?.floor === undefined ? null : Number(report.floor),
    );
    ofHosts(
      "ccci_runner_certificate_end_timestamp_seconds",
      "When the certificate of the apps of a runner host ends",
      ({ report }) =>
        report?.certificateEnds === undefined ? null : Date.parse(report.certificateEnds) / 1000,
    );
    new Gauge({
      name: "ccci_runs",
      help: "Runs kept, by state",
      labelNames: ["state"],
      registers,
      collect() {
        const runs = deps.store.stats.runsByState(hiddenRecipes(deps));
        for (const state of runStates) this.set({ state }, runs.get(state) ?? 0);
      },
    });
    new Gauge({
      name: "ccci_recipes",
      help: "Public recipes, by the attention they need",
      labelNames: ["health"],
      registers,
      collect() {
        const all = standings.all();
        for (const health of healths) {
          this.set({ health }, all.filter((standing) => standing.health === health).length);
        }
      },
    });
  }

  /** Times every request under the pattern of its route, so that no address of a visitor becomes a label. */
  timed(): MiddlewareHandler {
    return async (c, next) => {
      const began = performance.now();
      await next();
      // What bridge and harness say is not counted: how much that is tells of runs that nobody may see.
      if (c.req.header("authorization") !== undefined) return;
      this.count({ method: c.req.method, status: c.res.status, route: c.req.routePath }, began);
    };
  }

  /** Counts a request. @param began when it did, by `performance.now()` */
  count(answered: { method: string; status: number; route: string }, began: number): void {
    const { status, route } = answered;
    const method = methods.has(answered.method) ? answered.method : "other";
    const key = `${method} ${status} ${route}`;
    let observer = this.#observers.get(key);
    if (observer === undefined) {
      const known = route === "*" || route === "/*" ? "other" : route;
      observer = this.#requests.labels({ method, route: known, status: String(status) });
      this.#observers.set(key, observer);
    }
    observer.observe((performance.now() - began) / 1000);
  }

  serve(app: Hono): void {
    app.get(
      "/metrics",
      async (c) =>
        c.body(await this.#registry.metrics(), 200, { "content-type": this.#registry.contentType }),
    );
  }
}
