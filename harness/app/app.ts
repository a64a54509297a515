import { join } from "node:path";
import { parseEnvFile, toEnvironment } from "../../common/env_file.ts";
import type { Enrolment } from "../../enrolment/enrolment.ts";
import { askBot } from "./ask_bot.ts";
import { AppSecrets } from "./app_secrets.ts";
import { blame, blameBot } from "./blame.ts";
import { type Checked, isSurplus, requireChecked } from "../confinement/engine/mod.ts";
import { type PostCommand, readOwnCommands, readPostCommands } from "./post_commands.ts";
import { domainsOf, newSettings, ownSettings, upgradedSettings, type Version } from "./settings.ts";
import { layDown, type Override, settingsWith } from "./override.ts";
import { fillVolumes } from "./volume_files.ts";
import { readInside } from "../recipe/inside_checkout.ts";
import { assignedNames } from "../recipe/env_file.ts";
import { Abra, type BotCall } from "../abra/abra.ts";
import type { BackupSnapshot } from "../abra/output.ts";
import type { Obtained } from "../images/obtain.ts";
import { requireObtained } from "../images/what_runs.ts";
import { decide } from "../swarm/converge.ts";
import { takeSnapshot } from "../swarm/snapshot.ts";
import { type Converged, stackFailure, waitConverged } from "../swarm/wait_converged.ts";
import { Steadiness } from "./steadiness.ts";
import { waitTakenUp } from "./taken_up.ts";
import { waitAnswer } from "./wait_answer.ts";
import { waitReady } from "./wait_ready.ts";
import { checkOut, type RecipeRepo } from "../recipe/repo.ts";
import type { Deployable, HandedValue } from "../run/folder.ts";
import type { Redactor } from "../run/redact.ts";
import type { Settings } from "../run/settings.ts";
import { InfraFailure, type StageContext, StageFailure } from "../run/stage.ts";
import type { Swarm } from "../swarm/swarm.ts";
import type { PublishedVersion } from "../recipe/versions.ts";

/** What is deployed: the commit under test, or a published version. */
export type Revision = "head" | PublishedVersion;

/** Which of the two versions of an upgrade a revision is, as `only` of `recipe.yml` calls them. */
export function sideOf(at: Revision): "head" | "base" {
  return at === "head" ? "head" : "base";
}

export interface AppOptions {
  plan: Deployable;
  recipe: string;
  repo: RecipeRepo;
  enrolment: Enrolment;
  settings: Settings;
  swarm: Swarm;
  redactor: Redactor;
  /** Resolves, with what abra printed, when the plan's folder is ready for abra. */
  server: Promise<string[]>;
  /** What is laid over the compose files of a version. */
  override: (at: "head" | "base") => Override | null;
  /** The images that may run. */
  obtained: readonly Obtained[];
  /** Is called with the names of anonymous volumes as soon as they are seen. */
  noteVolumes: (names: string[]) => void;
  /** Is called with the published version that the app is about to be, or null for the head. */
  notePublished: (version: string | null) => void;
}

/**
 * Milliseconds of a stage's time that a wait for the app leaves to what the stage does afterwards. If less than twice
 * as much is left, the wait takes half of it.
 */
const SPARE_MS = 20_000;

/** One throw-away installation of the recipe. */
export class App {
  readonly domain: string;
  readonly stack: string;
  /** The app's domain and those of `extra_domains`. */
  readonly domains: readonly string[];
  /** What {@linkcode published} gives. */
  #published: string | null = null;
  /** Values that its set-up has handed on, by name. */
  readonly handed: Record<string, HandedValue> = {};
  #options: AppOptions;
  #deployedAt = 0;
  /** When the restore was over, milliseconds since the epoch; null: there was none since the last deploy. */
  #restoredAt: number | null = null;
  /** Whether abra ran the commands that follow a deploy, by what it printed. */
  #ranCommands = false;
  readonly #steadiness = new Steadiness();
  /** When the last deploy was over, by the clock's `elapsed()`. */
  #labelledAt = 0;
  /** What was deployed, the newest first. */
  #checked: Checked[] = [];
  /** The settings that the newest deploy read. */
  #settings = "";
  /** What `recipe.yml` has set for the version that the app was made at. */
  #own: Readonly<Record<string, string>> = {};
  readonly #secrets: AppSecrets;

  constructor(options: AppOptions) {
    this.#options = options;
    this.domain = options.plan.domain;
    this.stack = options.plan.stack;
    this.domains = domainsOf(options.plan.domain, options.enrolment);
    this.#secrets = new AppSecrets({ ...options.plan, declared: options.enrolment.secrets });
  }

