import { join } from "node:path";
import { writeAtomically } from "../../common/files.ts";
import type { Enrolment } from "../../enrolment/enrolment.ts";
import type { Settings } from "../run/settings.ts";
import { InfraFailure } from "../run/stage.ts";
import type { ContainerLimits } from "./runtime.ts";

/** Where the runtime looks for what an app may use: on a host one folder, whoever started the engine. */
export const FLOOR = "/run/cc-ci/floor";

const MB = 1_000_000;
/** What an app gets whose enrolment asks for nothing; a host that has less gives less. */
const USUAL_MEMORY = 2_000 * MB;
const USUAL_DISK = 5_000 * MB;
/** Processes and threads of one container; the busiest app servers and databases have some hundreds. */
const PROCESSES = 1024;
/** Of the machine's processors; the rest is the host's, whatever an app does. */
const CPU_SHARE = 0.9;

/** What one app of a run may use: each of its containers by itself, and all of them together. */
export interface AppLimits extends ContainerLimits {
  /** Bytes in volumes, writable layers and logs. */
  diskBytes: number;
}

/**
 * What the app of a recipe may use on this host.
 * @throws {InfraFailure} when the enrolment asks for more than this host gives
 */
export function appLimits(
  enrolment: Pick<Enrolment, "memory" | "disk">,
  settings: Pick<Settings, "RUN_MEMORY" | "RUN_DISK">,
  machine = { memoryBytes: Deno.systemMemoryInfo().total, processors: navigator.hardwareConcurrency },
): AppLimits {
  const memory = settings.RUN_MEMORY === undefined ? machine.memoryBytes / 2 : settings.RUN_MEMORY * MB;
  return {
    memoryBytes: Math.floor(granted(enrolment.memory, {
      usual: USUAL_MEMORY,
      most: memory,
      what: "memory",
      setting: "CCCI_RUN_MEMORY",
    })),
    diskBytes: granted(enrolment.disk, {
      usual: USUAL_DISK,
      most: settings.RUN_DISK * MB,
      what: "disk",
      setting: "CCCI_RUN_DISK",
    }),
    processes: PROCESSES,
    cpus: CPU_SHARE * machine.processors,
  };
}

/** @param asked in MB, as the enrolment says it */
function granted(
  asked: number | undefined,
  host: { usual: number; most: number; what: string; setting: string },
): number {
  const { usual, most, what, setting } = host;
  if (asked === undefined) return Math.min(usual, most);
  if (asked * MB <= most) return asked * MB;
  throw new InfraFailure(
    `This host gives an app ${Math.floor(most / MB)} MB of ${what}, and it needs ${asked}`,
    {
      detail: `recipe.yml says "${what}: ${asked}"; ${setting} of this host says how much there may be`,
    },
  );
}

/**
 * Writes down what an app may use, for the engine's runtime to read when a container of it is made. Where that cannot
 * be written the runtime gives what it gives an app that nobody speaks of, which is little.
 * @param limits.hosts addresses that its containers know by names which no DNS says
 * @param folder @default that of the host
 */
export async function tellRuntime(
  stack: string,
  limits: ContainerLimits & { hosts?: Readonly<Record<string, string>> },
  folder = FLOOR,
): Promise<void> {
  const { memoryBytes, processes, cpus, hosts } = limits;
  const path = limitsFile(stack, folder);
  try {
    await Deno.mkdir(folder, { recursive: true });
    await writeAtomically(path, JSON.stringify({ memoryBytes, processes, cpus, hosts }));
  } catch (error) {
    if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
  }
}

/** Forgets what an app that is gone might use. */
export async function forgetLimits(stack: string, folder = FLOOR): Promise<void> {
  await Deno.remove(limitsFile(stack, folder)).catch(() => {}); // there may be none
}

function limitsFile(stack: string, folder: string): string {
  return join(folder, `${stack}.json`);
}
