import assert from "node:assert/strict";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import * as z from "zod";
import { exec, type ExecResult } from "../../common/exec.ts";
import { waitFor } from "../../common/time.ts";
import { issue } from "../../host/testing/certificates.ts";
import { importArguments, makeHostImages } from "../../local/host_apps/images.ts";
import { publishHostRecipes } from "../../local/host_apps/publish.ts";
import { BASE_DOMAIN, pathsFromEnvironment } from "../../local/host/paths.ts";
import { silentProgress } from "../../local/host/progress.ts";
import { findAbra } from "../../local/stack/description.ts";
import { startCommand } from "../../programs/start.ts";
import { SwarmEngine } from "./swarm_engine.ts";

/** Milliseconds that a call may take: a deploy with its first start is in it. */
const CALL_MS = 240_000;
const report = z.object({
  outcome: z.string(),
  parts: z.array(z.object({
    steps: z.array(z.string()),
    message: z.string().default(""),
    hint: z.string().default(""),
  })),
});
const TRAEFIK = `traefik.${BASE_DOMAIN}`;

/** What a call of the program came to. */
export interface Call {
  code: number;
  outcome: string;
  /** The first word of each step that was done. */
  steps: string[];
  /** Why parts are not as they should be, and what to do. */
  why: string;
  /** Everything that it printed. */
  said: string;
}

/** A machine with nothing but an engine, a certificate, images, and the published recipes of its own apps. */
export class ReconcileHost implements AsyncDisposable {
  readonly engine: SwarmEngine;
  readonly #folder: string;

  private constructor(folder: string, engine: SwarmEngine) {
    this.#folder = folder;
    this.engine = engine;
  }

  /** @param more settings beside those of the machine */
  static async open(more: Record<string, unknown> = {}): Promise<ReconcileHost> {
    const folder = await Deno.makeTempDir({ prefix: "cc-ci-reconcile-" });
    const at = (name: string) => join(folder, name);
    const paths = pathsFromEnvironment();
    const signal = new AbortController().signal;
    await issue(at("certificates"), { names: [BASE_DOMAIN, `*.${BASE_DOMAIN}`] });
    await Deno.mkdir(at("secrets"));
    await publishHostRecipes(at("recipes"), { volumes: at("data/volumes") });
    const images = await makeHostImages(at("images"), { paths, progress: silentProgress, signal });
    const settings = {
      domain: BASE_DOMAIN,
      forge: { url: `https://git.${BASE_DOMAIN}`, org: "recipe-maintainers" },
      certificates: at("certificates"),
      ca: at("certificates/fullchain.pem"),
      secrets: at("secrets"),
      recipes: pathToFileURL(at("recipes")).href,
      docker: at("run/docker.sock"),
      abra: (await findAbra(paths)).abra,
      abraDir: at("abra"),
      made: at("made"),
      home: folder,
      ...more,
    };
    await Deno.writeTextFile(at("host.json"), JSON.stringify(settings));
    const host = new ReconcileHost(folder, await SwarmEngine.start(folder));
    try {
      for (const image of images) await host.engine.docker(...importArguments(image));
      await Deno.remove(at("images"), { recursive: true });
      return host;
    } catch (error) {
      await host[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.engine[Symbol.asyncDispose]();
    await Deno.remove(this.#folder, { recursive: true });
  }

  /** A path below the machine's folder. */
  at(name: string): string {
    return join(this.#folder, name);
  }

  async setSecret(name: string, value: string): Promise<void> {
    await Deno.writeTextFile(this.at(`secrets/${name}`), `${value}\n`, { mode: 0o600 });
  }

  /** Has an operator renew the certificate. */
  async renewCertificate(): Promise<void> {
    await issue(this.at("certificates"), { names: [BASE_DOMAIN, `*.${BASE_DOMAIN}`] });
  }

  /** Calls the program for a part. */
  async call(part: string): Promise<Call> {
    const { code, stdout, stderr } = await exec(this.engine.inside(this.#command(part)), {
      timeoutMs: CALL_MS,
    });
    const said = stdout + stderr;
    const { outcome, parts } = report.parse(JSON.parse(stdout.trim().split("\n").at(-1) ?? ""));
    return {
      code,
      outcome,
      steps: parts.flatMap(({ steps }) => steps.map((step) => step.split(" ")[0] ?? "")),
      why: parts.map(({ message, hint }) => `${message}. ${hint}`).join("\n"),
      said,
    };
  }

  /** Calls the program, which brings the part to what it should be. @returns the first word of each step */
  async bring(part: string): Promise<string[]> {
    const { code, outcome, steps, said } = await this.call(part);
    assert.deepEqual([code, outcome], [0, "converged"], said);
    return steps;
  }

  /** Calls the program, and kills it when it begins a step that is so called. */
  async killedAt(part: string, step: string): Promise<void> {
    const stop = new AbortController();
    let said = "";
    await exec(this.engine.inside(this.#command(part)), {
      signal: stop.signal,
      timeoutMs: CALL_MS,
      onOutput(chunk) {
        said += new TextDecoder().decode(chunk);
        if (said.includes(step)) stop.abort();
      },
    });
    assert.ok(stop.signal.aborted, `it never came to "${step}": ${said}`);
  }

  #command(part: string): string[] {
    return [...startCommand("host"), part, "--settings", this.at("host.json"), "--json"];
  }

  /** Resolves once the proxy answers with the certificate that the host has now; it looks at Swarm every 15 s. */
  async proxyAnswers(): Promise<void> {
    const ask = this.engine.inside([
      ...["curl", "--silent", "--show-error", "--cacert", this.at("certificates/fullchain.pem")],
      ...["--resolve", `${TRAEFIK}:443:127.0.0.1`, `https://${TRAEFIK}/ping`],
    ]);
    await waitFor(async () => (await exec(ask)).stdout === "OK", {
      what: "the proxy to answer",
      timeoutMs: 60_000,
    });
  }

  /** Runs a command in the container of a stack's service `app`. */
  async inApp(stack: string, ...command: string[]): Promise<ExecResult> {
    const { Id } = await this.engine.swarm.containerOf(stack, "app");
    return await exec(["docker", "--host", `unix://${this.engine.swarm.socket}`, "exec", Id, ...command]);
  }

  /** Names in Docker of a stack's secrets. */
  async secretsOf(stack: string): Promise<string[]> {
    const all = (await this.engine.docker("secret", "ls", "--format", "{{.Name}}")).split("\n");
    return all.filter((name) => name.startsWith(`${stack}_`));
  }

  /** Changes a service in Docker by hand. */
  async updateService(service: string, ...options: string[]): Promise<void> {
    await this.engine.docker("service", "update", "--quiet", "--detach", ...options, service);
  }
}
