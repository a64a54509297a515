import { UsageError } from "../../common/errors.ts";
import { formatSeconds } from "../../common/time.ts";
import { exitCodes, runResult, type StageName, type StageReport } from "../../protocol/result.ts";
import { defaultEnrolment, EnrolmentError, loadEnrolment } from "../../enrolment/enrolment.ts";
import { testsCheckout } from "../checks/check_tests.ts";
import { type KeptOutcome, runKeptTests } from "../checks/run_kept.ts";
import { exists } from "../../common/files.ts";
import { type PlannedApp, type RunFolder, runFolders, type RunPlan } from "../run/folder.ts";
import { FileLock } from "../../common/file_lock.ts";
import { typedCommand } from "../run/own_command.ts";
import { type RunRequest, targetOf } from "../run/request.ts";
import type { Settings } from "../run/settings.ts";
import { Swarm } from "../swarm/swarm.ts";
import { describeKept } from "./kept_app.ts";

/** An app that a run with `--keep` has left up. */
interface Kept {
  folder: RunFolder;
  plan: RunPlan;
  app: PlannedApp;
  /** What the run has made of it, in a few words. */
  made: string;
}

export interface TestsOnlyOptions {
  settings: Settings;
  /** Domain of the app; without one, the app that is left up has to be the only one of its recipe. */
  app?: string;
  /** Prints one JSON object on the last line of standard output. */
  json: boolean;
  say: (text: string) => void;
}

/**
 * `run-recipe <recipe> --tests-only`: runs the tests of a recipe against an app that an earlier run has left up, without
 * deploying anything. A path names the checkout whose own `tests/` are run.
 * @returns exit code
 * @throws {UsageError} when there is no such app
 */
export async function testsOnly(request: RunRequest, options: TestsOnlyOptions): Promise<number> {
  const { settings, say } = options;
  const { folder, plan, app } = await chooseKept(await keptApps(settings, request.recipe), {
    recipe: request.recipe,
    target: targetOf(request),
    ...(options.app === undefined ? {} : { domain: options.app }),
  });
  using lock = await FileLock.take(folder.lock);
  const { run } = plan.request;
  if (lock === null) throw new UsageError(`Somebody else is at run "${run}" just now`);
  const kept = await folder.kept(app.lane);
  if (kept === null) throw new UsageError(`Run "${run}" did not get as far as an app that can be tested`);
  const stop = new AbortController();
  const interrupt = () => stop.abort(new UsageError("Stopped at the keyboard"));
  Deno.addSignalListener("SIGINT", interrupt);
  try {
    say(`Testing https://${app.domain}/ (${kept.version} of ${request.recipe}, run ${run})\n`);
    const outcomes = await runKeptTests({
      folder,
      plan,
      app,
      kept,
      enrolment: await enrolmentOf(plan.settings.RECIPES, request.recipe),
      checkout: await ownTests(request, folder),
      stages: await stagesOf(folder, { lane: app.lane, only: request.only }),
      swarm: new Swarm(plan.settings.DOCKER_SOCKET),
      say: (line) => say(`${line}\n`),
      signal: stop.signal,
    });
    for (const outcome of outcomes) say(summary(outcome));
    if (outcomes.length === 0) say("There are no tests for this app\n");
    const passed = outcomes.every(({ outcome }) => outcome?.ok === true);
    const result = passed ? "passed" : "failed";
    if (options.json) say(`${JSON.stringify({ result, run, domain: app.domain, tests: outcomes })}\n`);
    return exitCodes[result];
  } finally {
    Deno.removeSignalListener("SIGINT", interrupt);
  }
}

