import { exec } from "../../common/exec.ts";
import { DOCKER_ENV } from "../docker/client.ts";

const PROBE_MS = 3_000;
const PULL_MS = 180_000;

let reachable: Promise<boolean> | undefined;

/** Whether the engine's own default registry answers, asked once per process and given up on after three seconds. */
export function registryReachable(): Promise<boolean> {
  reachable ??= askRegistry();
  return reachable;
}

async function askRegistry(): Promise<boolean> {
  const info = await exec(["docker", "info", "--format", "{{.IndexServerAddress}}"], { env: DOCKER_ENV });
  const address = info.stdout.trim();
  if (!info.success || !URL.canParse(address)) return false;
  try {
    const answer = await fetch(address, { signal: AbortSignal.timeout(PROBE_MS) });
    await answer.body?.cancel();
    return answer.status < 500; // it need not like the question
  } catch {
    return false;
  }
}

/** Pulls an image. A refusal (rate limit, no such tag) is an answer like any other: the image is made here then. */
export async function pull(tag: string): Promise<boolean> {
  return (await exec(["docker", "pull", "--quiet", tag], { env: DOCKER_ENV, timeoutMs: PULL_MS })).success;
}
