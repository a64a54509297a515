import * as z from "zod";
import { ingressFetch } from "../../common/ingress.ts";
import { systemClock, waitFor } from "../../common/time.ts";
import { openDemoPullRequest } from "../../local/demo/push.ts";
import { isVerdict, type PullRequest } from "../../local/demo/pull_request.ts";
import { readRun } from "../../local/demo/watch.ts";
import { expectStatus, forgeApi } from "../../local/gitea/api.ts";
import { ORG } from "../../local/gitea/seed.ts";
import { ensureImages } from "../../local/images/mod.ts";
import { pathsFromEnvironment, PORTS } from "../../local/host/paths.ts";
import { terminalProgress } from "../../local/host/progress.ts";
import { ownService, serviceFiles } from "../../local/stack/services.ts";
import { engineInUse, type EngineName, ensureStack, type Stack, stopStack } from "../../local/stack/stack.ts";
import { Doorstep } from "./doorstep.ts";

const recipe = "custom-html";
/** Seconds between two looks at the forge while reactions are measured. */
export const stackPollSeconds = 15;
/** Milliseconds between two looks for a reaction. */
const everyMs = 50;
/** The same for what carries its own times: each look slows the machine that is measured. */
const seldomMs = 250;
const limitMs = 60_000;

/** 95th percentiles in seconds. */
export interface Reactions {
  /** From a command's comment to the forge ringing. */
  delivery: number;
  /** From the forge's ring to the bridge's comment. */
  webhook: number;
  /** From a command's comment to the bridge's when the forge does not ring, so that the poll has to find it. */
  ack: number;
  /** From a run accepted, by the bridge's log, to the first event of its harness, by the dashboard's time. */
  start: number;
  /** From the end of a run to its comment showing that. */
  edit: number;
}

/**
 * Measures on the local stack with runs of its own engine. Each round is a run that is cancelled once its harness has
 * begun.
 * @param rounds with and again as many without webhook
 */
export async function reactionTimes(rounds: number): Promise<Reactions> {
  const webhookSecret = crypto.randomUUID();
  return await onStack({ engine: "local", webhookSecret }, async ({ stack, round }) => {
    const rung = await ringing(stack, { secret: webhookSecret, several: () => several(rounds, round) });
    const polled = await several(rounds, round);
    const all = [...rung, ...polled];
    return {
      delivery: p95(rung.map(({ said, arrived }) => arrived - said)),
      webhook: p95(rung.map(({ arrived, answered }) => answered - arrived)),
      ack: p95(polled.map(({ said, answered }) => answered - said)),
      start: p95(all.map(({ start }) => start)),
      edit: p95(all.map(({ edit }) => edit)),
    };
  });
}

/** A runner polls for 30 s and then sleeps for 10: these pauses end early, in the middle and late in that sleep. */
const idleSeconds = [31, 35, 39];

/**
 * Measures with runs as builds of a Drone: seconds from a run accepted to the first event of its harness.
 * @param rounds runs that follow each other closely; three more find the runner idle
 */
export async function droneStartTimes(rounds: number): Promise<{ warmP95: number; idleMax: number }> {
  const webhookSecret = crypto.randomUUID();
  return await onStack({ engine: "drone", webhookSecret }, async ({ stack, round }) => {
    const work = async () => {
      await round(); // not counted: the runner was idle for an unknown time before it
      const warm = await several(rounds, round);
      const idle: Round[] = [];
      for (const seconds of idleSeconds) {
        await systemClock.sleep(seconds * 1000);
        idle.push(await round());
      }
      return [...warm, ...idle];
    };
    const all = await ringing(stack, { secret: webhookSecret, several: work });
    const starts = all.map(({ start }) => start);
    return { warmP95: p95(starts.slice(0, rounds)), idleMax: p95(starts.slice(rounds)) };
  });
}

/** Brings the stack up for some work; afterwards it is as it was, or down. */
async function onStack<T>(
  { engine, webhookSecret }: { engine: EngineName; webhookSecret: string },
  work: (at: { stack: Stack; round: () => Promise<Round> }) => Promise<T>,
): Promise<T> {
  const progress = terminalProgress();
  const paths = pathsFromEnvironment();
  const before = ownService(paths, "bridge") === undefined ? null : await engineInUse(paths);
  try {
    const poll = { seconds: stackPollSeconds, webhookSecret };
    const stack = await ensureStack({ progress, engine, poll });
    await ensureImages(recipe, { progress, cache: stack.cache, engineIsOurs: stack.engineIsOurs });
    const pull = await openDemoPullRequest({ stack, recipe, variant: "good" });
    return await work({ stack, round: await stopwatch(stack, pull) });
  } finally {
    if (before === null) await stopStack({ progress });
    else await ensureStack({ progress, engine: before });
  }
}

