import { write } from "../../common/output.ts";
import { join } from "node:path";
import { systemClock } from "../../common/time.ts";
import { Abra } from "../abra/abra.ts";
import { strangeVersion } from "../abra/version.ts";
import { App, type AppOptions } from "../app/app.ts";
import { domainsOfRun } from "../app/settings.ts";
import { defaultEnrolment, EnrolmentError, loadEnrolment } from "../../enrolment/enrolment.ts";
import { watchBoundaries, within } from "../run/faults.ts";
import { howManyLanes } from "./how_many_lanes.ts";
import { LazyBrowser } from "./lazy_browser.ts";
import type { WorkerMessage } from "../run/messages.ts";
import type { Lane } from "../run/names.ts";
import { awaitProviders, deployProviders } from "./providers.ts";
import { runPipeline } from "./pipeline.ts";
import { killFamily } from "../run/process_tree.ts";
import { Redactor } from "../run/redact.ts";
import { headName, nothingYet, type RunContext } from "../checks/context.ts";
import { type Deployable, RunFolder, type RunPlan } from "../run/folder.ts";
import { InfraFailure, StageBlocked } from "../run/stage.ts";
import { stagePlans } from "../run/stage_plan.ts";
import { Swarm } from "../swarm/swarm.ts";
import { tearDownApp } from "../cleanup/teardown.ts";

/**
 * Runs the stages of a planned run, and tells the keeper everything on standard output. In the run folder it writes
 * only to `screenshots/` and `tmp/`, and it may be killed at any time.
 */
export async function work(path: string): Promise<void> {
  const folder = new RunFolder(path);
  const plan = await folder.plan();
  if (plan === null) throw new InfraFailure(`There is no plan for a run in "${path}"`);
  watchBoundaries("worker", path);
  const told = Promise.withResolvers<void>();
  void dieWithKeeper(plan.request.run, told.resolve);
  const redactor = new Redactor();
  const send = (message: WorkerMessage) => write(`${JSON.stringify(redactor.value(message))}\n`);
  const browser = new LazyBrowser(plan.settings);
  await using _closing = browser;
  const { run, nextBase, upgraded } = await makeContext(plan, { folder, redactor, send, browser });

  const probing = probe(run);
  await told.promise;
  let lanes = 1 as 1 | 2;
  let lastLane: Lane = "install";
  await runPipeline(run, {
    lanes: () => lanes = howManyLanes(run),
    nextBase,
    endLane: async (lane, { last, gone }) => {
      if (last) lastLane = lane;
      const makeRoom = lanes === 1 || !plan.request.keep;
      // The last app is left to the keeper.
      if (!last && makeRoom) await within("free lane", () => freeLane(run, { lane, gone }));
    },
  });
  if (plan.request.keep) await noteKept(run, upgraded());
  const { install, upgrade } = run.imposed;
  // Of two lanes side by side, the run waited for the one that ended last.
  send({ type: "imposed", seconds: lanes === 2 ? run.imposed[lastLane] : install + upgrade });
  send({ type: "versions", ...await probing, browser: browser.version });
  if (browser.sandbox === false) send({ type: "note", text: "Chromium ran without its own sandbox" });
  send({ type: "end" });
}

/**
 * Kills the worker and everything it started when the keeper dies, because nobody would tear down what the worker went
 * on to make.
 * @param go called when the keeper says that the work may begin, which is all it ever says
 */
async function dieWithKeeper(run: string, go: () => void): Promise<void> {
  try {
    for await (const _ of Deno.stdin.readable) go();
  } catch { /* a broken pipe means the same as its end */ }
  await killFamily(run, Deno.pid);
}