  /** The published version that runs, from when it is made to the head's deploy; null: the head runs, or nothing does. */
  get published(): string | null {
    return this.#published;
  }

  /** Values of its secrets, by their names in the compose files. */
  get secrets(): Readonly<Record<string, string>> {
    return this.#secrets.values;
  }

  /** When the last deploy or restore began to count, milliseconds since the epoch. */
  get deployedAt(): number {
    return this.#deployedAt;
  }

  get swarm(): Swarm {
    return this.#options.swarm;
  }

  /** The recipe as abra will deploy it. */
  get checkout(): string {
    return join(this.#options.plan.abraDir, "recipes", this.#options.recipe);
  }

  /**
   * Makes the app in the way an operator would: settings from the sample of this revision, secrets generated by abra.
   */
  async create(ctx: StageContext, at: Revision): Promise<void> {
    const { recipe, enrolment, server } = this.#options;
    this.#isAt(at);
    const abra = this.#abra(ctx);
    const [lines] = await Promise.all([server, this.#moveTo(ctx, at)]);
    for (const line of lines) ctx.log(line);
    await blame(
      abra.newApp(recipe, { domain: this.domain, ...(at === "head" ? {} : { version: at.version }) }),
    );
    const override = this.#overrideAt(at);
    await this.#moveTo(ctx, at, override); // `app new` may have moved the work tree
    const file = abra.envFile(this.domain);
    const { domain } = this;
    const version: Version = {
      root: await Deno.realPath(this.checkout),
      at: sideOf(at),
    };
    const noted = await Deno.readTextFile(file);
    const settings = settingsWith(newSettings(version, { enrolment, domain, noted }), override);
    this.#own = ownSettings(enrolment, { domain, ...version });
    await Deno.writeTextFile(file, settings);
    await this.#secrets.make(abra, {
      root: version.root,
      settings,
      added: assignedNames(settings),
      log: ctx.log,
    });
  }

  /**
   * Takes over what an earlier run has deployed at the head and left up.
   * @param left.checked what the engine has to hold, and nothing else
   * @param left.deployedAt milliseconds since the epoch
   */
  async takeOver(
    ctx: StageContext,
    left: {
      checked: Checked;
      deployedAt: number;
      secrets: Readonly<Record<string, string>>;
      handed: Readonly<Record<string, HandedValue>>;
    },
  ): Promise<void> {
    this.#isAt("head");
    this.#settings = await Deno.readTextFile(this.#abra(ctx).envFile(this.domain));
    this.#checked = [left.checked];
    this.#deployedAt = left.deployedAt;
    Object.assign(this.#secrets.values, left.secrets);
    Object.assign(this.handed, left.handed);
  }

  /**
   * Gives an app of an older version what the head's sample has and its settings lack, as an operator would do when
   * a release asks for it.
   * @returns the names of the settings that were added
   */
  async adoptNewSettings(ctx: StageContext): Promise<string[]> {
    const abra = this.#abra(ctx);
    const file = abra.envFile(this.domain);
    const override = this.#overrideAt("head");
    await this.#moveTo(ctx, "head", override);
    const { enrolment } = this.#options;
    const root = await Deno.realPath(this.checkout);
    const { text, added } = upgradedSettings(await Deno.readTextFile(file), {
      enrolment,
      domain: this.domain,
      own: this.#own,
      root,
    });
    const settings = settingsWith(text, override);
    await Deno.writeTextFile(file, settings);
    await this.#secrets.make(abra, { root, settings, added, log: ctx.log });
    return added;
  }

  /**
   * Deploys and returns at once; {@linkcode converge} waits until the app runs.
   * @param checked what passed confinement; the engine must not hold anything else afterwards
   * @throws {StageFailure} `confine.engine` when it does, with the stack taken down
   */
  async deploy(ctx: StageContext, { at, checked }: { at: Revision; checked: Checked }): Promise<void> {
    const override = this.#overrideAt(at);
    await this.#moveTo(ctx, at, override);
    const abra = this.#abra(ctx);
    this.#settings = await Deno.readTextFile(abra.envFile(this.domain));
    if (this.#checked.length === 0) {
      const { files } = this.#options.enrolment;
      const { domain, stack } = this;
      await fillVolumes(this.swarm, { files, domain, stack, checked, at: sideOf(at), log: ctx.log });
    }
    this.#checked.unshift(checked);
    this.#deployedAt = ctx.clock.now();
    this.#restoredAt = null;
    this.#isAt(at);
    this.expectChanges();
    const lines = await blame(
      // A checkout that is not as it was published is deployed as it stands only.
      abra.deploy(
        this.domain,
        at === "head" || override !== null ? { chaos: true } : { version: at.version },
      ),
    ).catch(async (error) => {
      // Also a deploy that fails may have made something that nobody checked.
      await this.#requireChecked({ failed: true }).catch((found) => {
        if (isSurplus(found)) throw found;
      });
      throw error;
    });
    this.#labelledAt = ctx.clock.elapsed();
    await this.#requireChecked();
    await this.#requireObtained();
    this.#ranCommands = lines.some((line) => /post-?(deploy[- ])?commands?\b/i.test(line));
    if (lines.some((line) => /\bWARN\b.*dnsrr/.test(line))) {
      ctx.note("Deployed with endpoint_mode dnsrr, because this kernel has no IPVS");
    }
  }

