import { Bridge, type BridgeDeps } from "./bridge.ts";
import { Doorbell } from "../../common/doorbell.ts";
import { describeError } from "../../common/errors.ts";
import { logger } from "../../common/log.ts";
import type { Tls } from "../../common/tls.ts";
import { listen, routes } from "./server.ts";
import { webhookRoutes } from "./webhook.ts";

const log = logger("bridge");

export interface RunOptions {
  listen: string;
  tls?: Tls;
  pollMs: number;
  webhookSecret: string | null;
  /** Ends the bridge: the call it is in is finished, runs go on without it. */
  signal: AbortSignal;
}

/** How often runs are looked at when nothing else happens. */
const workMs = 500;
const leastStaleMs = 60_000;

/** Runs the bridge until the signal. Each part has its own loop, so that a slow forge does not hold up the others. */
export async function run(deps: BridgeDeps, options: RunOptions): Promise<void> {
  const { clock, store } = deps;
  const { signal, pollMs } = options;
  const bridge = new Bridge(deps);
  const bells = {
    poll: new Doorbell(),
    hook: new Doorbell(),
    decide: new Doorbell(),
    drive: new Doorbell(),
    outbox: new Doorbell(),
    dashboard: new Doorbell(),
  };
  const ringOthers = () => {
    for (const bell of [bells.drive, bells.outbox, bells.dashboard]) bell.ring();
  };

  async function guarded(name: string, round: () => Promise<number>): Promise<number> {
    try {
      return await round();
    } catch (error) {
      // A fault in one round must not end the bridge: the next one starts from what is stored.
      log.error("a round failed", { loop: name, error: describeError(error), stack: stackOf(error) });
      return workMs;
    }
  }
  async function loop(name: keyof typeof bells, round: () => Promise<number>): Promise<void> {
    while (!signal.aborted) await bells[name].wait(await guarded(name, round), { clock, signal });
  }
  /** Rounds of this loop may overlap: while one waits for an engine that hangs, the next one moves the other runs. */
  async function overlappingLoop(name: keyof typeof bells, round: () => Promise<number>): Promise<void> {
    const underWay = new Set<Promise<number>>();
    while (!signal.aborted) {
      const one = guarded(name, round).finally(() => underWay.delete(one));
      underWay.add(one);
      await bells[name].wait(workMs, { clock, signal });
    }
    await Promise.all(underWay);
  }
  /** A round that changed something gives the others something to do. */
  const chained = (round: () => Promise<boolean>) => async () => {
    if (await round()) ringOthers();
    return workMs;
  };

  const app = routes({
    vitals: bridge.vitals,
    store,
    clock,
    stalePollMs: Math.max(leastStaleMs, 4 * pollMs),
  });
  app.route(
    "/",
    webhookRoutes({
      secret: options.webhookSecret,
      ownId: () => store.ownId,
      ring: (place) => {
        bridge.ring(place);
        bells.hook.ring();
      },
      ringPush: () => bridge.ringPush(),
    }),
  );
  const server = listen(options.listen, { app, signal, tls: options.tls ?? {} });
  log.info("listening", { address: options.listen, engine: deps.engine.name });
  await Promise.all([
    loop("poll", async () => {
      const extra = await bridge.poll();
      bells.decide.ring();
      return pollMs + extra;
    }),
    loop("hook", async () => {
      if (await bridge.answerRings()) bells.decide.ring();
      return pollMs;
    }),
    loop("decide", chained(() => bridge.decide())),
    overlappingLoop("drive", chained(() => bridge.drive())),
    loop("outbox", chained(() => bridge.deliver())),
    loop("dashboard", chained(() => bridge.announce())),
    server.finished,
  ]);
  log.info("stopped");
}

function stackOf(error: unknown): string | undefined {
  return error instanceof Error ? error.stack : undefined;
}
