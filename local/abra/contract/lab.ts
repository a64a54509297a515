import { equal } from "node:assert/strict";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { runCommand, runCommandOk } from "../../../common/command.ts";
import type { ExecResult } from "../../../common/exec.ts";
import { inTerminal } from "../../../common/pty.ts";
import { waitFor } from "../../../common/time.ts";
import { parseEnvFile, toEnvironment } from "../../../common/env_file.ts";
import { buildFixture, RECIPE } from "./fixture.ts";

const CALL_MS = 120_000;

/** A scratch ABRA_DIR with the fixture recipe in it, and one app's name on the real Swarm. */
export class Lab implements AsyncDisposable {
  readonly domain: string;
  readonly stack: string;
  /** A second app, for calls that must fail or leave nothing. */
  readonly otherDomain: string;
  /** Its stack name is cut. */
  readonly longDomain: string;
  readonly abraDir: string;
  readonly origin: string;
  readonly checkout: string;

  private constructor(
    readonly abraPath: string,
    readonly folder: string,
    readonly has: { swarm: boolean; bot: boolean },
    id: string,
  ) {
    this.domain = `ctr-${id}.ci.localhost`;
    this.stack = this.domain.replaceAll(".", "_");
    this.otherDomain = `ctr-${id}-b.ci.localhost`;
    this.longDomain = `ctr-${id}-${"long".repeat(9)}.ci.localhost`;
    this.abraDir = join(folder, "abra");
    this.origin = join(folder, "origin");
    this.checkout = join(this.abraDir, "recipes", RECIPE);
  }

  static async open(abraPath: string, has: { swarm: boolean; bot: boolean }): Promise<Lab> {
    const folder = await Deno.makeTempDir({ prefix: "abra-contract-" });
    const id = Array.from(
      crypto.getRandomValues(new Uint8Array(3)),
      (byte) => byte.toString(16).padStart(2, "0"),
    );
    const lab = new Lab(abraPath, folder, has, id.join(""));
    await buildFixture(lab.origin);
    await Deno.mkdir(join(lab.abraDir, "recipes"), { recursive: true });
    await runCommandOk(["git", "clone", "--quiet", lab.origin, lab.checkout]);
    return lab;
  }

  /** Calls abra as the harness does: argument list, own ABRA_DIR, no terminal, stdin closed. */
  abra(...args: string[]): Promise<ExecResult> {
    return this.#run({ argv: [this.abraPath, ...args], env: {} });
  }

  /** The same with a terminal, as some commands want it. @returns what it printed, line by line */
  async terminal(...args: string[]): Promise<{ code: number; lines: string[] }> {
    const { code, stdout } = await this.#run(inTerminal([this.abraPath, ...args]));
    return { code, lines: stripVTControlCharacters(stdout).split(/\r*\n/).map((line) => line.trim()) };
  }

