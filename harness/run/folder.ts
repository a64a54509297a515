import { basename, join } from "node:path";
import * as z from "zod";
import { CcciError } from "../../common/errors.ts";
import type { RunEvent } from "../../protocol/events.ts";
import { type RunResult, type StageName, stageName } from "../../protocol/result.ts";
import { FileLock } from "../../common/file_lock.ts";
import { domainOf, extraDomain, type Lane, lanes, stackOf } from "./names.ts";
import { removeTree, writeAtomically } from "../../common/files.ts";
import { runRequest } from "./request.ts";
import { storedSettings } from "./settings.ts";
import { selectStages } from "./stage_plan.ts";

/** An app the run may deploy. All of them are known before the first of their objects exists. */
const plannedApp = z.object({
  /** Folders of an earlier version call the lanes `a` and `b`. What their runs deployed has to be removed as well. */
  lane: z.preprocess((lane) => lane === "a" ? "install" : lane === "b" ? "upgrade" : lane, z.enum(lanes)),
  domain: z.string(),
  stack: z.string(),
  /** abra's folder for this app alone. */
  abraDir: z.string(),
});
export type PlannedApp = z.infer<typeof plannedApp>;

/** A recipe that the recipe under test needs, which is deployed once for all lanes. */
const plannedProvider = plannedApp.omit({ lane: true }).extend({
  recipe: z.string(),
  /** Whether it stays up when the run is over. */
  warm: z.boolean().default(false),
  /** Its own domain, and those of its `extra_domains`. Plans of an earlier version name the first alone. */
  domains: z.array(z.string()).optional(),
}).transform((one) => ({ ...one, domains: one.domains ?? [one.domain] }));
export type PlannedProvider = z.infer<typeof plannedProvider>;

/** `run.json`: all that is needed to test and, whichever process dies, to clean up. */
const runPlan = z.object({
  schema: z.literal(1),
  request: runRequest,
  /** Stages that the run goes through, in order. */
  stages: z.array(stageName),
  settings: storedSettings,
  apps: z.array(plannedApp),
  /** In the order in which they are deployed. */
  providers: z.array(plannedProvider).default([]),
  startedAt: z.iso.datetime(),
});
export type RunPlan = z.infer<typeof runPlan>;

/** What can be deployed, and has to be removed. */
export type Deployable = Omit<PlannedApp, "lane">;

/** Where what outlives the runs of a provider lies in a folder of runs. */
export function warmFolder(runs: string, recipe: string): string {
  return join(runs, ".warm", recipe);
}

/** Everything that a run may have deployed: its own apps, and the providers that these need. */
export function deployable(
  { apps, providers }: Pick<RunPlan, "apps" | "providers">,
): Deployable[] {
  return [...apps, ...providers];
}

/** A value that a set-up has handed on. */
export const handedValue = z.object({ value: z.string(), secret: z.boolean() });
export type HandedValue = z.infer<typeof handedValue>;

/** What a plan is made of. */
export interface AskedPlan extends Omit<RunPlan, "schema" | "stages" | "apps" | "providers"> {
  /** Recipes that the recipe needs, each after those that it needs itself. */
  providers?: readonly { recipe: string; warm: boolean; extra_domains: readonly string[] }[];
}

/** The secrets among what an earlier version noted, which did not note all that its run took out. */
function knownSecrets(
  { secrets, handed }: { secrets: Record<string, string>; handed: Record<string, HandedValue> },
): string[] {
  const values = Object.values(handed).filter(({ secret }) => secret).map(({ value }) => value);
  return [...Object.values(secrets), ...values];
}

/** What tests need to know of an app that is left up. */
const keptApp = z.object({
  /** Generated secrets by name. */
  secrets: z.record(z.string(), z.string()),
  /** What is deployed: a published version, or the short commit under test. */
  version: z.string(),
  /** Published version that it was upgraded from. */
  base: z.string().nullable(),
  /** What the run's data was written with. */
  marker: z.string(),
  handed: z.record(z.string(), handedValue),
  /** Secrets of the run's apps, which it has taken out of everything that anybody sees. */
  hidden: z.array(z.string()).optional(),
}).transform((one) => ({ ...one, hidden: one.hidden ?? knownSecrets(one) }));
export type KeptApp = z.infer<typeof keptApp>;

/** Folder in which browsers have their throw-away folders. */
export const BROWSER_FOLDERS = "/tmp";

/**
 * How the names of one run's browser folders begin, so that whoever cleans up after a run finds them by the run's name.
 */
export function browserPrefix(run: string): string {
  return `ccci-browser-${run}.`;
}

