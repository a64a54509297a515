import * as z from "zod";
import { waitFor } from "../../common/time.ts";
import { othersThanPipelines, pipelinesRepository } from "../../protocol/drone_repository.ts";
import { StackError } from "../host/errors.ts";
import { PIPELINES } from "./files.ts";

const settings = z.looseObject({ active: z.boolean() });

export interface ActivateOptions {
  /** Address of Drone as reached from here. */
  drone: string;
  /** The bridge's token, which is an admin's of Drone. */
  adminToken: string;
  /** Logs the repository's owner in and answers their token: Drone works on the forge in their name. */
  ownerToken(): Promise<string>;
  /** @default globalThis.fetch */
  fetch?: typeof fetch;
}

/**
 * Activates the pipelines' repository in Drone and sets what the bridge relies on, unless all of that is so.
 * @returns whether it was there already
 * @throws {StackError} if Drone does not keep a setting
 */
export async function ensureActivated(options: ActivateOptions): Promise<boolean> {
  const fetch = options.fetch ?? globalThis.fetch;
  const path = `/api/repos/${PIPELINES}`;

  async function call(method: string, { token, body }: { token: string; body?: unknown }, below = path) {
    const response = await fetch(`${options.drone}${below}`, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(60_000),
    });
    return { status: response.status, text: await response.text() };
  }
  async function wrong(): Promise<string[]> {
    const answer = await call("GET", { token: options.adminToken });
    if (answer.status !== 200) return [`Drone answered ${answer.status}`];
    const found = settings.parse(JSON.parse(answer.text));
    return [
      ...(found.active ? [] : ["it is not active"]),
      ...othersThanPipelines(found).map(([name]) => `"${name}" is ${JSON.stringify(found[name])}`),
    ];
  }

  if ((await wrong()).length === 0) return true;
  const token = await options.ownerToken();
  // Drone reads the owner's repositories on its own after a log-in; asked, it answers when it has.
  await call("POST", { token }, "/api/user/repos");
  await waitFor(async () => (await call("POST", { token })).status === 200, {
    what: `Drone to activate "${PIPELINES}"`,
    timeoutMs: 120_000,
    everyMs: 250,
  });
  await call("PATCH", { token: options.adminToken, body: pipelinesRepository });
  const left = await wrong();
  if (left.length > 0) throw new StackError(`Could not set "${PIPELINES}" up in Drone: ${left.join(", ")}`);
  return false;
}