  #run({ argv, env }: { argv: string[]; env: Record<string, string> }): Promise<ExecResult> {
    return runCommand(argv, {
      env: {
        ABRA_DIR: this.abraDir,
        CONTRACT_LEAK: "leaked",
        NO_COLOR: "1",
        TERM: "dumb",
        LC_ALL: "C",
        ...env,
      },
      cwd: this.folder,
      timeoutMs: CALL_MS,
    });
  }

  async succeeds(...args: string[]): Promise<ExecResult> {
    const result = await this.abra(...args);
    equal(result.code, 0, `exit code ${result.code} of "abra ${args.join(" ")}": ${result.stderr.trim()}`);
    return result;
  }

  /** Expects exit code 1 within the time limit, and `text` in what it prints. */
  async refuses(text: RegExp, ...args: string[]): Promise<void> {
    const result = await this.abra(...args);
    const said = `${result.stdout}\n${result.stderr}`.trim();
    equal(result.timedOut, false, `"abra ${args.join(" ")}" hangs`);
    equal(result.code, 1, `exit code ${result.code} of "abra ${args.join(" ")}": ${said}`);
    equal(text.test(said), true, `nothing like ${text} in: ${said}`);
  }

  /** A shell command in a service's running container. @returns what it printed */
  async inContainer(service: string, script: string): Promise<string> {
    const filter = `label=com.docker.swarm.service.name=${this.stack}_${service}`;
    const ids = (await runCommandOk(["docker", "ps", "-q", "--filter", filter])).stdout.split("\n");
    return (await runCommandOk(["docker", "exec", ids[0] ?? "", "sh", "-c", script])).stdout.trim();
  }

  async git(...args: string[]): Promise<string> {
    return (await runCommandOk(["git", "-C", this.checkout, ...args])).stdout.trim();
  }

  head(): Promise<string> {
    return this.git("rev-parse", "HEAD");
  }

  /** The app's `.env`, or undefined if it has none. */
  async env(domain: string = this.domain): Promise<Record<string, string> | undefined> {
    try {
      return toEnvironment(parseEnvFile(await Deno.readTextFile(this.envFile(domain))));
    } catch {
      return undefined;
    }
  }

  envFile(domain: string): string {
    return join(this.abraDir, "servers", "default", `${domain}.env`);
  }

  /** Sets a line of the app's `.env`; null takes it out. */
  async setEnv(name: string, value: string | null): Promise<void> {
    const text = await Deno.readTextFile(this.envFile(this.domain));
    const others = text.split("\n").filter((line) => !line.startsWith(`${name}=`) && line !== "");
    await Deno.writeTextFile(
      this.envFile(this.domain),
      [...others, ...(value === null ? [] : [`${name}=${value}`]), ""].join("\n"),
    );
  }

  /** Names of Docker objects of one kind, filtered by the start of their name. */
  async names(
    kind: "service" | "secret" | "config" | "volume",
    stack: string = this.stack,
  ): Promise<string[]> {
    const { stdout } = await runCommandOk(["docker", kind, "ls", "--format", "{{.Name}}"]);
    return stdout.split("\n").filter((name) => name.startsWith(`${stack}_`)).sort();
  }

  async labels(service: string): Promise<Record<string, string>> {
    const argv = [
      "docker",
      "service",
      "inspect",
      "--format",
      "{{json .Spec.Labels}}",
      `${this.stack}_${service}`,
    ];
    return JSON.parse((await runCommandOk(argv)).stdout);
  }

  /** abra's label on the `app` service. */
  async stamp(name: string): Promise<string | undefined> {
    return (await this.labels("app"))[`coop-cloud.${this.stack}.${name}`];
  }

  /** Removes the containers that a stack still has: Swarm would take longer. */
  async removeContainers(): Promise<void> {
    await waitFor(async () => {
      const filter = `label=com.docker.stack.namespace=${this.stack}`;
      const ids = (await runCommandOk(["docker", "ps", "-aq", "--filter", filter])).stdout.split("\n").filter(
        Boolean,
      );
      if (ids.length > 0) await runCommand(["docker", "rm", "-fv", ...ids]);
      return ids.length === 0;
    }, { what: "the containers of the fixture to go", timeoutMs: 120_000 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.has.swarm) await this.#removeObjects();
    await Deno.remove(this.folder, { recursive: true });
  }

  async #removeObjects(): Promise<void> {
    if ((await this.names("service")).length > 0) await runCommand(["docker", "stack", "rm", this.stack]);
    await this.removeContainers();
    for (const stack of [this.stack, `ctr-${this.stack.slice(4, 10)}-`]) {
      for (const kind of ["secret", "config", "volume"] as const) {
        const names = (await runCommandOk(["docker", kind, "ls", "--format", "{{.Name}}"])).stdout.split("\n")
          .filter((name) => name.startsWith(stack));
        if (names.length > 0) await runCommand(["docker", kind, "rm", ...names]);
      }
    }
  }
}