async function makeContext(
  plan: RunPlan,
  tools: Pick<RunContext, "folder" | "redactor" | "send"> & { browser: LazyBrowser },
): Promise<{
  run: RunContext;
  nextBase: (of: RunContext) => Promise<void>;
  /** The run as the last upgrade sees it that was begun. */
  upgraded: () => RunContext;
}> {
  const { request, settings } = plan;
  const swarm = new Swarm(settings.DOCKER_SOCKET);
  // A forge recipe's enrolment is read by the fetch stage, which can say what is wrong with it.
  const enrolment = request.source.kind === "forge"
    ? defaultEnrolment(request.recipe)
    : await loadEnrolment(settings.RECIPES, request.recipe).catch((error) => {
      if (error instanceof EnrolmentError && error.code === "enrolment.unknown") {
        return defaultEnrolment(request.recipe);
      }
      throw error;
    });
  const apps = new Map<Lane, App>();
  const servers = new Map(
    plan.apps.filter((app) =>
      stagePlans.some(({ name, lane }) => lane === app.lane && plan.stages.includes(name))
    )
      .map((app) => [app.lane, within(`${app.lane} lane`, () => knowServer(app, settings))]),
  );
  const newApp = (
    of: RunContext,
    planned: Deployable,
    more: Pick<AppOptions, "server" | "notePublished" | "override">,
  ) => {
    if (of.repo === null) throw new StageBlocked("fetch");
    return new App({
      plan: planned,
      recipe: of.enrolment.recipe,
      repo: of.repo,
      enrolment: of.enrolment,
      settings,
      swarm,
      redactor: tools.redactor,
      obtained: of.obtained,
      noteVolumes: (names) => tools.send({ type: "volumes", names }),
      ...more,
    });
  };
  let providers: Promise<void> | null = null;
  /** The run as the upgrade sees it that is made now. */
  let upgrading: RunContext | null = null;
  const run: RunContext = {
    ...nothingYet(),
    plan,
    folder: tools.folder,
    swarm,
    clock: systemClock,
    redactor: tools.redactor,
    send: tools.send,
    marker: `marker-${crypto.randomUUID().slice(0, 8)}`,
    browser: () => tools.browser.get(domainsOfRun(plan, run.enrolment)),
    neededBy: null,
    async providers(ctx) {
      if (plan.providers.length === 0) return;
      if (providers !== null) ctx.log("Waiting for the providers that the recipe needs");
      providers ??= deployProviders(run, {
        ctx,
        newApp: (of, planned) =>
          newApp(of, planned, {
            server: knowServer(planned, settings),
            override: () => of.overrides.install,
            notePublished: () => {},
          }),
      });
      await awaitProviders(providers, ctx);
    },
    app(lane) {
      const known = apps.get(lane);
      if (known !== undefined) return known;
      const planned = plan.apps.find((one) => one.lane === lane);
      if (planned === undefined) throw new StageBlocked("fetch");
      const app = newApp(run, planned, {
        server: servers.get(lane) ?? Promise.resolve([]),
        override: (at) =>
          lane === "install"
            ? run.overrides.install
            : (upgrading ?? run).overrides[at === "head" ? "upgrade" : "base"],
        notePublished: (version) => {
          if (lane === "upgrade") tools.send({ type: "published", version });
        },
      });
      apps.set(lane, app);
      return app;
    },
    enrolment,
  };
  const nextBase = async (of: RunContext) => {
    const planned = plan.apps.find((one) => one.lane === "upgrade");
    if (planned === undefined) return;
    const volumes = await run.folder.notedVolumes();
    const left = await tearDownApp(planned, { swarm, settings, volumes, log: () => {} });
    if (left.length > 0) {
      throw new InfraFailure(
        `Could not remove the app that was upgraded from another version: ${left.join(", ")} is left`,
      );
    }
    upgrading = of;
    apps.delete("upgrade");
    run.exceeded.delete("upgrade");
    servers.set("upgrade", knowServer(planned, settings));
  };
  return { run, nextBase, upgraded: () => upgrading ?? run };
}

/**
 * Makes an app's folder known to abra. That needs nothing of the recipe, so it goes on while the recipe is fetched.
 * @returns what abra printed, for the log of the stage that waits for it
 */
function knowServer(app: Deployable, settings: RunPlan["settings"]): Promise<string[]> {
  const lines: string[] = [];
  const done = new Abra({ settings, dir: app.abraDir, log: (line) => lines.push(line) }).prepare().then(() =>
    lines
  );
  done.catch(() => {}); // who waits for it gets its error
  return done;
}

/** Versions of what the run depends on, for the result. What cannot be asked here will fail the stage that needs it. */
async function probe(run: RunContext) {
  const { settings } = run.plan;
  const abra = new Abra({ settings, dir: join(run.folder.tmp, "probe") });
  const [tools, docker] = await Promise.all([
    abra.probe().catch(() => ({ version: "unknown", standIn: false })),
    run.swarm.version().catch(() => "unknown"),
  ]);
  const strange = strangeVersion(tools.version);
  if (strange !== null) run.send({ type: "note", text: strange });
  return { abra: tools.version, abraTested: strange === null, abraStandIn: tools.standIn, docker };
}

/**
 * Notes what later tests need to know of apps that are left up.
 * @param upgraded the run as the last upgrade saw it that was tried, whose app it is
 */
async function noteKept(run: RunContext, upgraded: RunContext): Promise<void> {
  if (run.repo === null) return;
  for (const { lane } of run.plan.apps) {
    const { secrets, published, handed } = run.app(lane);
    const base = lane === "upgrade" && published === null ? upgraded.base?.version ?? null : null;
    await run.folder.noteKept(lane, {
      secrets,
      version: published ?? headName(run),
      base,
      marker: run.marker,
      handed,
      hidden: run.redactor.ofApps,
    });
  }
}

/** Removes a lane's app as soon as nobody needs it. The keeper looks again at the end whether it is gone. */
async function freeLane(
  run: RunContext,
  { lane, gone }: { lane: Lane; gone: () => void },
): Promise<void> {
  const app = run.plan.apps.find((one) => one.lane === lane);
  if (app === undefined) return;
  const { swarm, plan } = run;
  try {
    const volumes = await run.folder.notedVolumes();
    const options = { swarm, settings: plan.settings, volumes, log: () => {}, stopped: gone };
    const left = await tearDownApp(app, options);
    if (left.length > 0) run.send({ type: "note", text: `Not removed at once: ${left.join(", ")}` });
  } catch { /* the keeper's teardown will say what is wrong */ }
}