  /**
   * Runs the functions of `abra.sh` that a setting of the app names, in the running services: abra leaves them out where
   * it is told not to wait. Nothing is run if abra said at the last deploy that it did.
   * @throws {StageFailure} for the first that fails
   */
  async runPostCommands(
    ctx: StageContext,
    setting: "POST_DEPLOY_CMDS" | "POST_UPGRADE_CMDS",
  ): Promise<void> {
    if (this.#ranCommands) return;
    const text = toEnvironment(parseEnvFile(this.#settings))[setting] ?? "";
    await this.#runCommands(ctx, { by: setting, commands: readPostCommands(setting, text) });
  }

  /**
   * Runs the functions of `abra.sh` that `after_deploy` of `recipe.yml` names, in the running services.
   * @throws {StageFailure} for the first that fails
   */
  async runOwnCommands(ctx: StageContext): Promise<void> {
    const { after_deploy: said } = this.#options.enrolment;
    if (said.length === 0) return;
    const at = this.#side;
    const abraSh = readInside(await Deno.realPath(this.checkout), "abra.sh") ?? "";
    const { commands, lacking } = readOwnCommands(said, { abraSh, at });
    for (const name of lacking) ctx.log(`abra.sh of ${this.published} has no function ${name}`);
    await this.#runCommands(ctx, { by: "after_deploy", commands });
  }

  async #runCommands(
    ctx: StageContext,
    { by, commands }: { by: string; commands: readonly PostCommand[] },
  ): Promise<void> {
    if (commands.length > 0) this.expectChanges();
    for (const command of commands) {
      const call = this.#abra(ctx).runFunction(this.domain, command, { timeoutMs: ctx.remaining() });
      await blame(call, `${by}: "${command.name}" fails in service "${command.service}"`);
    }
    if (commands.length > 0) await this.converge(ctx); // a function may have restarted what it set up
  }

  /**
   * Waits until Docker's own state says that the last deploy has worked.
   * @throws {StageFailure} also when the engine holds by now what was not checked
   */
  async converge(ctx: StageContext): Promise<Converged> {
    const converged = await this.#settled(ctx);
    await this.#requireChecked();
    await this.#requireObtained();
    return converged;
  }

  /** Which of the two versions it is now. */
  get #side(): "head" | "base" {
    return this.#published === null ? "head" : "base";
  }

  #isAt(at: Revision): void {
    this.#published = at === "head" ? null : at.version;
    this.#options.notePublished(this.#published);
  }

