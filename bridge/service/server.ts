import { Hono } from "hono";
import type { Clock } from "../../common/time.ts";
import { CcciError } from "../../common/errors.ts";
import type { Tls } from "../../common/tls.ts";
import { splitAddress } from "../../common/ingress.ts";
import { metricsOf } from "./metrics.ts";
import { isWaiting } from "../store/rows.ts";
import type { Store } from "../store/store.ts";
import type { Vitals } from "./vitals.ts";

/** Something the bridge itself cannot go on with. */
export class BridgeError extends CcciError {}

export interface ServerDeps {
  vitals: Vitals;
  store: Store;
  clock: Clock;
  /** Age from which the bridge calls itself blind, milliseconds. */
  stalePollMs: number;
}

/** `/metrics` for Prometheus, and `/healthz`: 200 while the bridge sees what is written on the forge, 503 when it does not. */
export function routes(deps: ServerDeps): Hono {
  const { vitals, store, clock } = deps;
  const app = new Hono();
  app.get("/healthz", (c) => {
    const now = clock.now();
    const pollAge = vitals.polledAt === null ? null : now - vitals.polledAt;
    const ok = pollAge !== null && pollAge <= deps.stalePollMs;
    const oldest = store.oldestUndelivered();
    const live = store.liveRuns();
    return c.json({
      ok,
      poll_age_s: pollAge === null ? null : Math.round(pollAge / 1000),
      poll_failure: vitals.pollFailure,
      outbox_age_s: oldest === null ? 0 : Math.max(0, Math.round((now - oldest) / 1000)),
      runs_queued: live.filter(isWaiting).length,
      runs_running: live.filter((run) => ["starting", "running"].includes(run.state)).length,
      engine_problems: vitals.engineProblems,
      maintenance: vitals.maintenance,
      problems: vitals.problems,
    }, ok ? 200 : 503);
  });
  const metrics = metricsOf(deps);
  app.get(
    "/metrics",
    async (c) => c.body(await metrics.metrics(), 200, { "content-type": metrics.contentType }),
  );
  app.notFound((c) => c.json({ message: "Not found" }, 404));
  return app;
}

/** @throws {BridgeError} when the address cannot be listened on, or the certificate cannot be used */
export function listen(
  address: string,
  { app, signal, tls }: { app: Hono; signal: AbortSignal; tls: Tls },
): Deno.HttpServer {
  const [hostname, port] = splitAddress(address);
  try {
    return Deno.serve({ hostname, port, signal, ...tls, onListen() {} }, app.fetch);
  } catch (cause) {
    throw new BridgeError("bridge.listen", `Could not listen on "${address}"`, {
      cause,
      hint: "Is another bridge running? CCCI_LISTEN chooses another address.",
    });
  }
}