/** The folder of one run. The keeper may write everything in it, the worker only `screenshots/` and `tmp/`. */
export class RunFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  get events(): string {
    return join(this.path, "events.ndjson");
  }
  get result(): string {
    return join(this.path, "result.json");
  }
  get report(): string {
    return join(this.path, "report.html");
  }
  get junit(): string {
    return join(this.path, "junit.xml");
  }
  get screenshots(): string {
    return join(this.path, "screenshots");
  }
  get stages(): string {
    return join(this.path, "stages");
  }
  /** Checkouts, abra's folders and sockets; removed after the run. */
  get tmp(): string {
    return join(this.path, "tmp");
  }
  /** Held by the keeper as long as it lives. */
  get lock(): string {
    return join(this.path, "lock");
  }
  /** Where the courier notes how much it has delivered. */
  get courier(): string {
    return join(this.path, "courier.json");
  }
  /** The same folder as the work on one provider sees it, which has scratch space of its own. */
  ofProvider(at: number): RunFolder {
    return new ProviderFolder(this.path, at);
  }
  log(stage: StageName): string {
    return join(this.stages, `${stage}.log`);
  }

  /**
   * Makes the folder, locks it, and only then writes the plan, so that a folder with a plan and a free lock is always
   * one whose keeper is dead.
   * @throws {CcciError} `run.exists`
   */
  static async create(path: string, request: AskedPlan) {
    await Deno.mkdir(join(path, ".."), { recursive: true });
    try {
      await Deno.mkdir(path);
    } catch (cause) {
      if (!(cause instanceof Deno.errors.AlreadyExists)) throw cause;
      throw new CcciError(
        "run.exists",
        `Could not start the run: "${path}" is the folder of an earlier one`,
        {
          cause,
        },
      );
    }
    const folder = new RunFolder(path);
    const lock = await FileLock.take(folder.lock);
    if (lock === null) throw new CcciError("run.exists", `Could not start the run: "${path}" is in use`);
    const { recipe, run } = request.request;
    const plan: RunPlan = {
      schema: 1,
      ...request,
      stages: selectStages(request.request.only),
      apps: lanes.map((lane) => {
        const domain = domainOf(recipe, { run, lane, base: request.settings.BASE_DOMAIN });
        return { lane, domain, stack: stackOf(domain), abraDir: join(folder.tmp, lane, "abra") };
      }),
      providers: (request.providers ?? []).map(({ recipe: needed, extra_domains, ...one }, at) => {
        const { BASE_DOMAIN: base, RUNS } = request.settings;
        // Whoever looks at an app that was kept needs its provider as long, and that of a run is there as long.
        const warm = one.warm && !request.request.keep;
        const domain = domainOf(needed, { run: warm ? RUNS : run, lane: `needs/${needed}`, base });
        const abraDir = join(warm ? warmFolder(RUNS, needed) : folder.ofProvider(at).tmp, "abra");
        const domains = [domain, ...extra_domains.map((name) => extraDomain(domain, name))];
        return { recipe: needed, warm, domain, domains, stack: stackOf(domain), abraDir };
      }),
    };
    for (const part of [folder.stages, folder.screenshots, folder.tmp]) await Deno.mkdir(part);
    await writeAtomically(join(path, "run.json"), JSON.stringify(plan, null, 2));
    return { folder, plan, lock };
  }

  /** Reads the plan. @returns null for a folder that never got a plan, or has one that this version cannot read */
  async plan(): Promise<RunPlan | null> {
    try {
      const parsed = runPlan.safeParse(JSON.parse(await Deno.readTextFile(join(this.path, "run.json"))));
      return parsed.success ? parsed.data : null;
    } catch {
      return null;
    }
  }

  async append(event: RunEvent): Promise<void> {
    await Deno.writeTextFile(this.events, `${JSON.stringify(event)}\n`, { append: true });
    if (event.type === "log") {
      await Deno.writeTextFile(this.log(event.stage), `${event.line}\n`, { append: true });
    }
  }

  async writeResult(result: RunResult): Promise<void> {
    await writeAtomically(this.result, `${JSON.stringify(result, null, 2)}\n`);
  }

  /** Notes anonymous volumes of the run. They carry no label, so that nothing except this list leads back to them. */
  async noteVolumes(names: readonly string[]): Promise<void> {
    if (names.length === 0) return;
    await Deno.writeTextFile(join(this.path, "volumes.txt"), `${names.join("\n")}\n`, { append: true });
  }

  async notedVolumes(): Promise<string[]> {
    const text = await Deno.readTextFile(join(this.path, "volumes.txt")).catch(() => "");
    return [...new Set(text.split("\n").filter((line) => line !== ""))];
  }

  /** Removes checkouts, abra's folders and the browser's folders. */
  async removeScratch(): Promise<void> {
    const prefix = browserPrefix(basename(this.path));
    for await (const { name } of Deno.readDir(BROWSER_FOLDERS)) {
      if (name.startsWith(prefix)) await removeTree(join(BROWSER_FOLDERS, name));
    }
    await removeTree(this.tmp);
  }

  /** Notes what tests need to know of an app that may be left up. The secrets are for whoever owns the folder. */
  async noteKept(lane: Lane, app: KeptApp): Promise<void> {
    await Deno.writeTextFile(this.#kept(lane), JSON.stringify(app), { mode: 0o600 });
  }

  /** @returns null where nothing was noted */
  async kept(lane: Lane): Promise<KeptApp | null> {
    try {
      const parsed = keptApp.safeParse(JSON.parse(await Deno.readTextFile(this.#kept(lane))));
      return parsed.success ? parsed.data : null;
    } catch {
      return null;
    }
  }

  #kept(lane: Lane): string {
    return join(this.tmp, `kept-${lane}.json`);
  }

  /** How the run's Docker objects stand: `open` until somebody has seen that none is left, `kept` after `--keep`. */
  async state(): Promise<"open" | "clean" | "kept"> {
    const text = await Deno.readTextFile(join(this.path, "state")).catch(() => "open");
    return text === "clean" || text === "kept" ? text : "open";
  }

  async setState(state: "clean" | "kept"): Promise<void> {
    await writeAtomically(join(this.path, "state"), state);
  }
}

class ProviderFolder extends RunFolder {
  readonly #at: number;

  constructor(path: string, at: number) {
    super(path);
    this.#at = at;
  }

  /** Its name is short, since paths of sockets have room for 107 bytes. */
  override get tmp(): string {
    return join(super.tmp, `n${this.#at}`);
  }
}

/** Folders below `CCCI_RUNS` that hold runs, oldest first. */
export async function runFolders(runs: string): Promise<RunFolder[]> {
  const names: string[] = [];
  try {
    for await (const entry of Deno.readDir(runs)) {
      if (entry.isDirectory && !entry.name.startsWith(".")) names.push(entry.name);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return names.sort().map((name) => new RunFolder(join(runs, name)));
}
