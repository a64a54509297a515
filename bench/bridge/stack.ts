import { ingressFetch } from "../../common/ingress.ts";
import { waitFor } from "../../common/time.ts";
import { openDemoPullRequest } from "../../local/demo/push.ts";
import { isVerdict, type PullRequest } from "../../local/demo/pull_request.ts";
import { readRun } from "../../local/demo/watch.ts";
import { expectStatus, forgeApi } from "../../local/forge_api.ts";
import { ORG } from "../../local/forge_seed.ts";
import { ensureImages } from "../../local/images/mod.ts";
import { pathsFromEnvironment, PORTS } from "../../local/paths.ts";
import { terminalProgress } from "../../local/progress.ts";
import { ownService } from "../../local/services.ts";
import { ensureStack, type Stack, stopStack } from "../../local/stack.ts";

const recipe = "custom-html";
/** Seconds between two looks at the forge while reactions are measured. */
export const stackPollSeconds = 15;
/** How closely is looked for a reaction. */
const everyMs = 20;
const limitMs = 60_000;

/** 95th percentiles in seconds. */
export interface Reactions {
  /** From a command's comment to the bridge's, when the forge rings. */
  webhook: number;
  /** The same when it does not, so that the poll has to find it. */
  ack: number;
  /** From a run announced to the first event of its harness, by the dashboard's times. */
  start: number;
  /** From the end of a run to its comment showing that. */
  edit: number;
}

/**
 * Measures on the local stack, which is brought up for that unless it is up. Each round is a run that is cancelled
 * once its harness has begun.
 * @param rounds with and again as many without webhook
 */
export async function reactionTimes(rounds: number): Promise<Reactions> {
  const progress = terminalProgress();
  const wasUp = ownService(pathsFromEnvironment(), "bridge") !== undefined;
  const webhookSecret = crypto.randomUUID();
  try {
    const poll = { seconds: stackPollSeconds, webhookSecret };
    const stack = await ensureStack({ progress, engine: "local", poll });
    await ensureImages(recipe, { progress, cache: stack.cache, engineIsOurs: stack.engineIsOurs });
    const pull = await openDemoPullRequest({ stack, recipe, variant: "good" });
    const round = await stopwatch(stack, pull);
    const all: Round[] = [];
    const several = async () => {
      const ended: Round[] = [];
      for (let left = rounds; left > 0; left--) ended.push(await round());
      all.push(...ended);
      return p95(ended.map((one) => one.ack));
    };
    const removeHook = await addHook(stack, webhookSecret);
    const webhook = await several().finally(removeHook);
    const ack = await several();
    return { webhook, ack, start: p95(all.map((one) => one.start)), edit: p95(all.map((one) => one.edit)) };
  } finally {
    if (wasUp) await ensureStack({ progress });
    else await stopStack({ progress });
  }
}

interface Round {
  ack: number;
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
    const said = await pull.comment("!testme");
    const from = Date.now();
    const reply = await pull.waitForReply(({ id }) => id > said.id, {
      what: "the bridge's comment",
      timeoutMs: limitMs,
      everyMs,
    });
    const ack = Date.now() - from;
    const run = /\/runs\/([a-z0-9]+-[0-9]+)/.exec(reply.body)?.[1];
    if (run === undefined) throw new Error(`The bridge did not start a run: ${reply.body}`);
    const begun = await waitFor(async () => {
      const seen = await view(run);
      return seen?.startedAt === null ? undefined : seen;
    }, { what: "the harness to begin", timeoutMs: limitMs, everyMs });
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
      }, { what: "the run to end", timeoutMs: limitMs, everyMs: 200 }),
    ]);
    return {
      ack: ack / 1000,
      start: (Date.parse(begun.startedAt ?? "") - Date.parse(begun.announcedAt)) / 1000,
      edit: (shown - Date.parse(ended.finishedAt ?? "")) / 1000,
    };
  };
}

/** Lets the forge ring at the bridge. @returns what ends that */
async function addHook(stack: Stack, secret: string): Promise<() => Promise<void>> {
  const call = forgeApi(stack.gateway, stack.accounts.admin);
  const hooks = `/repos/${ORG}/${recipe}/hooks`;
  const answer = await call("POST", hooks, {
    type: "gitea",
    active: true,
    events: ["issue_comment", "pull_request_comment"],
    config: { url: `http://${stack.gateway}:${PORTS.bridge}/hook`, content_type: "json", secret },
  });
  const { id } = expectStatus(answer, "add a webhook", 201) as { id: number };
  return async () => {
    expectStatus(await call("DELETE", `${hooks}/${id}`), "remove the webhook", 204);
  };
}

/** Of a few values the worst. */
function p95(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return Math.round((sorted[Math.ceil(sorted.length * 0.95) - 1] ?? 0) * 100) / 100;
}
