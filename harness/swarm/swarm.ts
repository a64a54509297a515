import "./slim_docker.ts";
// @ts-types="@types/dockerode"
import Docker from "dockerode";
import { Buffer } from "node:buffer";
import * as z from "zod";
import { FirstBytes, LastBytes } from "../../common/bounded_bytes.ts";
import { CcciError } from "../../common/errors.ts";
import { once } from "../../common/once.ts";
import { type Clock, systemClock } from "../../common/time.ts";
import { Frames } from "./frames.ts";
import * as schema from "./schema.ts";

/** Bytes at the end of a container's log that are kept, and bytes after which nobody reads on to its end. */
const LOG_LIMIT = 4 * 1024 * 1024;
const LOG_READ_LIMIT = 64 * 1024 * 1024;

export const STACK_LABEL = "com.docker.stack.namespace";
const SERVICE_LABEL = "com.docker.swarm.service.name";

/** Docker did not answer, or not in the way expected. */
export class DockerError extends CcciError {
  constructor(action: string, options: { cause?: unknown; code?: string } = {}) {
    super(options.code ?? "docker.failed", `Could not ${action}`, { cause: options.cause });
  }
}

/** Kinds of objects that a stack may leave behind, in the order in which they can be removed. */
export const kinds = ["service", "container", "volume", "secret", "config", "network"] as const;
export type Kind = typeof kinds[number];

/** One object in Docker. */
export interface DockerObject {
  kind: Kind;
  id: string;
  name: string;
}

/** An object with what is known of its owner and age. */
export interface OwnedObject extends DockerObject {
  /** The stack that its label names; null: it has no such label. */
  stack: string | null;
  /** When it was made or last changed, milliseconds since the epoch, as far as Docker knows. */
  changedAt?: number;
}

/**
 * Asks the Docker Engine over its socket, and not through the command line, whose output depends on the version
 * installed.
 */