  async #settled(ctx: StageContext): Promise<Converged> {
    try {
      const converged = await waitConverged(this.swarm, {
        stack: this.stack,
        since: this.#deployedAt,
        timeoutMs: Math.max(ctx.remaining() - SPARE_MS, ctx.remaining() / 2),
        log: ctx.log,
        signal: ctx.signal,
        clock: ctx.clock,
      });
      for (const blemish of converged.blemishes) ctx.blemish(blemish);
      this.#steadiness.settled(converged.snapshot, this.#restoredAt);
      return converged;
    } finally {
      await this.noteVolumes().catch(() => {}); // the wait's own result matters more
    }
  }

  /** Says that what services do until the app has converged again is no sign against them. */
  expectChanges(): void {
    this.#steadiness.changed();
  }

  /**
   * Looks whether services have ended by themselves since the app converged. A container without health check counts as
   * running before it has done anything, so that a deploy that seemed to work may have failed by now.
   * @throws {StageFailure} when a service has ended for the third time, or Swarm has given it up
   */
  async stayedUp(ctx: StageContext): Promise<void> {
    const snapshot = await takeSnapshot(this.swarm, this.stack);
    const { blemishes, failure } = this.#steadiness.look(snapshot);
    for (const blemish of blemishes) ctx.blemish(blemish);
    const decision = decide(snapshot, this.#deployedAt);
    if (decision.state === "failed") throw await stackFailure(this.swarm, decision.failure);
    if (failure !== null) throw await stackFailure(this.swarm, failure);
  }

  /** Reports the anonymous volumes of all containers that the app has now. */
  async noteVolumes(): Promise<void> {
    const containers = await this.swarm.containers(this.stack);
    const names = containers.flatMap((container) => container.Mounts)
      .filter((mount) => mount.Type === "volume" && /^[0-9a-f]{64}$/.test(mount.Name)).map((mount) =>
        mount.Name
      );
    this.#options.noteVolumes(names);
  }

  /**
   * Waits until the proxy has taken up what the last deploy has changed, labels included.
   * @param seen.currentSince see {@linkcode Converged}
   * @param seen.gone resolves when no container of the version before runs any more
   */
  async takenUp(ctx: StageContext, seen: { currentSince: number; gone: Promise<void> }): Promise<void> {
    await waitTakenUp({
      swarm: this.swarm,
      stack: this.stack,
      settings: this.#options.settings,
      since: Math.max(this.#labelledAt, seen.currentSince),
      gone: seen.gone,
      ctx,
    });
  }

  /**
   * Waits until the health page answers over HTTPS, through the ingress and with a verified certificate, and until what
   * else `recipe.yml` asks of a ready app comes true.
   * @param options.times number of good answers in a row that it takes @default 1
   * @throws {StageFailure}
   */
  async answers(ctx: StageContext, { times = 1 } = {}): Promise<void> {
    const { settings, enrolment: { health, ready } } = this.#options;
    const timeoutMs = () => Math.max(ctx.remaining() - SPARE_MS / 2, ctx.remaining() / 2);
    const app = {
      swarm: this.swarm,
      stack: this.stack,
      domain: this.domain,
      since: this.#deployedAt,
      settings,
      log: ctx.log,
      signal: ctx.signal,
      clock: ctx.clock,
    };
    await waitAnswer({ ...app, health, times, timeoutMs: timeoutMs() });
    await waitReady(ready, { ...app, at: this.#side, timeoutMs });
  }

  /**
   * Backs the app up.
   * @returns its newest snapshot; the caller checks that it is not an older one
   * @throws {StageFailure} when the app has no snapshot
   */
  async backUp(ctx: StageContext): Promise<BackupSnapshot & BotCall> {
    await this.#settled(ctx); // the bot runs hooks in the containers that there are when it is called
    const abra = this.#abra(ctx);
    const create = () => abra.backupCreate(this.domain, { timeoutMs: ctx.remaining() });
    const call = await blameBot(askBot(create, ctx), "The backup failed");
    const list = () => abra.backupSnapshots(this.domain);
    const newest = (await blameBot(askBot(list, ctx), "The backup bot does not list the snapshots")).at(-1);
    if (newest !== undefined) return { ...newest, ...call };
    throw new StageFailure("abra says that the backup worked, but there is no snapshot of the app", {
      code: "backup.none",
    });
  }

  /** Restores the newest snapshot; {@linkcode converge} waits for the app to recover. */
  async restore(ctx: StageContext): Promise<BotCall> {
    const restore = () => this.#abra(ctx).restore(this.domain, { timeoutMs: ctx.remaining() });
    const call = await blameBot(askBot(restore, ctx), "The restore failed");
    this.#restoredAt = this.#deployedAt = ctx.clock.now(); // tasks that failed while the data was gone do not count
    return call;
  }

  async #requireChecked({ failed = false } = {}): Promise<void> {
    const { swarm, stack } = this;
    const settings = toEnvironment(parseEnvFile(this.#settings));
    await requireChecked(swarm, {
      stack,
      checkout: this.checkout,
      checked: this.#checked,
      settings,
      failed,
    });
  }

  async #requireObtained(): Promise<void> {
    await requireObtained(this.swarm, { stack: this.stack, obtained: this.#options.obtained });
  }

  #abra(ctx: StageContext): Abra {
    const { settings, plan, redactor } = this.#options;
    return new Abra({ settings, dir: plan.abraDir, redactor, log: ctx.log, signal: ctx.signal });
  }

  #overrideAt(at: Revision): Override | null {
    return this.#options.override(sideOf(at));
  }

  async #moveTo(ctx: StageContext, at: Revision, override: Override | null = null): Promise<void> {
    const { repo, settings } = this.#options;
    try {
      await checkOut(repo, this.checkout, { at, settings, signal: ctx.signal });
      if (override !== null) await layDown(this.checkout, override);
    } catch (cause) {
      ctx.signal.throwIfAborted();
      throw new InfraFailure(`Could not check out ${at === "head" ? repo.head : at.version}`, { cause });
    }
  }
}
