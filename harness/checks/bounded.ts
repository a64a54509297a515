import { formatBytes } from "../../common/bytes.ts";
import { domainsOfRun } from "../app/settings.ts";
import { followKills } from "../floor/kills.ts";
import { appLimits, tellRuntime } from "../floor/limits.ts";
import { AppWatch, gaugesOf } from "../floor/watch.ts";
import { isSurplus } from "../confinement/engine/mod.ts";
import type { Lane } from "../run/names.ts";
import { StageBlocked, type StageContext, StageFailure } from "../run/stage.ts";
import type { RunContext } from "./context.ts";
import { troubleOfBase } from "./need_base.ts";
import { Measurement } from "./resources.ts";

/**
 * The work of a stage, while which the app of its lane may use so much and no more, and which reports how much that
 * was. An app that used more is gone, and so is whatever builds upon it. At the stage's end the app's services have to
 * be those that had started, with few exceptions.
 */
export function bounded(
  lane: Lane | null,
  work: (run: RunContext, ctx: StageContext) => Promise<void>,
): (run: RunContext, ctx: StageContext) => Promise<void> {
  return async (run, ctx) => {
    const app = run.plan.apps.find((one) => one.lane === lane);
    if (app === undefined) return await work(run, ctx);
    const exceeded = run.exceeded.get(app.lane);
    if (exceeded !== undefined) throw new StageBlocked(exceeded);
    const { swarm } = run;
    const { stack } = app;
    const limits = appLimits(run.enrolment, run.plan.settings);
    const [gauges] = await Promise.all([
      gaugesOf(swarm, stack),
      tellRuntime(stack, { ...limits, hosts: hostsOf(run) }),
    ]);
    const watch = new AppWatch(limits, gauges);
    const measurement = new Measurement(swarm, stack, {
      memory: (bytes, several) => watch.sawMemory(bytes, several),
      containers: (count) => watch.sawContainers(count),
    });
    const over = new AbortController();
    void followKills(swarm, stack, {
      signal: over.signal,
      take(kill) {
        if (watch.sawKill(kill) || kill.allowed === null) return;
        ctx.note(
          `Service "${kill.service}" ran out of the ${
            formatBytes(kill.allowed)
          } of memory that it is allowed`,
        );
      },
    });
    try {
      // The last look belongs to it: an app that is ended meanwhile has not ended by itself.
      await watch.during(async (signal) => {
        if (signal.aborted) ctx.decided();
        signal.addEventListener("abort", () => ctx.decided(), { once: true });
        await work(run, { ...ctx, signal: AbortSignal.any([ctx.signal, signal]) });
        await run.app(app.lane).stayedUp(ctx);
      });
    } catch (error) {
      if (watch.ended || isSurplus(error)) {
        run.exceeded.set(app.lane, ctx.stage);
      }
      throw error instanceof StageFailure && error.code === "floor.exceeded"
        ? excessOf(error, { version: run.app(app.lane).published, ctx })
        : error;
    } finally {
      over.abort();
      ctx.resources(measurement.end());
    }
  };
}

/** Where the containers find the domains of the run, if that is not for the DNS to say. */
function hostsOf({ plan, enrolment }: RunContext): Record<string, string> {
  const { APP_INGRESS: address } = plan.settings;
  if (address === undefined) return {};
  return Object.fromEntries(domainsOfRun(plan, enrolment).map((domain) => [domain, address]));
}

/** What it means that an app used too much. @param of.version the published version that used it; null: the head did */
export function excessOf(
  error: StageFailure,
  { version, ctx }: { version: string | null; ctx: Pick<StageContext, "log"> },
): unknown {
  return version === null
    ? error
    : troubleOfBase(error, { version, trouble: "which uses more than an app may", ctx });
}
