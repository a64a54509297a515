import { join } from "node:path";
import * as z from "zod";
import { readIfThere } from "../../common/files.ts";

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
