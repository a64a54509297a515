import { basename, dirname } from "node:path";
import { extract, pack } from "tar-stream";
import { FirstBytes, LastBytes } from "../../common/bounded_bytes.ts";
import { waitFor } from "../../common/time.ts";
import { change } from "../run/faults.ts";
import { Frames } from "./frames.ts";
import { execState } from "./schema.ts";
import { collect, DockerError, statusOf, type Swarm } from "./swarm.ts";

export interface ContainerCommand {
  env?: Record<string, string>;
  stdin?: string;
  /** User that the command runs as. @default the container's own */
  user?: string;
  /** Milliseconds. @default 60000 */
  timeoutMs?: number;
  signal?: AbortSignal;
  /** Sees all of standard output as it comes. */
  onOutput?: (bytes: Uint8Array) => void;
}

/** How a command in a container ended, and what it printed. */
export interface ContainerResult {
  code: number;
  stdout: string;
  stderr: string;
  /** Whether it printed more to standard output than is kept, so that `stdout` is its end only. */
  cut: boolean;
}

/** Bytes of each stream of a command that are kept; of a longer one the end is. */
const OUTPUT_LIMIT = 4 * 1024 * 1024;

/**
 * Runs argv in a container, without a terminal. Whoever takes what it printed for all of it looks at `cut`, or reads
 * to the end with `onOutput`.
 * @throws {DockerError} `docker.timeout` when it takes too long. The command itself may then go on until the container
 * ends, because the Engine has no call to stop it
 */
export async function execIn(
  swarm: Swarm,
  container: string,
  options: ContainerCommand & { argv: readonly string[] },
): Promise<ContainerResult> {
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
    const kept = { stdout: new LastBytes(OUTPUT_LIMIT), stderr: new LastBytes(OUTPUT_LIMIT) };
    const frames = new Frames((bytes, stream) => {
      kept[stream].add(bytes);
      if (stream === "stdout") options.onOutput?.(bytes);
    });
    await change("a command in a container", async () => {
      const stream = await command.start(stdin === undefined ? {} : { hijack: true, stdin: true });
      if (stdin !== undefined) stream.end(stdin);
      await readAll(stream, { take: (chunk) => frames.push(chunk), signal: stop });
    });
    // The output may end a moment before the Engine knows how the command did.
    const code = await waitFor(async () => execState.parse(await command.inspect()).ExitCode ?? undefined, {
      what: "the command's exit code",
      timeoutMs: 5_000,
      everyMs: 50,
    });
    return { code, stdout: kept.stdout.text(), stderr: kept.stderr.text(), cut: kept.stdout.overflowed };
  } catch (cause) {
    options.signal?.throwIfAborted();
    if (limit.aborted) throw new DockerError(action, { code: "docker.timeout", cause });
    throw new DockerError(action, { cause });
  }
}

function readAll(
  stream: NodeJS.ReadableStream & { destroy(error?: Error): unknown },
  { take, signal }: { take: (chunk: Uint8Array) => void; signal: AbortSignal },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (reason: unknown) => {
      stream.destroy();
      reject(reason);
    };
    const abort = () => fail(signal.reason);
    if (signal.aborted) return abort();
    signal.addEventListener("abort", abort, { once: true });
    stream.on("data", (chunk: Uint8Array) => {
      try {
        take(chunk);
      } catch (error) {
        fail(error); // thrown in an event it would end the process
      }
    });
    stream.on("error", reject);
    stream.on("end", () => {
      signal.removeEventListener("abort", abort);
      resolve();
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

/** Whether there is anything at a path of a container. */
export async function hasPath(swarm: Swarm, container: string, path: string): Promise<boolean> {
  try {
    await swarm.docker.getContainer(container).infoArchive({ path });
    return true;
  } catch (cause) {
    if (statusOf(cause) === 404) return false;
    throw new DockerError(`look for "${path}" in container ${container.slice(0, 12)}`, { cause });
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

/** Bytes of a folder that are looked through for a file. */
const FOLDER_LIMIT = 256 * 1024 * 1024;

/**
 * Whether a folder of a container holds a file that was written at or after a time, milliseconds since the epoch. A file
 * without content does not count: the engine makes one where it mounts a config. Of a very large folder only the beginning
 * is looked through.
 */
export async function writtenSince(
  swarm: Swarm,
  container: string,
  { path, since }: { path: string; since: number },
): Promise<boolean> {
  try {
    const stream = await swarm.docker.getContainer(container).getArchive({ path });
    let read = 0;
    for await (const { header, resume } of entriesOf(stream)) {
      const { type, size = 0, mtime } = header;
      if (type === "file" && size > 0 && (mtime?.getTime() ?? 0) >= since) return true;
      read += size;
      if (read > FOLDER_LIMIT) return false;
      resume();
    }
    return false;
  } catch (cause) {
    if (statusOf(cause) === 404) return false;
    throw new DockerError(`look through "${path}" in container ${container.slice(0, 12)}`, { cause });
  }
}

/** The beginning of the first file in an archive; null when the archive holds none. */
async function firstFile(stream: NodeJS.ReadableStream): Promise<string | null> {
  for await (const { entry } of entriesOf(stream)) {
    const kept = new FirstBytes(FILE_LIMIT);
    for await (const chunk of entry) if (!kept.add(chunk as Uint8Array)) break;
    return kept.text();
  }
  return null;
}

/** The entries of an archive. Each has to be read, or passed over by `resume`, before the next one comes. */
async function* entriesOf(stream: NodeJS.ReadableStream) {
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
      yield { entry, header: entry.header, resume: () => void entry.resume() };
    }
  } finally {
    source.destroy();
  }
}
