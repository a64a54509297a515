import { join } from "node:path";
import { CcciError } from "../../common/errors.ts";
import { runCommand } from "../../common/command.ts";
import { ExecError, type ExecResult } from "../../common/exec.ts";
import { inTerminal, withoutEcho } from "../../common/pty.ts";
import {
  type BackupSnapshot,
  failedHooks,
  type LintRow,
  parseLint,
  parseSecrets,
  parseSnapshots,
  plainBotLine,
  refusal,
} from "./output.ts";
import { change } from "../run/faults.ts";
import { environment } from "./environment.ts";
import { plainLines, type Redactor } from "../run/redact.ts";
import type { Settings } from "../run/settings.ts";

/** abra refused, or failed. The message is the last reason that abra itself gave, where it gave one. */
export class AbraError extends CcciError {
  /** What abra printed, cleaned and redacted. */
  readonly lines: readonly string[];

  constructor(message: string, options: { lines: readonly string[]; code?: string; cause?: unknown }) {
    super(
      options.code ?? "abra.failed",
      message,
      options.cause === undefined ? {} : { cause: options.cause },
    );
    this.lines = options.lines;
  }
}

export interface AbraOptions {
  settings: Pick<Settings, "ABRA" | "DENO" | "DOCKER_SOCKET">;
  /**
   * The folder that abra gets as ABRA_DIR. abra has one work tree per recipe in it, so every app gets a folder of its
   * own.
   */
  dir: string;
  redactor?: Redactor;
  log?: (line: string) => void;
  signal?: AbortSignal;
}

/** What the backup bot said in a call that ended well. */
export interface BotCall {
  /** Its words for each hook that failed: neither the bot nor abra fails for one. */
  failedHooks: string[];
  /** Whether it said more than was kept, so that hooks may have failed of which nothing is known. */
  cut: boolean;
}

/** Bytes kept of what the bot says, hooks' output included. */
const BOT_OUTPUT = 16 * 1024 * 1024;

interface Call {
  timeoutMs?: number;
  /** Bytes kept of each stream; of a longer one the end is kept. */
  maxBytes?: number;
  quiet?: boolean;
  /** Whether its standard output holds secrets and is kept out of logs and errors. */
  secret?: boolean;
  /**
   * Whether it gets a terminal: some commands of abra die without one, even with `-n`. Both streams then come as one.
   */
  terminal?: boolean;
  /** Whether it fills in compose files. It then gets no variable whose name a recipe may use for a setting. */
  deploys?: boolean;
}

/**
 * Makes every call of abra, and knows abra's flags, the files it leaves, and its traps. (What abra checks in a recipe,
 * the rules of `harness/lint/` and `harness/confinement/` know as well.) abra never gets an input, so that a prompt
 * nobody expected fails instead of waiting. Every call has a time limit. abra gets only the part of our environment
 * that it needs, because it fills variables in compose files from its own environment.
 */
export class Abra {
  #options: AbraOptions;

  constructor(options: AbraOptions) {
    this.#options = options;
  }

  /** The version that abra states, and whether it is the stand-in. @throws {AbraError} `abra.missing` */
  async probe(): Promise<{ version: string; standIn: boolean }> {
    const { stdout, stderr } = await this.#run(["--version"], { quiet: true });
    const line = plainLines(`${stdout}\n${stderr}`).find((one) => /\d+\.\d+/.test(one)) ?? "unknown";
    return { version: line.replace(/^abra version\s+/, ""), standIn: /stand-in/i.test(`${stdout}${stderr}`) };
  }

