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
        "An account keeps the token that it was made with: take that one for drone_token, or remove the account " +
        '"bridge" in Drone and start again.',
    });
  }
  if (answer.status !== 200) throw refused(api, `answered ${answer.status} about "${repository}"`);
  return { healthy: true, repository: readRepository(api, answer.text) };
}

function readRepository(api: DroneApi, text: string): Record<string, unknown> {
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
  } catch {
    throw refused(api, "answered what is no JSON of a repository");
  }
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
