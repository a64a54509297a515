import { join } from "node:path";
import { Option } from "commander";
import { CcciError, describeError, UsageError } from "../../common/errors.ts";
import { ingressFetch } from "../../common/ingress.ts";
import { formatSeconds } from "../../common/time.ts";
import type { RunView } from "../../protocol/dashboard_api.ts";
import { write, writeError } from "../../common/output.ts";
import { engineOption, launcherCommand } from "../host/command_line.ts";
import { inStep, type Progress, terminalProgress } from "../host/progress.ts";
import { type EngineName, ensureStack, type Stack, stopStack } from "../stack/stack.ts";
import { ensureImages } from "../images/mod.ts";
import { pathsFromEnvironment } from "../host/paths.ts";
import { ownService } from "../stack/services.ts";
import { Interruption } from "../host/interruption.ts";
import { recipeNames, variantsOf } from "../recipes/mod.ts";
import { commentText } from "./comment_text.ts";
import { type Comment, headline, isVerdict, showsOutcome } from "./pull_request.ts";
import { openDemoPullRequest } from "./push.ts";
import { watchRun } from "./watch.ts";

/** Longer than the harness's own limit, so that the harness says what took too long. */
const RUN_LIMIT_MS = 50 * 60_000;
const REPLY_LIMIT_MS = 180_000;

interface DemoOptions {
  /** Take the stack down at the end, whoever started it. */
  once: boolean;
  /** Leave it up for a look around. */
  stay: boolean;
  json: boolean;
  break: boolean;
  recipe: string;
  engine: { engine?: EngineName };
}

/** What came out of the story, told to people and to programs. */
interface Outcome {
  view: RunView;
  comment: Comment;
  urls: { pr: string; run: string; badge: string };
  /** What differs from what the story should have come to; empty when all is well. */
  surprises: string[];
  /** From the start to the verdict in the comment. */
  seconds: number;
}

/**
 * `./cc-ci demo`: brings the stack up, opens a pull request, says `!testme` and follows the run to its comment.
 * @returns exit code: 0 when the run and its comment came out as they should, 1 otherwise
 */
export async function demo(argv: string[]): Promise<number> {
  const options = parseOptions(argv);
  const started = performance.now();
  const progress = terminalProgress();
  using interruption = new Interruption();
  const { signal } = interruption;
  try {
    const outcome = await tell({ options, progress, signal, started });
    if (options.json) printJson(summaryOf(outcome));
    return outcome.surprises.length === 0 ? 0 : 1;
  } catch (error) {
    if (options.json) printJson({ result: "infra", cause: describeError(error), stages: [], level: 0 });
    throw error;
  }
}

/** The story from beginning to end, and the stack's end when that is wanted. */
async function tell(
  { options, progress, signal, started }: {
    options: DemoOptions;
    progress: Progress;
    signal: AbortSignal;
    started: number;
  },
): Promise<Outcome> {
  const joined = ownService(pathsFromEnvironment(), "bridge") !== undefined;
  try {
    const stack = await ensureStack({ progress, signal, ...options.engine });
    const told = await play({ stack, options, progress, signal });
    const outcome = { ...told, seconds: (performance.now() - started) / 1000 };
    report(outcome, { stack, options, stays: options.stay || joined && !options.once });
    if (options.stay) await stayUp(signal, { joined });
    return outcome;
  } finally {
    if (options.once || !joined && (!options.stay || signal.aborted)) await stopStack({ progress });
  }
}

function parseOptions(argv: string[]): DemoOptions {
  const program = launcherCommand("demo")
    .description("Plays the whole story: a pull request, `!testme`, a tested recipe, the comment.")
    .option(
      "--once",
      "take everything down at the end (without a terminal that is done anyway, unless the stack was up before)",
    )
    .option("--break", "use a pull request whose upgrade loses data; succeeds when that is found out")
    .option("--json", "print one JSON object as the last line of standard output")
    .addOption(new Option("--recipe <name>", "which recipe").choices(recipeNames).default("custom-html"))
    .addOption(engineOption())
    .parse(argv, { from: "user" });
  const options = program.opts<
    Partial<Omit<DemoOptions, "engine">> & { recipe: string; engine?: EngineName }
  >();
  if (options.break && !variantsOf(options.recipe).includes("loses-data")) {
    const able = recipeNames.filter((recipe) => variantsOf(recipe).includes("loses-data"));
    throw new UsageError(`"${options.recipe}" has no pull request that loses data`, {
      hint: `Take --break with one of ${able.join(", ")}`,
    });
  }
  return {
    once: options.once ?? false,
    stay: !options.once && Deno.stdin.isTerminal(),
    json: options.json ?? false,
    break: options.break ?? false,
    recipe: options.recipe,
    engine: options.engine === undefined ? {} : { engine: options.engine },
  };
}

