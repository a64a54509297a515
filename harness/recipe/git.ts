import { exec, type ExecResult } from "../../common/exec.ts";
import { splitAddress } from "../../common/ingress.ts";
import { CcciError } from "../../common/errors.ts";
import type { Settings } from "../run/settings.ts";

/** git did not do what it was asked to. */
export class GitError extends CcciError {
  readonly output: string;

  constructor(message: string, output: string) {
    super("git.failed", message);
    this.output = output;
  }
}

/** How names below our base domain are reached. */
export type GitSettings = Pick<Settings, "BASE_DOMAIN" | "INGRESS" | "CA_FILE">;

export interface GitOptions {
  cwd?: string;
  timeoutMs?: number;
  signal?: AbortSignal;
  /** Sees what git prints, line by line. */
  log?: (line: string) => void;
  /** Sees what git writes to standard output as it comes. */
  onOutput?: (chunk: Uint8Array) => void;
}

/** What one git may take. */
export interface GitLimits {
  /** Size of a file that it writes, a pack for example: KiB or half of it, as the shell counts. */
  file: number;
  /** Address space, KiB. */
  memory: number;
  /** Processor time, seconds. */
  seconds: number;
}

const defaultLimits: GitLimits = { file: 1_048_576, memory: 4_194_304, seconds: 120 };

/**
 * git, set up so that nothing on the machine or in a repository can steer it: no prompts, no hooks, no user
 * configuration, only the protocols named, and names below our base domain reached at the ingress. It runs under limits
 * of its own, since repositories are made by strangers.
 */
export class Git {
  #settings: GitSettings;
  #limits: string;

  constructor(settings: GitSettings, limits: GitLimits = defaultLimits) {
    this.#settings = settings;
    this.#limits = `ulimit -f ${limits.file}; ulimit -v ${limits.memory}; ulimit -t ${limits.seconds}`;
  }

  /** Standard output, trimmed. @throws {GitError} with git's own last words */
  async run(args: readonly string[], options: GitOptions = {}): Promise<string> {
    const result = await this.attempt(args, options);
    if (result.success && result.cut && options.onOutput === undefined) {
      throw new GitError(`"git ${args[0]}" prints more than can be read`, result.stderr);
    }
    if (result.success) return result.stdout.trim();
    const said = [...result.stderr.trim().split("\n"), ...(result.timedOut ? ["took too long"] : [])]
      .map((line) => line.replace(/^(fatal|error): /, "")).filter((line) => line !== "");
    throw new GitError(said.slice(-2).join("; ") || `ended with ${result.code}`, result.stderr);
  }

  async attempt(args: readonly string[], options: GitOptions = {}): Promise<ExecResult> {
    const { onOutput } = options;
    const config = [
      "core.hooksPath=/dev/null",
      "core.fsmonitor=false", // a checkout's own configuration may name a program there
      "safe.directory=*", // a laptop's checkout may belong to somebody else than the one who tests it
      "advice.detachedHead=false",
      "gc.auto=0",
      "fetch.unpackLimit=1", // whatever is fetched is one file, whose size is limited
      "http.lowSpeedLimit=1000",
      "http.lowSpeedTime=30",
      ...this.#route(args),
    ].flatMap((setting) => ["-c", setting]);
    const result = await exec([
      "/bin/sh",
      "-c",
      `${this.#limits}; exec "$@"`,
      "git",
      "git",
      ...config,
      ...args,
    ], {
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
      clearEnv: true,
      env: this.#env(args),
      timeoutMs: options.timeoutMs ?? 120_000,
      maxBytes: 16 * 1024 * 1024,
      ...(onOutput === undefined
        ? {}
        : { onOutput: (chunk, stream) => stream === "stdout" ? onOutput(chunk) : undefined }),
    });
    for (const line of result.stderr.split("\n")) if (line.trim() !== "") options.log?.(line.trimEnd());
    return result;
  }

  #env(args: readonly string[]): Record<string, string> {
    const env: Record<string, string> = {
      GIT_TERMINAL_PROMPT: "0",
      GIT_ASKPASS: "false",
      GIT_CONFIG_GLOBAL: "/dev/null",
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_ALLOW_PROTOCOL: "https:ssh:file",
      GIT_SSH_COMMAND: "ssh -oBatchMode=yes",
      LC_ALL: "C",
    };
    for (const name of ["PATH", "HOME", "SSH_AUTH_SOCK", "GIT_SSL_CAINFO", "SSL_CERT_FILE", "SSL_CERT_DIR"]) {
      const value = Deno.env.get(name);
      if (value !== undefined) env[name] = value;
    }
    if (this.#settings.CA_FILE !== undefined && this.#route(args).length > 0) {
      env.GIT_SSL_CAINFO = this.#settings.CA_FILE;
    }
    return env;
  }

  /** Names below the base domain go to the ingress, never to the DNS. */
  #route(args: readonly string[]): string[] {
    const base = this.#settings.BASE_DOMAIN;
    const [ingress] = splitAddress(this.#settings.INGRESS);
    return args.flatMap((arg) => {
      if (!arg.startsWith("https://") || !URL.canParse(arg)) return [];
      const { hostname, port } = new URL(arg);
      if (hostname !== base && !hostname.endsWith(`.${base}`)) return [];
      return [`http.curloptResolve=${hostname}:${port || 443}:${ingress}`];
    });
  }
}

/** Whether git was ended by its limits, and not by what it was asked for. */
export function metItsLimits({ output }: GitError): boolean {
  return /signal (25|XFSZ)|File too large|File size limit|invalid index-pack output|out of memory|memory exhausted|signal 24/i
    .test(
      output,
    );
}

/** A URL without the user name and token that it may carry: logs are public. */
export function withoutCredentials(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/@]*@/i, "$1");
}
