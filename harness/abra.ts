import { join } from "node:path";
import * as z from "zod";
import { CcciError } from "../common/errors.ts";
import { exec, ExecError, type ExecResult } from "../common/exec.ts";
import { passedOn } from "./host_variables.ts";
import { plainLines, type Redactor } from "./redact.ts";
import type { Settings } from "./settings.ts";

/** abra said no. The message is its own last word. */
export class AbraError extends CcciError {
  /** What it printed, cleaned and redacted. */
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
  /** ABRA_DIR. abra has one work tree per recipe and folder, so every app gets a folder of its own. */
  dir: string;
  redactor?: Redactor;
  log?: (line: string) => void;
  signal?: AbortSignal;
}

const generatedSecrets = z.array(z.object({ name: z.string(), value: z.string() }).loose());

/**
 * The only place that knows abra: its flags, files and traps. A call never gets a terminal or an input, so that a
 * forgotten prompt fails; it gets a hard limit; and of our environment only what it needs, since abra hands
 * everything it has on to the interpolation of compose files.
 */
export class Abra {
  #options: AbraOptions;

  constructor(options: AbraOptions) {
    this.#options = options;
  }

  /** Version as abra states it, and whether it is the stand-in. @throws {AbraError} `abra.missing` */
  async probe(): Promise<{ version: string; standIn: boolean }> {
    const { stdout, stderr } = await this.#run(["--version"], { quiet: true });
    const line = plainLines(`${stdout}\n${stderr}`).find((one) => /\d+\.\d+/.test(one)) ?? "unknown";
    return { version: line.replace(/^abra version\s+/, ""), standIn: /stand-in/i.test(`${stdout}${stderr}`) };
  }

  /** Folder of the recipe's work tree. `app new` and pinned deploys move its HEAD behind one's back. */
  recipeFolder(recipe: string): string {
    return join(this.#options.dir, "recipes", recipe);
  }

  /** The app's settings. */
  envFile(domain: string): string {
    return join(this.#options.dir, "servers", "default", `${domain}.env`);
  }

  /** Makes the folder usable: the local Docker is the server named `default`. */
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
   * Generates the secrets that do not exist yet and remembers them for redaction. To abra an app without any is an
   * error, and a work tree with changes may be one.
   */
  async generateSecrets(domain: string): Promise<Record<string, string>> {
    const generate = async (...more: string[]) => {
      const args = ["app", "secret", "generate", domain, "--all", "-m", "-n", "-o", ...more];
      return await this.#run(args, { secret: true });
    };
    let result: ExecResult;
    try {
      result = await generate();
    } catch (error) {
      if (!(error instanceof AbraError)) throw error;
      if (/no secrets/i.test(error.message)) return {};
      if (!/unstaged changes/i.test(error.message)) throw error;
      result = await generate("-C");
    }
    return this.#readSecrets(result.stdout);
  }

  #readSecrets(printed: string): Record<string, string> {
    const json = plainLines(printed).join("\n");
    const start = json.search(/[[{]/);
    if (start < 0) return {};
    let raw: unknown;
    try {
      raw = JSON.parse(json.slice(start));
    } catch (cause) {
      throw new AbraError("abra's list of generated secrets is not JSON", { lines: [], cause });
    }
    const listed = generatedSecrets.safeParse(raw);
    const secrets = listed.success
      ? Object.fromEntries(listed.data.map(({ name, value }) => [name, value]))
      : z.record(z.string(), z.string()).parse(raw);
    for (const value of Object.values(secrets)) this.#options.redactor?.add(value);
    return secrets;
  }

  /**
   * Deploys without waiting: what Docker says is believed, not abra's own monitor.
   * @returns lines that warn of something
   */
  async deploy(domain: string, options: { version: string } | { chaos: true }): Promise<string[]> {
    const which = "version" in options ? [options.version] : [];
    const force = "chaos" in options ? ["-C", "-f"] : [];
    const args = ["app", "deploy", domain, ...which, "-n", "-o", "-D", "-c", ...force];
    const { stdout, stderr } = await this.#run(args, { timeoutMs: 180_000 });
    return plainLines(`${stdout}\n${stderr}`).filter((line) => /\bWARN\b/.test(line));
  }

  /** Takes services, networks and configs down. Volumes and secrets stay. */
  async undeploy(domain: string): Promise<void> {
    await this.#run(["app", "undeploy", domain, "-n"], { timeoutMs: 20_000 });
  }

  async #run(
    args: readonly string[],
    options: { timeoutMs?: number; quiet?: boolean; secret?: boolean } = {},
  ): Promise<ExecResult> {
    const { settings, dir, redactor, log, signal } = this.#options;
    const clean = (text: string) => plainLines(redactor?.text(text) ?? text);
    if (!options.quiet) log?.(`$ abra ${args.join(" ")}`);
    let result: ExecResult;
    try {
      result = await exec([settings.ABRA, ...args], {
        clearEnv: true,
        env: environment(settings, dir),
        timeoutMs: options.timeoutMs ?? 60_000,
        ...(signal === undefined ? {} : { signal }),
      });
    } catch (cause) {
      if (!(cause instanceof ExecError) || cause.code !== "exec.missing") throw cause;
      throw new AbraError(`There is no abra at "${settings.ABRA}"`, {
        lines: [],
        code: "abra.missing",
        cause,
      });
    }
    signal?.throwIfAborted();
    const lines = [...clean(result.stderr), ...(options.secret ? [] : clean(result.stdout))];
    if (!options.quiet) { for (const line of lines) log?.(line); }
    if (result.success) return result;
    const command = args.slice(0, 3).filter((arg) => !arg.startsWith("-")).join(" ");
    if (result.timedOut) {
      throw new AbraError(`"abra ${command}" did not end in time`, { lines, code: "abra.timeout" });
    }
    const said = lastWord(lines);
    if (said !== null) throw new AbraError(said, { lines });
    const end = lines.slice(-3).map((line) => line.trim()).join("; ");
    throw new AbraError(`"abra ${command}" ended with exit code ${result.code}: ${end}`, {
      lines,
      code: "abra.broken",
    });
  }
}

/** abra ends with `FATA <reason>`; everything before is decoration. */
function lastWord(lines: readonly string[]): string | null {
  for (const level of ["FATA", "ERRO"]) {
    const line = lines.findLast((one) => new RegExp(`\\b${level}\\b`).test(one));
    if (line !== undefined) return line.replace(new RegExp(`^.*?\\b${level}\\b(?:\\[[^\\]]*\\])?:?\\s*`), "");
  }
  return null;
}

function environment(settings: AbraOptions["settings"], dir: string): Record<string, string> {
  const env: Record<string, string> = {
    ABRA_DIR: dir,
    LC_ALL: "C",
    LANG: "C",
    TERM: "dumb",
    NO_COLOR: "1",
    CCCI_DENO: settings.DENO,
  };
  for (const name of passedOn) {
    const value = Deno.env.get(name);
    if (value !== undefined) env[name] = value;
  }
  if (settings.DOCKER_SOCKET !== "/var/run/docker.sock") env.DOCKER_HOST = `unix://${settings.DOCKER_SOCKET}`;
  return env;
}
