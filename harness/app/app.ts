import { join } from "node:path";
import type { Enrolment } from "../../enrolment/enrolment.ts";
import { appSettings, domainsOf } from "./settings.ts";
import { assignedNames, missingLines, setEnv } from "../recipe/env_file.ts";
import { Abra, AbraError, isBotMissing } from "../abra/abra.ts";
import type { BackupSnapshot } from "../abra/output.ts";
import { type Converged, waitConverged } from "../swarm/wait_converged.ts";
import { waitAnswer } from "./wait_answer.ts";
import { checkOut, type RecipeRepo } from "../recipe/repo.ts";
import type { PlannedApp } from "../run/folder.ts";
import type { Redactor } from "../run/redact.ts";
import type { Settings } from "../run/settings.ts";
import { InfraFailure, type StageContext, StageFailure } from "../run/stage.ts";
import type { Swarm } from "../swarm/swarm.ts";
import type { PublishedVersion } from "../recipe/versions.ts";

/** What is deployed: the commit under test, or a published version. */
export type Revision = "head" | PublishedVersion;

export interface AppOptions {
  plan: PlannedApp;
  recipe: string;
  repo: RecipeRepo;
  enrolment: Enrolment;
  settings: Settings;
  swarm: Swarm;
  redactor: Redactor;
  /** Resolves, with what abra said, when the plan's folder is ready for abra. */
  server: Promise<string[]>;
  /** Told of anonymous volumes as soon as they are seen. */
  noteVolumes: (names: string[]) => void;
}

/** Of a stage's time, so much is left for what abra does in it; the app gets the rest. */
const SPARE_MS = 20_000;

/** One throw-away installation of the recipe. */
export class App {
  readonly domain: string;
  readonly stack: string;
  /** The app's domain and those of `extra_domains`. */
  readonly domains: readonly string[];
  /** Generated secrets by name. */
  secrets: Record<string, string> = {};
  #options: AppOptions;
  #deployedAt = 0;

  constructor(options: AppOptions) {
    this.#options = options;
    this.domain = options.plan.domain;
    this.stack = options.plan.stack;
    this.domains = domainsOf(options.plan.domain, options.enrolment);
  }

  get swarm(): Swarm {
    return this.#options.swarm;
  }