async function play(
  { stack, options, progress, signal }: {
    stack: Stack;
    options: DemoOptions;
    progress: Progress;
    signal: AbortSignal;
  },
): Promise<Omit<Outcome, "seconds">> {
  await ensureImages(options.recipe, {
    progress,
    signal,
    cache: stack.cache,
    engineIsOurs: stack.engineIsOurs,
  });
  const fetch = ingressFetch({
    address: stack.env.CCCI_INGRESS ?? "127.0.0.1:443",
    ca: await Deno.readTextFile(stack.env.CCCI_CA_FILE ?? ""),
  });
  const pull = await inStep(progress, "Pull request", async (step) => {
    const variant = options.break ? "loses-data" as const : "good" as const;
    const opened = await openDemoPullRequest({ stack, recipe: options.recipe, variant });
    step.done(opened.url);
    return opened;
  });
  await inStep(
    progress,
    `Comment "!testme" by ${stack.accounts.maintainer.name}`,
    () => pull.comment("!testme"),
  );
  const first = await inStep(progress, "The bridge answers", async (step) => {
    const reply = await pull.waitForReply(() => true, {
      what: "the bridge to answer the comment",
      timeoutMs: REPLY_LIMIT_MS,
    });
    step.done(reply.html_url);
    return reply;
  });
  const run = first.body.match(/\/runs\/([a-z0-9]+-[0-9]+)/)?.[1];
  if (run === undefined) {
    throw new CcciError("demo.refused", `The bridge did not start a run: ${commentText(first.body)}`);
  }
  progress.note(`Run ${run}: ${stack.urls.dashboard}/runs/${run}`);
  const view = await watchRun(run, {
    dashboard: stack.urls.dashboard,
    fetch,
    progress,
    timeoutMs: RUN_LIMIT_MS,
    signal,
  });
  const comment = await inStep(
    progress,
    "The comment is edited to the verdict",
    () =>
      pull.waitForReply((reply) => reply.id === first.id && isVerdict(reply.body), {
        what: "the comment to show the verdict",
        // CI trouble is tried again by the bridge before it says so.
        timeoutMs: view.state === "infra" ? RUN_LIMIT_MS : REPLY_LIMIT_MS,
      }),
  );
  const urls = {
    pr: pull.url,
    run: `${stack.urls.dashboard}/runs/${run}`,
    badge: `${stack.urls.dashboard}/badge/${options.recipe}.svg`,
  };
  return { view, comment, urls, surprises: findSurprises(view, comment.body, options) };
}

const LOST_DATA = "data written before the upgrade is gone";

/** Compares run and comment with what the story should come to. */
function findSurprises(view: RunView, comment: string, options: DemoOptions): string[] {
  const verdict = headline(comment);
  const wrong: string[] = [];
  if (!options.break) {
    if (view.state !== "passed") {
      wrong.push(`the run should have passed, it ended ${view.state}: ${view.cause}`);
    }
    if (!showsOutcome(comment, "passed")) wrong.push(`the comment should say passed, it says: ${verdict}`);
    return wrong;
  }
  if (view.state !== "failed" || view.result?.stage !== "upgrade") {
    wrong.push(
      `the run should have failed in upgrade, it ended ${view.state} (${view.result?.stage ?? "no stage"})`,
    );
  }
  if (!view.result?.cause?.includes(LOST_DATA)) {
    wrong.push(`the cause should be "${LOST_DATA}", it is "${view.result?.cause ?? ""}"`);
  }
  if (!showsOutcome(comment, "failed") || !verdict.includes("upgrade") || !verdict.includes(LOST_DATA)) {
    wrong.push(`the comment should say so, it says: ${verdict}`);
  }
  return wrong;
}

function report(
  outcome: Outcome,
  { stack, options, stays }: { stack: Stack; options: DemoOptions; stays: boolean },
): void {
  const { view, comment, urls, surprises, seconds } = outcome;
  const imposed = view.result?.imposedSeconds;
  const say = options.json ? writeError : write;
  say(
    `\n${"─".repeat(100)}\n${comment.user.login} on ${urls.pr}\n\n${commentText(comment.body)}\n${
      "─".repeat(100)
    }\n`,
  );
  // When the stack goes down its addresses go with it; the run's own folder stays.
  const kept = join(pathsFromEnvironment().runs, view.run, "report.html");
  say(
    stays
      ? `\nPull request  ${urls.pr}\nRun           ${urls.run}\nBadge         ${urls.badge}\n`
      : `\nReport        ${kept}\n`,
  );
  say(
    `Time          ${formatSeconds(seconds * 1000)}` +
      (imposed === undefined
        ? "\n"
        : `, of which the recipe's own health and update settings impose ${formatSeconds(imposed * 1000)}\n`),
  );
  if (stack.standInAbra) say("abra          the stand-in of the local stack, as no abra is installed here\n");
  for (const surprise of surprises) say(`✗ ${surprise}\n`);
}

async function stayUp(signal: AbortSignal, { joined }: { joined: boolean }): Promise<void> {
  const end = joined ? "ends this, and leaves it up as it was" : "takes it down";
  write(`\nThe stack stays up for a look around; Ctrl-C ${end}.\n`);
  await new Promise<void>((resolve) => {
    // A timer keeps the event loop, and with it the signal listener, alive.
    const alive = setInterval(() => {}, 60_000);
    signal.addEventListener("abort", () => {
      clearInterval(alive);
      resolve();
    }, { once: true });
  });
}

function summaryOf({ view, urls, comment, surprises, seconds }: Outcome) {
  const stages = (view.result?.stages ?? []).map(({ name, result, seconds, cause }) => ({
    name,
    result,
    seconds,
    cause: cause ?? null,
  }));
  return {
    result: view.state,
    stage: view.result?.stage ?? null,
    cause: view.cause,
    level: view.result?.level ?? 0,
    stages,
    urls,
    comment: comment.body,
    seconds,
    imposedSeconds: view.result?.imposedSeconds ?? null,
    surprises,
  };
}

function printJson(value: unknown): void {
  write(`${JSON.stringify(value)}\n`);
}
