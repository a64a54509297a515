import { fromFileUrl } from "./paths.ts";

/** The command that starts this program again, as source or as a compiled binary. */
export function selfCommand(...args: string[]): [program: string, ...args: string[]] {
  if (Deno.build.standalone) return [Deno.execPath(), ...args];
  const main = fromFileUrl(import.meta.resolve("../harness.ts"));
  return [Deno.execPath(), "run", "-q", "--no-prompt", "-P=harness", main, ...args];
}
