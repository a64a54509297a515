import { exec, execOk } from "../../common/exec.ts";
import { CONTENT_LABEL } from "./content.ts";
import { DOCKER_ENV } from "../docker/client.ts";

/** What the engine has under a tag: nothing, an image made here from the sources `content`, or somebody else's. */
export type Present =
  | { kind: "missing" }
  | { kind: "made"; content: string; id: string }
  | { kind: "foreign" };

export async function lookUp(tag: string): Promise<Present> {
  const result = await exec(["docker", "image", "inspect", tag], { env: DOCKER_ENV });
  if (!result.success) return { kind: "missing" };
  const [image] = JSON.parse(result.stdout) as InspectedImage[];
  const content = image?.Config?.Labels?.[CONTENT_LABEL];
  if (image === undefined || content === undefined) return { kind: "foreign" };
  return { kind: "made", content, id: image.Id };
}

interface InspectedImage {
  Id: string;
  Config?: { Labels?: Record<string, string> | null } | null;
}

/** The id an engine keeps for itself, whatever the machine is called. */
export async function engineId(): Promise<string> {
  return (await execOk(["docker", "info", "--format", "{{.ID}}"], { env: DOCKER_ENV })).stdout.trim();
}

const PROBE_MS = 3_000;
const PULL_MS = 180_000;

let reachable: Promise<boolean> | undefined;

/** Whether the engine's own default registry answers, asked once per process and given up on after three seconds. */
export function registryReachable(): Promise<boolean> {
  reachable ??= askRegistry();
  return reachable;
}

async function askRegistry(): Promise<boolean> {
  const info = await exec(["docker", "info", "--format", "{{.IndexServerAddress}}"], {
    env: DOCKER_ENV,
  });
  const address = info.stdout.trim();
  if (!info.success || !URL.canParse(address)) return false;
  try {
    const answer = await fetch(address, { signal: AbortSignal.timeout(PROBE_MS) });
    await answer.body?.cancel();
    return answer.status < 500; // a refusal shows as well that the registry answers
  } catch {
    return false;
  }
}

/** Pulls an image. A refusal (rate limit, no such tag) is an answer like any other: the image is made here then. */
export async function pull(tag: string): Promise<boolean> {
  return (await exec(["docker", "pull", "--quiet", tag], { env: DOCKER_ENV, timeoutMs: PULL_MS }))
    .success;
}