/** Apps that runs have left up, of the newest run first. */
async function keptApps({ RUNS }: Settings, recipe: string): Promise<Kept[]> {
  const kept: Kept[] = [];
  for (const folder of (await runFolders(RUNS)).toReversed()) {
    if (await folder.state() !== "kept") continue;
    const plan = await folder.plan();
    if (plan === null || plan.request.recipe !== recipe) continue;
    const swarm = new Swarm(plan.settings.DOCKER_SOCKET);
    const stages = await stageReports(folder);
    for (const app of plan.apps) {
      if ((await swarm.services(app.stack)).length === 0) continue;
      const { lane } = app;
      const base = (await folder.kept(lane))?.base ?? null;
      kept.push({ folder, plan, app, made: describeKept({ lane, base, stages }) });
    }
  }
  return kept;
}

/**
 * @param wanted.target what was typed for the recipe
 * @throws {UsageError} naming the apps that there are
 */
export function chooseKept<T extends { app: Pick<PlannedApp, "domain">; made: string }>(
  kept: readonly T[],
  wanted: { recipe: string; target: string; domain?: string },
): T {
  const { recipe, target, domain } = wanted;
  const found = domain === undefined ? kept : kept.filter(({ app }) => app.domain === domain);
  const [first] = found;
  if (first !== undefined && found.length === 1) return first;
  const domains = kept.map(({ app, made }) => `${app.domain} (${made})`).join(", ");
  if (kept.length === 0) {
    throw new UsageError(`No app of ${recipe} is up`, {
      hint: `Leave one up first: ${typedCommand("run-recipe", target, "--only", "install", "--keep")}`,
    });
  }
  throw domain === undefined
    ? new UsageError(`Several apps of ${recipe} are up`, { hint: `Name one by --app: ${domains}` })
    : new UsageError(`No app of ${recipe} is up at "${domain}"`, { hint: `There is: ${domains}` });
}

async function enrolmentOf(recipes: string, recipe: string) {
  return await loadEnrolment(recipes, recipe).catch((error) => {
    if (error instanceof EnrolmentError && error.code === "enrolment.unknown") {
      return defaultEnrolment(recipe);
    }
    throw error instanceof EnrolmentError ? new UsageError(error.message, { cause: error }) : error;
  });
}

/** The folder whose `tests/` are the recipe's own: the path that was typed, or what the run has checked out. */
async function ownTests({ source }: RunRequest, folder: RunFolder): Promise<string | null> {
  const path = source.kind === "path" ? source.path : testsCheckout(folder.tmp);
  return await exists(path) ? await Deno.realPath(path) : null;
}

/** Stages whose tests make sense for an app: those of its lane that its run has come to. */
async function stagesOf(
  folder: RunFolder,
  { lane, only }: { lane: PlannedApp["lane"]; only: RunRequest["only"] },
): Promise<StageName[]> {
  const reports = await stageReports(folder);
  const reached = (name: StageName) =>
    reports.some((stage) => stage.name === name && ["passed", "failed"].includes(stage.result));
  const all: StageName[] = lane === "upgrade"
    ? ["upgrade"]
    : reached("restore")
    ? ["install", "restore", "tests"]
    : ["install", "tests"];
  return all.filter((name) => only === null || only.includes(name));
}

/** What a run has reported of its stages; nothing where it left no result. */
async function stageReports(folder: RunFolder): Promise<readonly StageReport[]> {
  const text = await Deno.readTextFile(folder.result).catch(() => "null");
  return runResult.safeParse(JSON.parse(text)).data?.stages ?? [];
}

/** What came of one stage's tests, in a line or a few. */
function summary({ stage, mistakes, outcome }: KeptOutcome): string {
  const places = mistakes.map(({ file, line, message }) =>
    `  ${line === undefined ? file : `${file}, line ${line}`}: ${message}\n`
  );
  if (outcome === null) return `✘ ${stage}: not run\n${places.join("")}`;
  const time = formatSeconds(outcome.seconds * 1000);
  if (outcome.ok) {
    return `✔ ${stage}: ${outcome.passed} ${outcome.passed === 1 ? "test" : "tests"} passed (${time})\n`;
  }
  const failures = outcome.failures.map(({ name, message }) =>
    `  ${name}: ${message.replaceAll("\n", "\n  ")}\n`
  );
  return `✘ ${stage}: ${outcome.cause} (${time})\n${failures.join("")}`;
}
