import * as z from "zod";
import { Buffer } from "node:buffer";
import { linesOf } from "../run/messages.ts";
import { statusOf, type Swarm } from "../swarm/swarm.ts";
import type { Login } from "./login.ts";
import type { Reference } from "./reference.ts";

const inspected = z.object({
  Id: z.string(),
  Os: z.string().default("linux"),
  Architecture: z.string().default(""),
  RepoDigests: z.array(z.string()).nullish().transform((all) => all ?? []),
});

/** An image that the engine has. */
export interface PresentImage {
  id: string;
  /** Digests under which the registry that its name leads to has it; none for an image that was made here. */
  digests: string[];
  /** As in `linux/amd64`. */
  platform: string;
}

const line = z.object({
  id: z.string().optional(),
  status: z.string().default(""),
  error: z.string().optional(),
  progressDetail: z.object({ current: z.number().optional(), total: z.number().optional() }).optional(),
});

const refused = z.object({ message: z.string() });

/** How far the layers of an image are, in bytes. */
export interface Progress {
  done: number;
  total: number;
}

export type Pulled = { ok: true; digest: string | null; bytes: number } | { ok: false; said: string };

/** What the engine has under a name, or null. @throws {DockerError} when it does not answer */
export async function findImage(swarm: Swarm, reference: Reference): Promise<PresentImage | null> {
  const look = async () => {
    try {
      return await swarm.docker.getImage(reference.image).inspect();
    } catch (error) {
      const status = statusOf(error);
      if (status === 404 || status === 400) return null;
      throw error;
    }
  };
  const found = await swarm.ask("look at an image", look, inspected.nullable());
  if (found === null) return null;
  const digests = found.RepoDigests.map((one) => one.split("@"))
    .flatMap(([name, digest]) => name === reference.repository && digest !== undefined ? [digest] : []);
  return { id: found.Id, digests, platform: `${found.Os}/${found.Architecture}` };
}

/** Pulls an image once. */
export async function pullImage(
  swarm: Swarm,
  options: {
    reference: Reference;
    login: Login | null;
    signal: AbortSignal;
    onProgress: (progress: Progress) => void;
  },
): Promise<Pulled> {
  const { reference, login, signal, onProgress } = options;
  const layers = new Map<string, Progress>();
  let said: string | null = null;
  let digest: string | null = null;
  let complete = false;
  const sum = (): Progress => {
    const all = [...layers.values()];
    return { done: all.reduce((n, one) => n + one.done, 0), total: all.reduce((n, one) => n + one.total, 0) };
  };
  const take = (text: string) => {
    const parsed = line.safeParse(parseJson(text));
    if (!parsed.success) return;
    const { id, status, error, progressDetail } = parsed.data;
    if (error !== undefined) said = error;
    digest = /^Digest: (sha256:[0-9a-f]{64})$/.exec(status)?.[1] ?? digest;
    if (/^Status: /.test(status)) complete = true;
    const layer = id === undefined ? undefined : layers.get(id) ?? { done: 0, total: 0 };
    if (id === undefined || layer === undefined) return;
    layer.total = Math.max(layer.total, progressDetail?.total ?? 0);
    if (status === "Downloading") layer.done = Math.max(layer.done, progressDetail?.current ?? 0);
    else if (/^(Download complete|Extracting|Pull complete)$/.test(status)) layer.done = layer.total;
    layers.set(id, layer);
    onProgress(sum());
  };
  const separator = reference.pinned ? "@" : ":";
  const name = reference.image.slice(0, reference.image.length - reference.version.length - 1);
  const isWritten = reference.image.endsWith(`${separator}${reference.version}`);
  const query = { fromImage: isWritten ? name : reference.image, tag: reference.version };
  try {
    for await (const text of create(swarm, { query, login, signal })) take(text);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { ok: false, said: error.message };
  }
  if (said !== null) return { ok: false, said };
  if (!complete) return { ok: false, said: "the engine ended the pull: unexpected EOF" };
  return { ok: true, digest, bytes: sum().total };
}

/**
 * Lines of the engine's answer. dockerode could not end a call that is not answered.
 * @throws {Error} with the engine's reason when it refuses
 */
async function* create(
  swarm: Swarm,
  call: { query: Record<string, string>; login: Login | null; signal: AbortSignal },
): AsyncGenerator<string> {
  const { query, login, signal } = call;
  using client = Deno.createHttpClient({ proxy: { transport: "unix", path: swarm.socket } });
  const headers = login === null ? {} : { "x-registry-auth": encoded(login) };
  const url = `http://docker/images/create?${new URLSearchParams(query)}`;
  const answer = await fetch(url, { client, method: "POST", headers, signal });
  if (answer.body === null) return;
  if (answer.ok) return yield* linesOf(answer.body);
  const text = await answer.text();
  const refusal = refused.safeParse(parseJson(text));
  throw new Error(refusal.success ? refusal.data.message : text);
}

/** A log-in as the engine wants it: one that is not padded is left out without a word. */
function encoded(login: Login): string {
  return Buffer.from(JSON.stringify(login)).toString("base64").replaceAll("+", "-").replaceAll("/", "_");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
