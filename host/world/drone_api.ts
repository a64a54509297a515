import * as z from "zod";
import { describeError } from "../../common/errors.ts";
import { waitFor } from "../../common/time.ts";
import { HostError } from "../errors.ts";
import type { SeenDrone } from "../plan/seen.ts";

export interface DroneApi {
  /** Base URL. */
  url: string;
  /** Token of an account that may do everything. */
  token: string;
  fetch: typeof fetch;
  signal: AbortSignal;
}

const READY_MS = 180_000;
const CALL_MS = 30_000;

/** Drone as its API shows it. @throws {HostError} wrong, when it does not take the token */
export async function lookAtDrone(api: DroneApi, repository: string): Promise<SeenDrone> {
  if (!await isHealthy(api)) return { healthy: false, repository: null };
  const answer = await call(api, "GET", `/api/repos/${repository}`);
  if (answer.status === 404) return { healthy: true, repository: null };
  if (answer.status === 401 || answer.status === 403) {
    throw new HostError("wrong", `Drone at "${api.url}" does not take the token of the bridge`, {
      hint:
        'Drone gives its account "bridge" the value of drone_token at each start of its own: start its service "app" ' +
        'again ("docker service update --force"), and look at its log where that does not help.',
    });
  }
  if (answer.status !== 200) throw refused(api, `answered ${answer.status} about "${repository}"`);
  return {
    healthy: true,
    repository: read(api, { text: answer.text, as: repositoryShape, what: "a repository" }),
  };
}

const repositoryShape = z.record(z.string(), z.unknown());
const buildsShape = z.array(z.object({ number: z.number(), status: z.string() })).nullable();

function read<T>(api: DroneApi, { text, as, what }: { text: string; as: z.ZodType<T>; what: string }): T {
  try {
    return as.parse(JSON.parse(text));
  } catch {
    throw refused(api, `answered what is no JSON of ${what}`);
  }
}

/** What Drone calls builds that go on, or will once a runner takes them. */
const OPEN = ["pending", "waiting_on_dependencies", "running"];

/**
 * Numbers of the builds that go on at any host or wait for a runner, among the newest of a repository.
 * @throws {HostError} not yet, when Drone does not tell
 */
export async function openBuilds(api: DroneApi, repository: string): Promise<number[]> {
  const answer = await call(api, "GET", `/api/repos/${repository}/builds?per_page=100`);
  if (answer.status === 404) return []; // Drone knows the repository once its owner has logged in
  if (answer.status !== 200) throw refused(api, `answered ${answer.status} about builds of "${repository}"`);
  const builds = read(api, { text: answer.text, as: buildsShape, what: "builds" }) ?? [];
  return builds.filter(({ status }) => OPEN.includes(status)).map(({ number }) => number);
}

/** Waits until Drone answers through the proxy. @throws {HostError} not yet */
export async function waitForDrone(api: DroneApi): Promise<void> {
  try {
    await waitFor(() => isHealthy(api), {
      what: `Drone to answer at ${api.url}/healthz`,
      timeoutMs: READY_MS,
      everyMs: 500,
      signal: api.signal,
    });
  } catch (cause) {
    api.signal.throwIfAborted();
    throw refused(api, describeError(cause));
  }
}

/** Sets what the bridge relies on. @throws {HostError} not yet, when Drone does not take it */
export async function setRepository(
  api: DroneApi,
  { repository, values }: { repository: string; values: Record<string, unknown> },
): Promise<void> {
  const answer = await call(api, "PATCH", { path: `/api/repos/${repository}`, body: values });
  if (answer.status !== 200) throw refused(api, `answered ${answer.status} to settings of "${repository}"`);
}

async function isHealthy({ url, fetch }: DroneApi): Promise<boolean> {
  try {
    const response = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(5_000) });
    await response.body?.cancel();
    return response.status === 200;
  } catch {
    return false;
  }
}

async function call(
  api: DroneApi,
  method: "GET" | "PATCH",
  to: string | { path: string; body: unknown },
): Promise<{ status: number; text: string }> {
  const { url, token, fetch } = api;
  const { path, body } = typeof to === "string" ? { path: to, body: undefined } : to;
  try {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(CALL_MS),
    });
    return { status: response.status, text: await response.text() };
  } catch (cause) {
    throw refused(api, `did not answer: ${describeError(cause)}`);
  }
}

function refused({ url }: DroneApi, what: string): HostError {
  return new HostError("not yet", `Drone at "${url}" ${what}`, {
    hint: "Look at its log: docker service logs of its service app; the forge has to answer for it to start.",
  });
}
