import { resolve } from "node:path";

/** Settings of the harness that somebody may have of their own while the rest is this stack's; paths from where they are. */
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
    return path ? [[name, resolve(callersFolder(), path)]] : [];
  }));
}

/** The launcher changes to this checkout; what people type is relative to where they are. */
export function callersFolder(): string {
  return Deno.env.get("INIT_CWD") ?? Deno.cwd();
}
