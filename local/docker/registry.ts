import * as z from "zod";
import { exec } from "../../common/exec.ts";
import { describeError } from "../../common/errors.ts";
import { DOCKER_ENV } from "./client.ts";
import { StackError } from "../host/errors.ts";
import { inStep, type Progress } from "../host/progress.ts";
import { fetchFiles, type WantedFile } from "./image_files.ts";

/** Where images come from whose names say no registry. Asked for exact tags only. */
export interface Registry {
  /** Whether it can be asked at all; asked once per process. */
  answers(): Promise<boolean>;
  /** Has the engine pull an image. @throws {StackError} */
  pull(image: string, signal: AbortSignal): Promise<void>;
  /** Takes files out of an image without any engine. @throws {StackError} */
  files(image: string, wanted: WantedFile[], signal: AbortSignal): Promise<void>;
}

const HUB = "https://registry-1.docker.io";
/** Where an engine that does not run yet will read which mirrors it has. */
const ENGINE_SETTINGS = "/etc/docker/daemon.json";
const PROBE_MS = 3_000;
/** Longer than a slow line needs, and shorter than what is built takes there. */
const PULL_MS = 600_000;

/** Docker Hub, or the mirrors that the engine asks in its place. */
export const hub: Registry = {
  answers: async () => (await addresses()).length > 0,
  async pull(image, signal) {
    const result = await exec(["docker", "pull", "--quiet", image], {
      env: DOCKER_ENV,
      timeoutMs: PULL_MS,
      signal,
    });
    signal.throwIfAborted();
    if (result.success) return;
    const said = result.timedOut ? "it took too long" : result.stderr.trim().split("\n").pop();
    throw new StackError(`Could not pull "${image}": ${said}`);
  },
  async files(image, wanted, signal) {
    const limited = AbortSignal.any([signal, AbortSignal.timeout(PULL_MS)]);
    await fetchFiles(image, { wanted, registries: await addresses(), signal: limited });
  },
};

/**
 * Gets a part from the registry, where one answers. What goes wrong is an answer like any other: the part is then built
 * here, and the step says why.
 * @param part.work gets it
 * @returns whether it was got
 */
export async function fromRegistry(
  part: { name: string; work: (registry: Registry) => Promise<void> },
  { progress, signal, registry = hub }: { progress: Progress; signal: AbortSignal; registry?: Registry },
): Promise<boolean> {
  if (!await registry.answers()) return false;
  return await inStep(progress, `Pull ${part.name}`, async (step) => {
    try {
      await part.work(registry);
      return true;
    } catch (error) {
      signal.throwIfAborted();
      step.done(`not to be had, so it is made here: ${describeError(error).replaceAll(/\s+/g, " ")}`);
      return false;
    }
  });
}

let answering: Promise<string[]> | undefined;

/** Those that can be asked at all. The others would be waited for with every image. */
function addresses(): Promise<string[]> {
  return answering ??= askAll();
}

async function askAll(): Promise<string[]> {
  const all = [...await mirrors(), HUB]; // in the order in which an engine asks them
  const answers = await Promise.all(all.map(doesAnswer));
  return all.filter((_, index) => answers[index]);
}

async function doesAnswer(address: string): Promise<boolean> {
  try {
    const answer = await fetch(new URL("/v2/", address), { signal: AbortSignal.timeout(PROBE_MS) });
    await answer.body?.cancel();
    return answer.status < 500; // a refusal shows as well that it answers
  } catch {
    return false;
  }
}

/** The mirrors of the engine that runs, or of one that will be started. */
async function mirrors(): Promise<string[]> {
  const asked = ["docker", "info", "--format", "{{json .RegistryConfig.Mirrors}}"];
  const info = await exec(asked, { env: DOCKER_ENV }).catch(() => undefined); // there may be no such program yet
  return info?.success === true
    ? listedMirrors(info.stdout)
    : settingsMirrors(await Deno.readTextFile(ENGINE_SETTINGS).catch(() => "{}"));
}

const listed = z.array(z.url());
const settings = z.object({ "registry-mirrors": listed });

/** @param text what an engine says of itself */
export function listedMirrors(text: string): string[] {
  return listed.catch([]).parse(json(text));
}

/** @param text settings of an engine; those it would refuse name none */
export function settingsMirrors(text: string): string[] {
  return settings.catch({ "registry-mirrors": [] }).parse(json(text))["registry-mirrors"];
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
