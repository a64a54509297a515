import { join } from "node:path";
import { resolvePath } from "../../common/files.ts";
import { BASE_DOMAIN, pathsFromEnvironment } from "../host/paths.ts";

/**
 * Folders that the caller may set for the harness, where all other settings are the stack's. Relative paths count from
 * the caller's folder.
 */
const OWN_PATHS = ["CCCI_RUNS", "CCCI_RECIPES"];

/**
 * Carries out a command of the harness in this process, with a stack's settings. What the harness starts from here,
 * keeper and worker, gets the harness' own permissions.
 * @param env settings of the stack
 * @returns the harness' exit code
 */
export async function harness(argv: readonly string[], env: Record<string, string>): Promise<number> {
  const settings = { ...env, ...ownSettings(), CCCI_PROGRAM: "./cc-ci" };
  for (const [name, value] of Object.entries(settings)) Deno.env.set(name, value);
  return await (await import("../../harness/command/cli.ts")).main(argv);
}

/** What the caller's environment says of {@linkcode OWN_PATHS}, as absolute paths. */
export function ownSettings(): Record<string, string> {
  return Object.fromEntries(OWN_PATHS.flatMap((name) => {
    const path = Deno.env.get(name);
    return path ? [[name, resolvePath(path)]] : [];
  }));
}

/** Settings as far as they are known without a stack. Tests of an app that is up take the others from its run. */
export function bareSettings(): Record<string, string> {
  const { runs } = pathsFromEnvironment();
  return {
    CCCI_BASE_DOMAIN: BASE_DOMAIN,
    CCCI_RUNS: runs,
    CCCI_RECIPES: recipesFolder(),
    ...ownSettings(),
  };
}

/** The folder with enrolments: the caller's, or this checkout's. */
export function recipesFolder(): string {
  return ownSettings().CCCI_RECIPES ?? join(pathsFromEnvironment().repo, "recipes");
}