  /** The recipe as abra will deploy it. */
  get checkout(): string {
    return join(this.#options.plan.abraDir, "recipes", this.#options.recipe);
  }

  /** Makes the app as an operator would: settings from the revision's sample, secrets generated. */
  async create(ctx: StageContext, at: Revision): Promise<void> {
    const { recipe, enrolment, server } = this.#options;
    const abra = this.#abra(ctx);
    const [lines] = await Promise.all([server, this.#moveTo(ctx, at)]);
    for (const line of lines) ctx.log(line);
    await blame(
      abra.newApp(recipe, { domain: this.domain, ...(at === "head" ? {} : { version: at.version }) }),
    );
    await this.#moveTo(ctx, at); // `app new` may have moved it
    const file = abra.envFile(this.domain);
    const values = appSettings(enrolment, {
      domain: this.domain,
      timeoutS: Math.round(ctx.remaining() / 1000),
    });
    const settings = setEnv(await Deno.readTextFile(file), values);
    await Deno.writeTextFile(file, settings);
    await this.#makeSecrets(ctx, assignedNames(settings));
  }

  /**
   * Gives an app of an older version what the head's sample has and its settings lack, as an operator would do when
   * a release asks for it.
   * @returns the names of the settings that were added
   */
  async adoptNewSettings(ctx: StageContext): Promise<string[]> {
    const abra = this.#abra(ctx);
    const file = abra.envFile(this.domain);
    await this.#moveTo(ctx, "head");
    const settings = await Deno.readTextFile(file);
    const sample = await Deno.readTextFile(join(this.checkout, ".env.sample")).catch(() => "");
    const lines = missingLines(settings, sample);
    if (lines.length === 0) return [];
    await Deno.writeTextFile(file, setEnv(`${settings.trimEnd()}\n${lines.join("\n")}\n`, {}));
    const names = assignedNames(lines.join("\n"));
    await this.#makeSecrets(ctx, names);
    return names;
  }

  /** Has abra generate what secrets these settings speak of. */
  async #makeSecrets(ctx: StageContext, settings: readonly string[]): Promise<void> {
    if (!settings.some((name) => name.startsWith("SECRET_"))) return; // to abra an app without secrets is an error
    const made = await blame(this.#abra(ctx).generateSecrets(this.domain));
    this.secrets = { ...this.secrets, ...made };
    const names = Object.keys(made);
    if (names.length > 0) ctx.log(`Secrets generated: ${names.join(", ")}`);
  }

  /** Deploys and returns at once; {@linkcode converge} waits. */
  async deploy(ctx: StageContext, at: Revision): Promise<void> {
    await this.#moveTo(ctx, at);
    const abra = this.#abra(ctx);
    this.#deployedAt = ctx.clock.now();
    const warnings = await blame(
      abra.deploy(this.domain, at === "head" ? { chaos: true } : { version: at.version }),
    );
    if (warnings.some((line) => /dnsrr/.test(line))) {
      ctx.note("Deployed with endpoint_mode dnsrr, because this kernel has no IPVS");
    }
  }

  /** Waits until Docker's own state says that the last deploy has worked. @throws {StageFailure} */
  async converge(ctx: StageContext): Promise<Converged> {
    const { swarm, stack } = this;
    try {
      return await waitConverged(swarm, {
        stack,
        since: this.#deployedAt,
        timeoutMs: Math.max(ctx.remaining() - SPARE_MS, ctx.remaining() / 2),
        log: ctx.log,
        signal: ctx.signal,
        clock: ctx.clock,
      });
    } finally {
      await this.noteVolumes().catch(() => {}); // the wait's own result matters more
    }
  }

  /** Reports the anonymous volumes of all containers there are. */
  async noteVolumes(): Promise<void> {
    const containers = await this.swarm.containers(this.stack);
    const names = containers.flatMap((container) => container.Mounts)
      .filter((mount) => mount.Type === "volume" && /^[0-9a-f]{64}$/.test(mount.Name)).map((mount) =>
        mount.Name
      );
    this.#options.noteVolumes(names);
  }

  /**
   * Waits for the health page over HTTPS, through the ingress, certificate verified.
   * @param options.times so many answers in a row have to be good @default 1
   * @throws {StageFailure}
   */
  async answers(ctx: StageContext, { times = 1 } = {}): Promise<void> {
    const { settings, enrolment } = this.#options;
    await waitAnswer({
      swarm: this.swarm,
      stack: this.stack,
      domain: this.domain,
      since: this.#deployedAt,
      health: enrolment.health,
      times,
      settings,
      timeoutMs: Math.max(ctx.remaining() - SPARE_MS / 2, ctx.remaining() / 2),
      log: ctx.log,
      signal: ctx.signal,
      clock: ctx.clock,
    });
  }

  /**
   * Backs the app up.
   * @returns its newest snapshot, which need not be of now
   * @throws {StageFailure} when there is none
   */
  async backUp(ctx: StageContext): Promise<BackupSnapshot> {
    const abra = this.#abra(ctx);
    await blame(abra.backupCreate(this.domain, { timeoutMs: ctx.remaining() }), "The backup failed");
    const newest = (await blame(abra.backupSnapshots(this.domain))).at(-1);
    if (newest !== undefined) return newest;
    throw new StageFailure("abra says that the backup worked, but there is no snapshot of the app", {
      code: "backup.none",
    });
  }

  /** Restores the newest snapshot; {@linkcode converge} waits for the app to recover. */
  async restore(ctx: StageContext): Promise<void> {
    await blame(this.#abra(ctx).restore(this.domain, { timeoutMs: ctx.remaining() }), "The restore failed");
    this.#deployedAt = ctx.clock.now(); // what failed while its data was gone is history
  }

  #abra(ctx: StageContext): Abra {
    const { settings, plan, redactor } = this.#options;
    return new Abra({ settings, dir: plan.abraDir, redactor, log: ctx.log, signal: ctx.signal });
  }

  async #moveTo(ctx: StageContext, at: Revision): Promise<void> {
    const { repo, settings } = this.#options;
    try {
      await checkOut(repo, this.checkout, { at, settings, signal: ctx.signal });
    } catch (cause) {
      ctx.signal.throwIfAborted();
      throw new InfraFailure(`Could not check out ${at === "head" ? repo.head : at.version}`, { cause });
    }
  }
}

/** abra's refusals while it works on a recipe are taken as the recipe's fault, unless abra itself is the trouble. */
async function blame<T>(call: Promise<T>, what = "abra refuses"): Promise<T> {
  try {
    return await call;
  } catch (error) {
    if (!(error instanceof AbraError)) throw error;
    if (error.code !== "abra.failed" || isBotMissing(error)) {
      throw new InfraFailure(error.message, { cause: error.cause });
    }
    throw new StageFailure(`${what}: ${error.message}`, { cause: error, tail: error.lines.slice(-20) });
  }
}
