import { equal } from "node:assert/strict";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { runCommand, runCommandOk } from "../../../common/command.ts";
import type { ExecResult } from "../../../common/exec.ts";
import { inTerminal, TERMINAL_COLUMNS } from "../../../common/pty.ts";
import { waitFor } from "../../../common/time.ts";
import { parseEnvFile, toEnvironment } from "../../../common/env_file.ts";
import { buildFixture, RECIPE } from "./fixture.ts";
import type { Transcript } from "../../../harness/abra/transcript.ts";
import { Transcripts } from "./transcripts.ts";

const CALL_MS = 120_000;

interface Call {
  argv: string[];
  env: Record<string, string>;
  terminal?: Transcript["terminal"];
}

export interface LabOptions {
  has: { swarm: boolean; bot: boolean };
  /** What `abra --version` says, and whether that is the stand-in. */
  version: { text: string; standIn: boolean };
}

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
  readonly has: LabOptions["has"];
  readonly folder: string;
  /** Version of abra; null: it is the stand-in. */
  readonly realVersion: string | null;
  /** All calls of abra so far. */
  readonly transcripts: Transcripts;

  private constructor(readonly abraPath: string, made: LabOptions & { folder: string; id: string }) {
    const { folder, id, has, version } = made;
    this.has = has;
    this.folder = folder;
    this.realVersion = version.standIn ? null : version.text;
    this.transcripts = new Transcripts({
      origin: version.standIn ? "stand-in" : "abra",
      abra: version.text,
      neutral: (text) => text.replaceAll(folder, "/contract").replaceAll(`ctr-${id}`, "ctr-000000"),
    });
    this.domain = `ctr-${id}.ci.localhost`;
    this.stack = this.domain.replaceAll(".", "_");
    this.otherDomain = `ctr-${id}-b.ci.localhost`;
    this.longDomain = `ctr-${id}-${"long".repeat(9)}.ci.localhost`;
    this.abraDir = join(folder, "abra");
    this.origin = join(folder, "origin");
    this.checkout = join(this.abraDir, "recipes", RECIPE);
  }

  static async open(abraPath: string, options: LabOptions): Promise<Lab> {
    const folder = await Deno.makeTempDir({ prefix: "abra-contract-" });
    const id = Array.from(
      crypto.getRandomValues(new Uint8Array(3)),
      (byte) => byte.toString(16).padStart(2, "0"),
    );
    const lab = new Lab(abraPath, { ...options, folder, id: id.join("") });
    await buildFixture(lab.origin);
    await Deno.mkdir(join(lab.abraDir, "recipes"), { recursive: true });
    await runCommandOk(["git", "clone", "--quiet", lab.origin, lab.checkout]);
    return lab;
  }

  /** Calls abra as the harness does: argument list, own ABRA_DIR, no terminal, stdin closed. */
  abra(...args: string[]): Promise<ExecResult> {
    return this.#run(args, { argv: [this.abraPath, ...args], env: {} });
  }

  /** The same with a terminal, as some commands want it. @returns what it printed, line by line */
  async terminal(...args: string[]): Promise<{ code: number; lines: string[] }> {
    const { code, stdout } = await this.#run(args, {
      ...inTerminal([this.abraPath, ...args]),
      terminal: { columns: TERMINAL_COLUMNS },
    });
    return { code, lines: stripVTControlCharacters(stdout).split(/\r*\n/).map((line) => line.trim()) };
  }

  async #run(args: string[], { argv, env, terminal = null }: Call): Promise<ExecResult> {
    const result = await runCommand(argv, {
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
    this.transcripts.add(args, { result, terminal });
    return result;
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
    const argv = ["docker", "exec", await this.#containerOf(service), "sh", "-c", script];
    return (await runCommandOk(argv)).stdout.trim();
  }

  /** Keeps a service's container from running, until the answer is disposed of. */
  async pause(service: string): Promise<AsyncDisposable> {
    const id = await this.#containerOf(service);
    await runCommandOk(["docker", "pause", id]);
    return { [Symbol.asyncDispose]: async () => void await runCommandOk(["docker", "unpause", id]) };
  }

  async #containerOf(service: string): Promise<string> {
    const filter = `label=com.docker.swarm.service.name=${this.stack}_${service}`;
    const { stdout } = await runCommandOk(["docker", "ps", "-q", "--filter", filter]);
    return stdout.split("\n")[0] ?? "";
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

  /** The image of a service, as Swarm was told it. */
  async image(service: string): Promise<string> {
    const format = "{{.Spec.TaskTemplate.ContainerSpec.Image}}";
    const argv = ["docker", "service", "inspect", "--format", format, `${this.stack}_${service}`];
    return (await runCommandOk(argv)).stdout.trim();
  }

  /** Digests under which registries have an image that this machine has; none for one that was made here. */
  async digests(image: string): Promise<string[]> {
    const argv = ["docker", "image", "inspect", "--format", "{{json .RepoDigests}}", image];
    return JSON.parse((await runCommandOk(argv)).stdout) ?? [];
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