export class Swarm {
  readonly clock: Clock;
  readonly docker: Docker;
  // An engine that is asked for its version or about itself starts its runtime and docker-init, to learn theirs.
  readonly #version = once(async () =>
    (await this.ask("reach Docker", () => this.docker.version(), schema.version)).Version
  );
  readonly #info = once(() => this.ask("ask Docker about itself", () => this.docker.info(), schema.info));
  /** Path of the engine's socket. */
  readonly socket: string;

  /** @param clock tells when a state of the stack was read */
  constructor(socket: string, clock: Clock = systemClock) {
    this.clock = clock;
    this.socket = socket;
    this.docker = new Docker({ socketPath: socket });
  }

  /** @throws {DockerError} `docker.away` when no engine answers */
  version(): Promise<string> {
    return this.#version();
  }

  /**
   * When this engine was started, or null where that cannot be seen. An engine makes its default bridge anew at each
   * start, so this is the bridge's age.
   */
  async startedAt(): Promise<string | null> {
    const networks = await this.ask(
      "list networks",
      () => this.docker.listNetworks({ filters: JSON.stringify({ name: ["bridge"], driver: ["bridge"] }) }),
      z.array(schema.network),
    );
    return networks.find((one) => one.Name === "bridge")?.Created ?? null;
  }

  info(): Promise<z.infer<typeof schema.info>> {
    return this.#info();
  }

  async services(stack: string): Promise<schema.ServiceObject[]> {
    return await this.ask(
      "list services",
      () => this.docker.listServices({ ...byLabel(stack), status: true }),
      z.array(schema.service),
    );
  }

  async tasks(stack: string): Promise<schema.TaskObject[]> {
    return await this.ask("list tasks", () => this.docker.listTasks(byLabel(stack)), z.array(schema.task));
  }

  /** Containers of a stack, running or not. */
  async containers(stack: string): Promise<schema.ContainerObject[]> {
    const filter = { all: true, ...byLabel(stack) };
    return await this.ask(
      "list containers",
      () => this.docker.listContainers(filter),
      z.array(schema.container),
    );
  }

  /** The running container of a service; during an update, the one that was started last. */
  async containerOf(stack: string, service: string): Promise<schema.ContainerObject> {
    const filter = {
      filters: JSON.stringify({ label: [`${SERVICE_LABEL}=${stack}_${service}`], status: ["running"] }),
    };
    const found = await this.ask(
      "list containers",
      () => this.docker.listContainers(filter),
      z.array(schema.container),
    );
    const newest = found[0]; // the Engine lists the newest first
    if (newest === undefined) {
      throw new DockerError(`find a running container of service "${service}"`, {
        code: "docker.no-container",
      });
    }
    return newest;
  }

  /** Every object that carries the stack's label or name, except tasks. */
  async objects(stack: string): Promise<DockerObject[]> {
    const all = await this.allObjects();
    return all.filter((object) => object.stack === stack || nameIsOf(object, stack));
  }

  /** All objects in Docker, each with the stack that its label names. */
  async allObjects(): Promise<OwnedObject[]> {
    const { docker } = this;
    const [services, containers, volumes, secrets, configs, networks] = await Promise.all([
      this.ask("list services", () => docker.listServices(), z.array(schema.service)),
      this.ask("list containers", () => docker.listContainers({ all: true }), z.array(schema.container)),
      this.ask("list volumes", () => docker.listVolumes(), schema.volumes),
      this.ask("list secrets", () => docker.listSecrets(), z.array(schema.material)),
      this.ask("list configs", () => docker.listConfigs(), z.array(schema.material)),
      this.ask("list networks", () => docker.listNetworks(), z.array(schema.network)),
    ]);
    const specified = (kind: Kind) => (one: z.infer<typeof schema.material>) =>
      owned(kind, one.ID, { name: one.Spec.Name, labels: one.Spec.Labels, changed: one.UpdatedAt });
    return [
      ...services.map(specified("service")),
      ...containers.map((one) => {
        const name = (one.Names[0] ?? one.Id).replace(/^\//, "");
        const changed = one.Created === undefined ? undefined : new Date(one.Created * 1000).toISOString();
        return owned("container", one.Id, { name, labels: one.Labels, changed });
      }),
      ...volumes.Volumes.map((one) =>
        owned("volume", one.Name, { name: one.Name, labels: one.Labels, changed: one.CreatedAt })
      ),
      ...secrets.map(specified("secret")),
      ...configs.map(specified("config")),
      ...networks.map((one) =>
        owned("network", one.Id, { name: one.Name, labels: one.Labels, changed: one.Created })
      ),
    ];
  }

  /**
   * Removes one object; if it is gone already, that is no error. Containers go by force, with their anonymous volumes.
   */
  async remove(object: DockerObject): Promise<void> {
    const { docker } = this;
    const { kind, id } = object;
    try {
      if (kind === "service") await docker.getService(id).remove();
      else if (kind === "container") await docker.getContainer(id).remove({ force: true, v: true });
      else if (kind === "volume") await docker.getVolume(id).remove();
      else if (kind === "secret") await docker.getSecret(id).remove();
      else if (kind === "config") await docker.getConfig(id).remove();
      else await docker.getNetwork(id).remove();
    } catch (cause) {
      if (statusOf(cause) === 404) return;
      throw new DockerError(`remove ${kind} "${object.name}"`, { cause });
    }
  }

  /** Ends all that runs of a stack, by force; its data and what else it has stay. */
  async stop(stack: string): Promise<void> {
    const objects = await this.objects(stack);
    for (const kind of ["service", "container"]) {
      await Promise.all(objects.filter((one) => one.kind === kind).map((one) => this.remove(one)));
    }
  }

  /**
   * The last lines of a container's output, both streams; none when they cannot be read. Where lines are so long that
   * some were left out, the first one says so.
   * @param options.since milliseconds since the epoch; what was printed before is left out @default all counts
   */
  async logs(container: string, lines: number, { since = 0 } = {}): Promise<string[]> {
    const kept = new LastBytes(LOG_LIMIT);
    try {
      const stream = await this.#stream(`/containers/${container}/logs?`, {
        stdout: true,
        stderr: true,
        tail: lines,
        ...(since === 0 ? {} : { since: since / 1000 }),
      });
      const frames = new Frames((bytes) => kept.add(bytes));
      let read = 0;
      for await (const chunk of stream) {
        frames.push(chunk as Uint8Array);
        read += chunk.length;
        if (read > LOG_READ_LIMIT) return ["… (its output has no end that could be read)"];
      }
    } catch {
      return [];
    }
    const said = kept.text().split("\n").map((line) => line.trimEnd()).filter((line) => line !== "");
    return kept.overflowed
      ? ["… (the beginning was left out)", ...said.slice(1 - lines)]
      : said.slice(-lines);
  }

  /** An answer of the Engine as it comes; dockerode itself would gather it first, however long it is. */
  #stream(path: string, query: Record<string, unknown>): Promise<NodeJS.ReadableStream> {
    return new Promise((resolve, reject) => {
      const call = { path, method: "GET", isStream: true, statusCodes: { 200: true }, options: query };
      this.docker.modem.dial(call, (error: unknown, stream: unknown) => {
        if (error !== null && error !== undefined) reject(error);
        else resolve(stream as NodeJS.ReadableStream);
      });
    });
  }

  /**
   * Makes a call of the Engine and checks the answer against a schema.
   * @throws {DockerError} `docker.away` when no engine answers, `docker.failed` when it refuses or the answer does not
   * fit
   */
  async ask<T extends z.ZodType>(
    action: string,
    call: () => Promise<unknown>,
    shape: T,
  ): Promise<z.infer<T>> {
    let answer: unknown;
    try {
      answer = await call();
    } catch (cause) {
      throw new DockerError(action, {
        cause,
        code: statusOf(cause) === null ? "docker.away" : "docker.failed",
      });
    }
    const parsed = shape.safeParse(answer);
    if (parsed.success) return parsed.data;
    throw new DockerError(`${action}: the answer makes no sense`, { cause: parsed.error });
  }
}

function owned(
  kind: Kind,
  id: string,
  object: { name: string; labels: Record<string, string>; changed: string | undefined },
): OwnedObject {
  const changedAt = Date.parse(object.changed ?? "");
  return {
    kind,
    id,
    name: object.name,
    stack: object.labels[STACK_LABEL] ?? null,
    ...(Number.isNaN(changedAt) ? {} : { changedAt }),
  };
}

/** HTTP status of an error of the Engine API; null when there was no answer. */
export function statusOf(error: unknown): number | null {
  const status = typeof error === "object" && error !== null ? Reflect.get(error, "statusCode") : undefined;
  return typeof status === "number" ? status : null;
}

/** The filter of the Engine's lists for what a stack's label names. */
export function byLabel(stack: string) {
  return { filters: JSON.stringify({ label: [`${STACK_LABEL}=${stack}`] }) };
}

/**
 * Whether an object is the stack's by its name, `<stack>_…`. Secrets that were made by a command of their own carry no
 * label.
 */
function nameIsOf(object: DockerObject, stack: string): boolean {
  return object.name.startsWith(`${stack}_`);
}

/** The beginning of what a stream says; once that is complete nobody listens any more. */
export async function collect(stream: NodeJS.ReadableStream, limit: number): Promise<Buffer> {
  const kept = new FirstBytes(limit);
  for await (const chunk of stream) if (!kept.add(Buffer.from(chunk as Uint8Array))) break;
  return Buffer.from(kept.bytes());
}
