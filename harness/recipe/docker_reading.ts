import { parse } from "yaml";
import { exec } from "../../common/exec.ts";
import { isRecord } from "./compose_values.ts";

/** What Docker makes of compose files: laid over each other, filled in, everything in its long form. */
export type DockerModel = Record<string, unknown>;

export type DockerReading = { ok: true; model: DockerModel } | { ok: false; message: string };

export interface DockerReadingOptions {
  /** Full path of a docker client that has `stack config`. */
  client: string;
  /** Environment of the deploy; nothing else is filled in. */
  env: Readonly<Record<string, string>>;
  signal?: AbortSignal;
}

const TIMEOUT_MS = 20_000;
const MAX_OUTPUT = 4 * 1024 * 1024;
/** KiB of address space; the client needs about a third of it. */
const MAX_MEMORY = 3_000_000;

/**
 * Has Docker itself read compose files, by the library that abra deploys with. No engine is asked. The client is held
 * to limits, since it reads files that a stranger wrote before anything of them has been agreed on.
 * @param files full paths, in the order of COMPOSE_FILE; relative names in them start from the folder of the first
 */
export async function readByDocker(
  files: readonly string[],
  { client, env, signal }: DockerReadingOptions,
): Promise<DockerReading> {
  const command = [client, "--config", "/nonexistent", "stack", "config"];
  const result = await exec([
    "/bin/sh",
    "-c",
    `ulimit -v ${MAX_MEMORY}; exec "$@"`,
    "docker",
    ...command,
    ...files.flatMap((file) => ["--compose-file", file]),
  ], {
    clearEnv: true,
    env: { ...env },
    timeoutMs: TIMEOUT_MS,
    maxBytes: MAX_OUTPUT,
    ...(signal === undefined ? {} : { signal }),
  });
  signal?.throwIfAborted();
  if (result.timedOut) return { ok: false, message: "Docker needs too long to read it" };
  if (!result.success) return { ok: false, message: lastWord(result.stderr) };
  if (result.cut) {
    return { ok: false, message: "Comes to too much once it is filled in" };
  }
  const model: unknown = parse(result.stdout, { maxAliasCount: 0, uniqueKeys: false, logLevel: "silent" });
  return isRecord(model) ? { ok: true, model } : { ok: false, message: "Docker finds nothing in it" };
}

/** The client's reason, without its warnings and without folders of this host. */
function lastWord(printed: string): string {
  const lines = printed.split("\n").map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("time="));
  const said = (lines.at(-1) ?? "it gave no reason").replaceAll(/\/[^\s:"']*\/(?=[^\s/:"']+)/g, "");
  return said.slice(0, 300);
}