async function several(rounds: number, round: () => Promise<Round>): Promise<Round[]> {
  const ended: Round[] = [];
  for (let left = rounds; left > 0; left--) ended.push(await round());
  return ended;
}

/** When the bridge accepted a run, as its log has it; milliseconds since the epoch. */
async function acceptedAt(run: string): Promise<number> {
  const log = await Deno.readTextFile(serviceFiles(pathsFromEnvironment(), "bridge").log);
  const line = log.split("\n").find((line) => line.includes(`"${run}"`) && line.includes('"accepted"'));
  if (line === undefined) throw new Error(`The bridge's log does not say when it accepted ${run}`);
  return Date.parse(accepted.parse(JSON.parse(line))["@timestamp"]);
}

const accepted = z.object({ "@timestamp": z.string(), message: z.literal("accepted") });

/** Points in time are milliseconds since the epoch, spans milliseconds. */
interface Round {
  said: number;
  answered: number;
  start: number;
  edit: number;
}

async function stopwatch(stack: Stack, pull: PullRequest): Promise<() => Promise<Round>> {
  const fetch = ingressFetch({
    address: stack.env.CCCI_INGRESS ?? "127.0.0.1:443",
    ca: await Deno.readTextFile(stack.env.CCCI_CA_FILE ?? ""),
  });
  const view = (run: string) => readRun(run, { dashboard: stack.urls.dashboard, fetch });
  return async () => {
    const said = Date.now();
    const command = await pull.comment("!testme");
    const reply = await pull.waitForReply(({ id }) => id > command.id, {
      what: "the bridge's comment",
      timeoutMs: limitMs,
      everyMs,
    });
    const answered = Date.now();
    const run = /\/runs\/([a-z0-9]+-[0-9]+)/.exec(reply.body)?.[1];
    if (run === undefined) throw new Error(`The bridge did not start a run: ${reply.body}`);
    const begun = await waitFor(async () => {
      const seen = await view(run);
      return seen?.startedAt === null ? undefined : seen;
    }, { what: "the harness to begin", timeoutMs: limitMs, everyMs: seldomMs });
    await pull.comment("!testme cancel");
    const edited = pull.waitForReply(({ id, body }) => id === reply.id && isVerdict(body), {
      what: "the comment to show the end",
      timeoutMs: limitMs,
      everyMs,
    }).then(() => Date.now());
    const [shown, ended] = await Promise.all([
      edited,
      waitFor(async () => {
        const seen = await view(run);
        return seen?.finishedAt === null ? undefined : seen;
      }, { what: "the run to end", timeoutMs: limitMs, everyMs: seldomMs }),
    ]);
    return {
      said,
      answered,
      start: Date.parse(begun.startedAt ?? "") - await acceptedAt(run),
      edit: shown - Date.parse(ended.finishedAt ?? ""),
    };
  };
}

/** Lets the forge ring at the bridge during some rounds. @returns them with the times its deliveries arrived */
async function ringing(
  stack: Stack,
  { secret, several }: { secret: string; several: () => Promise<Round[]> },
): Promise<(Round & { arrived: number })[]> {
  await using doorstep = new Doorstep(stack.gateway, `http://${stack.gateway}:${PORTS.bridge}/hook`);
  const call = forgeApi(stack.gateway, stack.accounts.admin);
  const hooks = `/repos/${ORG}/${recipe}/hooks`;
  const answer = await call("POST", hooks, {
    type: "gitea",
    active: true,
    events: ["issue_comment", "pull_request_comment"],
    config: { url: doorstep.url, content_type: "json", secret },
  });
  const { id } = expectStatus(answer, "add a webhook", 201) as { id: number };
  try {
    return (await several()).map((round) => {
      const arrived = doorstep.arrivals.find((time) => time >= round.said);
      if (arrived === undefined) throw new Error("The forge rang for no comment");
      return { ...round, arrived };
    });
  } finally {
    expectStatus(await call("DELETE", `${hooks}/${id}`), "remove the webhook", 204);
  }
}

/** Of a few values the worst; milliseconds in, seconds out. */
function p95(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return Math.round((sorted[Math.ceil(sorted.length * 0.95) - 1] ?? 0) / 10) / 100;
}