  /** Folder of the recipe's work tree. `app new` and pinned deploys move its HEAD without being asked to. */
  recipeFolder(recipe: string): string {
    return join(this.#options.dir, "recipes", recipe);
  }

  /** File that holds the app's settings. */
  envFile(domain: string): string {
    return join(this.#options.dir, "servers", "default", `${domain}.env`);
  }

  /** Makes the folder ready for abra: the local Docker becomes its server `default`. */
  async prepare(): Promise<void> {
    await Deno.mkdir(join(this.#options.dir, "recipes"), { recursive: true });
    await this.#run(["server", "add", "--local", "-n"]);
  }

  /**
   * Makes the app's settings from the recipe's `.env.sample`.
   * @param options.version published version; without it the work tree is taken as it stands (chaos). Without
   * chaos and version abra would move the work tree to the newest release and take that one's sample.
   */
  async newApp(recipe: string, options: { domain: string; version?: string }): Promise<void> {
    const { domain, version } = options;
    const which = version === undefined ? [] : [version];
    const chaos = version === undefined ? ["-C"] : [];
    await this.#run(["app", "new", recipe, ...which, "-s", "default", "-D", domain, "-n", "-o", ...chaos]);
  }

  /**
   * Generates the secrets that do not exist yet, and adds them to the redactor. abra ends with an error for an app that
   * has no secrets; the answer is then empty. Without `-C` it would move the work tree to the version that the app's
   * settings note, and read that one's compose files.
   * @returns the values by name
   */
  async generateSecrets(domain: string): Promise<Record<string, string>> {
    const generate = async (...more: string[]) => {
      const args = ["app", "secret", "generate", domain, "--all", "-m", "-n", "-o", ...more];
      return await this.#run(args, { secret: true });
    };
    try {
      return this.#readSecrets(wholeOutput(await chaosIfKnown(generate)));
    } catch (error) {
      if (error instanceof AbraError && /no secrets/i.test(error.message)) return {};
      throw error;
    }
  }

  /** Stores a secret of the app. The value goes by way of a file, since everybody may read a process's arguments. */
  async insertSecret(
    domain: string,
    { name, version, value }: { name: string; version: string; value: string },
  ): Promise<void> {
    const file = await Deno.makeTempFile({ dir: this.#options.dir });
    try {
      await Deno.writeTextFile(file, value);
      const args = ["app", "secret", "insert", domain, name, version, file, "-f", "-n", "-o"];
      await chaosIfKnown((...more) => this.#run([...args, ...more], { secret: true }));
    } finally {
      await Deno.remove(file);
    }
  }

  #readSecrets(printed: string): Record<string, string> {
    const lines = plainLines(printed);
    const secrets = parseSecrets(lines);
    if (secrets === null) {
      if (lines.every((line) => /\b(DEBU|INFO|WARN)\b/.test(line))) return {};
      // They may be in there, and nobody could take them out of logs.
      throw new AbraError("abra lists the secrets that it generated in a form that is not known", {
        lines: [],
        code: "abra.broken",
      });
    }
    for (const [name, value] of Object.entries(secrets)) {
      if (this.#options.redactor?.add(value) !== false) continue;
      this.#options.log?.(`Secret "${name}" is too short to be taken out of logs`);
    }
    return secrets;
  }

  /**
   * Deploys and does not wait: whether the deploy worked is read from Docker, and not taken from abra's own monitor.
   * @param options.again also where it is deployed already
   * @returns what abra printed
   */
  async deploy(
    domain: string,
    options: { version: string; again?: boolean } | { chaos: true },
  ): Promise<string[]> {
    const which = "version" in options ? [options.version] : [];
    const force = "chaos" in options ? ["-C", "-f"] : options.again ? ["-f"] : [];
    const args = ["app", "deploy", domain, ...which, "-n", "-o", "-D", "-c", ...force];
    const { stdout, stderr } = await this.#run(args, { timeoutMs: 180_000, deploys: true });
    return plainLines(`${stdout}\n${stderr}`);
  }

  /**
   * Runs a function of the recipe's `abra.sh` in the container of a service.
   * @param call.name of the function. Neither it nor the service may begin with a dash
   */
  async runFunction(
    domain: string,
    { service, name, args }: { service: string; name: string; args: readonly string[] },
    { timeoutMs }: { timeoutMs: number },
  ): Promise<void> {
    const call = ["app", "cmd", domain, service, name, "-n", "-o", "-C", "--", ...args];
    await this.#run(call, { timeoutMs, terminal: true });
  }

  /** Takes services, networks and configs down. Volumes and secrets stay. */
  async undeploy(domain: string): Promise<void> {
    await this.#run(["app", "undeploy", domain, "-n"], { timeoutMs: 20_000 });
  }

  /**
   * Lets the backup bot save the app. A call that succeeds does not prove that there is a backup; the caller has to
   * look for the snapshot.
   * @throws {AbraError} also when this host has no bot: see {@linkcode isBotMissing}
   */
  async backupCreate(domain: string, options: { timeoutMs: number }): Promise<BotCall> {
    return await this.#callBot(["app", "backup", "create", domain, "-n"], options);
  }

  /** The app's snapshots, oldest first. */
  async backupSnapshots(domain: string): Promise<BackupSnapshot[]> {
    const args = ["app", "backup", "snapshots", domain, "-n"];
    const { stdout } = await dirtyOrNot((...more) => this.#run([...args, ...more], { terminal: true }));
    return parseSnapshots(plainLines(stdout));
  }

  /** Lets the backup bot bring the app's data back from the newest snapshot. */
  async restore(domain: string, options: { timeoutMs: number }): Promise<BotCall> {
    return await this.#callBot(["app", "restore", domain, "-n"], options);
  }

  async #callBot(args: string[], { timeoutMs }: { timeoutMs: number }): Promise<BotCall> {
    const { stdout, cut } = await dirtyOrNot((...more) =>
      this.#run([...args, ...more], { timeoutMs, terminal: true, maxBytes: BOT_OUTPUT })
    );
    return { failedHooks: failedHooks(this.#clean(stdout)), cut };
  }

  /**
   * Runs abra's own lint on the recipe's work tree as it stands; without `-C` abra would move the work tree. The exit
   * code says nothing about the rules: those that fail are marked in the rows.
   */
  async recipeLint(recipe: string): Promise<LintRow[]> {
    const args = ["recipe", "lint", recipe, "-n", "-o"];
    const lint = (...more: string[]) => this.#run([...args, ...more], { terminal: true });
    return parseLint(plainLines(wholeOutput(await chaosIfKnown(lint))));
  }

  /** Lines without colours and secrets. What the redactor takes out may only show once the bot's JSON is read. */
  #clean(text: string): string[] {
    const { redactor } = this.#options;
    return plainLines(withoutEcho(text)).map(plainBotLine).map((line) => redactor?.text(line) ?? line);
  }

  async #run(args: readonly string[], options: Call = {}): Promise<ExecResult> {
    const { settings, dir, log, signal } = this.#options;
    const argv = [settings.ABRA, ...args];
    const call = options.terminal ? inTerminal(argv) : { argv, env: {} };
    if (!options.quiet) log?.(`$ abra ${args.join(" ")}`);
    let result: ExecResult;
    try {
      const start = () =>
        runCommand(call.argv, {
          clearEnv: true,
          env: { ...environment(settings, { dir, deploys: options.deploys ?? false }), ...call.env },
          timeoutMs: options.timeoutMs ?? 60_000,
          ...(options.maxBytes === undefined ? {} : { maxBytes: options.maxBytes }),
          ...(signal === undefined ? {} : { signal }),
        });
      const what = changeBy(args);
      result = what === null ? await start() : await change(what, start);
    } catch (cause) {
      if (!(cause instanceof ExecError) || cause.code !== "exec.missing") throw cause;
      const missing = options.terminal
        ? 'There is no "script" that could give abra a terminal'
        : `There is no abra at "${settings.ABRA}"`;
      throw new AbraError(missing, {
        lines: [],
        code: "abra.missing",
        cause,
      });
    }
    signal?.throwIfAborted();
    const lines = [...this.#clean(result.stderr), ...(options.secret ? [] : this.#clean(result.stdout))];
    if (!options.quiet) { for (const line of lines) log?.(line); }
    if (result.success) return result;
    const command = args.slice(0, 3).filter((arg) => !arg.startsWith("-")).join(" ");
    if (result.timedOut) {
      throw new AbraError(`"abra ${command}" did not end in time`, { lines, code: "abra.timeout" });
    }
    const said = refusal(lines);
    if (said !== null) throw new AbraError(said, { lines });
    const end = lines.slice(-3).map((line) => line.trim()).join("; ");
    throw new AbraError(`"abra ${command}" ended with exit code ${result.code}: ${end}`, {
      lines,
      code: "abra.broken",
    });
  }
}

/** What a call printed, of which nothing may be missing. @throws {AbraError} when its beginning was not kept */
function wholeOutput({ stdout, cut, argv }: ExecResult): string {
  if (!cut) return stdout;
  throw new AbraError(`"${argv.slice(0, 3).join(" ")}" prints more than can be read`, {
    lines: [],
    code: "abra.broken",
  });
}

/** Calls abra with `-C`, and without it an abra whose command has no such flag. */
async function chaosIfKnown(call: (...more: string[]) => Promise<ExecResult>): Promise<ExecResult> {
  try {
    return await call("-C");
  } catch (error) {
    if (!(error instanceof AbraError) || !/unknown (shorthand )?flag/i.test(error.message)) throw error;
    return await call();
  }
}

/** Calls abra, and once more with `-C` when it refuses a work tree that has changes. */
async function dirtyOrNot(call: (...more: string[]) => Promise<ExecResult>): Promise<ExecResult> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof AbraError) || !/unstaged changes/i.test(error.message)) throw error;
    return await call("-C");
  }
}

/** Whether abra says that there is no backup bot. That is the host's trouble and not the recipe's. */
export function isBotMissing(error: unknown): boolean {
  return error instanceof AbraError &&
    /\bno (running )?backup-?\s?bot|(find|discover)\w* (a |the )?backup-?\s?bot|backup-?\s?bot[\w-]* (is not|isn't|not) (deployed|running|found)/i
      .test(error.message);
}

/** Commands of abra that change something which outlives this process. */
const CHANGES = [
  "server add",
  "app new",
  "app secret generate",
  "app secret insert",
  "app deploy",
  "app undeploy",
  "app backup create",
  "app restore",
  "app run",
  "app cmd",
];

/** Name of the change that a call of abra makes, the same in every run; null for a call that only reads. */
function changeBy(args: readonly string[]): string | null {
  const command = CHANGES.find((one) => `${args.join(" ")} `.startsWith(`${one} `));
  if (command === undefined) return null;
  return `abra ${command}${args.includes("-C") ? " -C" : ""}`;
}
