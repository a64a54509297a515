import * as z from "zod";
import { formatBytes } from "../../common/bytes.ts";
import { formatSeconds } from "../../common/time.ts";
import { plainLines } from "../run/redact.ts";
import type { Swarm } from "./swarm.ts";

/** What Docker does where a health check does not say, in nanoseconds and tries. */
const CHECK = { interval: 30e9, retries: 3 };

const inspected = z.object({
  State: z.object({
    OOMKilled: z.boolean().default(false),
    ExitCode: z.number().default(0),
    Running: z.boolean().default(false),
    StartedAt: z.string().default(""),
    FinishedAt: z.string().default(""),
    Health: z.object({
      Status: z.string().default(""),
      FailingStreak: z.number().default(0),
      Log: z.array(z.object({ ExitCode: z.number().default(0), Output: z.string().default("") })).nullish(),
    }).nullish(),
  }),
  Config: z.object({
    Healthcheck: z.object({
      Test: z.array(z.string()).nullish(),
      Interval: z.number().nullish(),
      StartPeriod: z.number().nullish(),
      Retries: z.number().nullish(),
    }).nullish(),
  }).default({}),
  HostConfig: z.object({ Memory: z.number().default(0) }).default({ Memory: 0 }),
});
type Inspected = z.infer<typeof inspected>;

/**
 * Says what more is known of the container that is to blame for a failure: what its health check said, whether that
 * ended it while it was still starting, whether memory ran out and whose, and whether somebody else's server limited
 * what it downloads.
 * @param failed.tail its last lines
 * @param failed.health whether its health check is what failed
 * @returns lines for a stage's detail
 */
export async function explainEnd(
  swarm: Swarm,
  failed: { container: string; tail: readonly string[]; health: boolean },
): Promise<string[]> {
  const seen = await inspect(swarm, failed.container); // it may be gone, and the failure is told without
  return [
    seen !== null && failed.health ? lastHealthCheck(seen) : null,
    seen === null ? null : memoryEnd(seen),
    seen !== null && failed.health ? firstStart(seen) : null,
    limitedDownload(failed.tail),
  ].filter((line) => line !== null);
}

/**
 * Whether a container that has ended was ended by its health check. Docker calls every ended container unhealthy that has
 * a check, whatever that said; the tries in a row that failed last are what it keeps.
 */
export async function endedByCheck(swarm: Swarm, container: string): Promise<boolean> {
  const seen = await inspect(swarm, container);
  const streak = seen?.State.Health?.FailingStreak ?? 0;
  return streak > 0 && streak >= (seen?.Config.Healthcheck?.Retries || CHECK.retries);
}

async function inspect(swarm: Swarm, container: string): Promise<Inspected | null> {
  const look = () => swarm.docker.getContainer(container).inspect();
  return await swarm.ask("look at a container", look, inspected).catch(() => null);
}

/** What the last run of a container's health check printed. */
function lastHealthCheck({ State: state, Config: config }: Inspected): string | null {
  const last = state.Health?.Log?.at(-1);
  if (last === undefined) return null;
  const test = config.Healthcheck?.Test?.filter((word) => !/^CMD(-SHELL)?$/.test(word)).join(" ") ?? "";
  const output = plainLines(last.Output).slice(-2).join("\n").slice(0, 500);
  const said = output === "" ? "" : `, printing: ${output}`;
  return `Its health check \`${test}\` ended with exit code ${last.ExitCode}${said}`;
}

function memoryEnd({ State: state, HostConfig: host }: Inspected): string | null {
  if (!state.OOMKilled) return null;
  return host.Memory > 0
    ? `The kernel ended it because it needs more than the ${
      formatBytes(host.Memory)
    } of memory that the recipe ` +
      "allows it (deploy.resources.limits.memory)"
    : "The kernel ended it because no memory was left for it on this machine; the recipe sets it no limit";
}

/** Says whether a container was ended before its health check had ever passed, and how long it had been given. */
function firstStart({ State: state, Config: { Healthcheck: check } }: Inspected): string | null {
  const ran = Date.parse(state.FinishedAt) - Date.parse(state.StartedAt);
  if (state.Running || !(ran > 0) || state.OOMKilled || state.Health?.Status !== "unhealthy") return null;
  const { interval, retries } = {
    interval: check?.Interval || CHECK.interval,
    retries: check?.Retries || CHECK.retries,
  };
  const period = (check?.StartPeriod ?? 0) / 1e6;
  return `Swarm ended it ${
    formatSeconds(ran)
  } after its start, because its health check gives it a start_period of ${
    formatSeconds(period)
  } and then ${retries} tries, one every ${
    formatSeconds(interval / 1e6)
  }. If it was still starting for the first ` +
    "time, what it had written by then may be broken: a longer start_period lets it finish, and for runs alone " +
    "`grace` in recipe.yml does";
}

/** Servers answer so when somebody asks too often, which a new container that fetches things for itself may do. */
function limitedDownload(tail: readonly string[]): string | null {
  const line = plainLines(tail.join("\n")).find((one) =>
    /\b429\b.*too many|too many requests|(api|download|pull) rate limit|rate limit exceeded/i.test(one)
  );
  return line === undefined
    ? null
    : `A server from which it fetches something has limited it: ${
      line.slice(0, 300)
    }. That may pass, and is not this ` +
      "machine's to give; an image that brings along what it needs depends on nobody";
}
