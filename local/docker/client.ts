// @ts-types="@types/dockerode"
import Docker from "dockerode";

export type { Docker };

export const SOCKET = "/var/run/docker.sock";

/** A client of the engine on the standard socket. Nothing is connected yet. */
export function engineClient(): Docker {
  return new Docker({ socketPath: SOCKET });
}

/** Environment for `docker` and what calls it: always this engine, whatever the caller's context says. */
export const DOCKER_ENV = { DOCKER_HOST: `unix://${SOCKET}` };

/** Whether an engine answers. `forbidden`: one is there, but this user may not talk to it. */
export async function engineAnswers(docker: Docker): Promise<"yes" | "no" | "forbidden"> {
  try {
    await docker.ping();
    return "yes";
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    return code === "EACCES" || code === "EPERM" ? "forbidden" : "no";
  }
}

/** HTTP status of an engine's refusal, e.g. 404; nothing for any other error. */
export function engineStatus(error: unknown): number | undefined {
  return error instanceof Error && "statusCode" in error && typeof error.statusCode === "number"
    ? error.statusCode
    : undefined;
}

/** What the engine answers, or nothing where it has no such object. */
export async function orNothing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (engineStatus(error) === 404) return undefined;
    throw error;
  }
}
