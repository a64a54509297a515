import { exec } from "../../common/exec.ts";
import { DOCKER_ENV } from "../docker.ts";

const PROBE_MS = 3_000;
const PULL_MS = 180_000;

let reachable: Promise<boolean> | undefined;

/** Whether Docker's public registry answers, asked once per process and given up on after three seconds. */
export function registryReachable(): Promise<boolean> {
  reachable ??= fetch("https://registry-1.docker.io/v2/", { signal: AbortSignal.timeout(PROBE_MS) })
    .then(async (answer) => {
      await answer.body?.cancel();
      return answer.status === 401 || answer.ok;
    }, () => false);
  return reachable;
}

/** Pulls an image. A refusal (rate limit, no such tag) is an answer like any other: the image is made here then. */
export async function pull(tag: string): Promise<boolean> {
  return (await exec(["docker", "pull", "--quiet", tag], { env: DOCKER_ENV, timeoutMs: PULL_MS })).success;
}
