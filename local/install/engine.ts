import { join } from "node:path";
import * as z from "zod";
import { UsageError } from "../../common/errors.ts";
import { readIfThere } from "../../common/files.ts";
import type { Engine } from "../../harness/floor/engine.ts";

/** Where Docker Engine reads what it is to do. */
export const ENGINE_CONFIGURATION = "/etc/docker/daemon.json";

const configuration = z.object({
  runtimes: z.record(z.string(), z.object({ path: z.string().optional() })).default({}),
  "default-runtime": z.string().default(""),
});

/** Programs by which an engine may start containers. */
export interface Runtimes {
  /** The one that it takes when nobody names one; null where that is Docker's own. */
  usual: string | null;
  /** All that were added to Docker's own. */
  paths: string[];
}

/** What Docker is told of runtimes below a root folder; nothing where it cannot be read, as Docker does not start then. */
export async function runtimesTold(root: string): Promise<Runtimes> {
  try {
    const text = await readIfThere(join(root, ENGINE_CONFIGURATION)) ?? "{}";
    const { runtimes, "default-runtime": usual } = configuration.parse(JSON.parse(text));
    return {
      usual: runtimes[usual]?.path ?? null,
      paths: Object.values(runtimes).flatMap(({ path }) => path ?? []),
    };
  } catch {
    return { usual: null, paths: [] };
  }
}

/**
 * Refuses to go on where a file would go by which Docker starts containers: none would start any more, nor any health
 * check run. An engine that is told nothing of it any more has it all the same until it is started again.
 * @param options.paths what would go
 * @param options.engine the Docker of this machine; null below another root folder
 * @param options.what this is done for, as a verb
 * @param options.instead what to do before that call is started again
 * @throws {UsageError} while Docker does that
 */
export async function refuseInUse(
  root: string,
  { paths, engine, what, instead }: {
    paths: readonly string[];
    engine: Engine | null;
    what: "install" | "uninstall";
    instead: string;
  },
): Promise<void> {
  const said = await engine?.info().catch(() => null); // one that does not answer starts nothing
  const known = Object.values(said?.Runtimes ?? {}).map(({ path }) => path);
  const told = (await runtimesTold(root)).paths;
  const used = [...told, ...known].find((path) => path !== undefined && paths.includes(path));
  if (used === undefined) return;
  throw new UsageError(`Could not ${what}: Docker starts containers by "${used}", which would go`, {
    hint: `${instead} Then start "./cc-ci ${what}" again.`,
  });
}
