import { Buffer } from "node:buffer";
import { basename, dirname } from "node:path";
import { extract, pack } from "tar-stream";
import { FirstBytes } from "../../common/bounded_bytes.ts";
import { waitFor } from "../../common/time.ts";
import { change } from "../run/faults.ts";
import { execState } from "./schema.ts";
import { collect, demultiplex, DockerError, statusOf, type Swarm } from "./swarm.ts";

export interface ContainerCommand {
  env?: Record<string, string>;
  stdin?: string;
  /** User that the command runs as. @default the container's own */
  user?: string;
  /** Milliseconds. @default 60000 */
  timeoutMs?: number;
  signal?: AbortSignal;
}

/** Bytes of a command's output that are kept; the rest is dropped. */
const OUTPUT_LIMIT = 4 * 1024 * 1024;

/**
 * Runs argv in a container, without a terminal.
 * @throws {DockerError} `docker.timeout` when it takes too long. The command itself may then go on until the container
 * ends, because the Engine has no call to stop it
 */
export async function execIn(
  swarm: Swarm,
  container: string,
  options: ContainerCommand & { argv: readonly string[] },
) {
  const { argv, env = {}, stdin, timeoutMs = 60_000 } = options;
  const action = `run "${argv.slice(0, 3).join(" ").slice(0, 80)}" in container ${container.slice(0, 12)}`;
  const limit = AbortSignal.timeout(timeoutMs);
  const stop = options.signal === undefined ? limit : AbortSignal.any([limit, options.signal]);
  try {
    const command = await swarm.docker.getContainer(container).exec({
      Cmd: [...argv],
      Env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
      AttachStdout: true,
      AttachStderr: true,
      AttachStdin: stdin !== undefined,
      ...(options.user === undefined ? {} : { User: options.user }),
    });
    const { stdout, stderr } = await change("a command in a container", async () => {
      const stream = await command.start(stdin === undefined ? {} : { hijack: true, stdin: true });
      if (stdin !== undefined) stream.end(stdin);
      return demultiplex(await bounded(stream, stop));
    });
    // The output may end a moment before the Engine knows how the command did.
    const code = await waitFor(async () => execState.parse(await command.inspect()).ExitCode ?? undefined, {
      what: "the command's exit code",
      timeoutMs: 5_000,
      everyMs: 50,
    });
    return { code, stdout, stderr };
  } catch (cause) {
    options.signal?.throwIfAborted();
    if (limit.aborted) throw new DockerError(action, { code: "docker.timeout", cause });
    throw new DockerError(action, { cause });
  }
}

function bounded(stream: NodeJS.ReadableStream & { destroy(error?: Error): unknown }, signal: AbortSignal) {
  return new Promise<Buffer>((resolve, reject) => {
    const kept = new FirstBytes(OUTPUT_LIMIT);
    const abort = () => {
      stream.destroy();
      reject(signal.reason);
    };
    if (signal.aborted) return abort();
    signal.addEventListener("abort", abort, { once: true });
    stream.on("data", (chunk: Buffer) => kept.add(chunk));
    stream.on("error", reject);
    stream.on("end", () => {
      signal.removeEventListener("abort", abort);
      resolve(Buffer.from(kept.bytes()));
    });
  });
}

/** Bytes of a file that are read. */
const FILE_LIMIT = 64 * 1024;

/** Writes a small file into a running container, even one without a shell. */
export async function putFile(
  swarm: Swarm,
  container: string,
  file: { path: string; content: string },
): Promise<void> {
  const archive = pack();
  archive.entry({ name: basename(file.path), mode: 0o644 }, file.content);
  archive.finalize();
  try {
    const bytes = await collect(archive as unknown as NodeJS.ReadableStream, OUTPUT_LIMIT);
    await change(
      "a file in a container",
      () => swarm.docker.getContainer(container).putArchive(bytes, { path: dirname(file.path) }),
    );
  } catch (cause) {
    throw new DockerError(`write "${file.path}" in container ${container.slice(0, 12)}`, { cause });
  }
}

/**
 * Content of a small file in a container; null when there is no such file. No more is read than the file's first bytes:
 * whoever wants to know what is in it gets a text that ends there.
 */
export async function getFile(swarm: Swarm, container: string, path: string): Promise<string | null> {
  let stream: NodeJS.ReadableStream;
  try {
    stream = await swarm.docker.getContainer(container).getArchive({ path });
  } catch (cause) {
    if (statusOf(cause) === 404) return null;
    throw new DockerError(`read "${path}" in container ${container.slice(0, 12)}`, { cause });
  }
  return await firstFile(stream);
}

/** The beginning of the first file in an archive; null when the archive holds none. */
async function firstFile(stream: NodeJS.ReadableStream): Promise<string | null> {
  const archive = extract();
  // Extraction asks for more as it goes on, so that of a large file nothing is fetched that nobody wants.
  const source = stream as unknown as {
    pipe(to: unknown): unknown;
    destroy(): void;
    on: NodeJS.ReadableStream["on"];
  };
  source.on("error", (error: Error) => archive.destroy(error));
  source.pipe(archive);
  try {
    for await (const entry of archive) {
      const kept = new FirstBytes(FILE_LIMIT);
      for await (const chunk of entry) if (!kept.add(chunk as Uint8Array)) break;
      return kept.text();
    }
    return null;
  } finally {
    source.destroy();
  }
}
