import { SMALL_HEAP } from "../../common/small_heap.ts";
import { fromFileUrl } from "../../common/files.ts";

/** The command that starts this program again, whether it runs from source or as a compiled binary. */
export function selfCommand(...args: string[]): [program: string, ...args: string[]] {
  if (Deno.build.standalone) return [Deno.execPath(), ...args];
  const main = fromFileUrl(import.meta.resolve("../../harness.ts"));
  return [Deno.execPath(), "run", "-q", "--no-prompt", "-P=harness", main, ...args];
}

/** Variable with the name that people know this program by, where they start it by another one. */
export const PROGRAM = "CCCI_PROGRAM";

/** A command of this program as a person types it. */
export function typedCommand(...args: string[]): string {
  const program = Deno.env.get(PROGRAM);
  const words = program === undefined ? selfCommand(...args) : [program, ...args];
  return words.map((word) => /^[\w./:@%+=,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)
    .join(" ");
}

/** The command of a run's keeper or worker. */
export function processCommand(
  role: "keeper" | "worker",
  folder: string,
): [program: string, ...args: string[]] {
  const [program, ...args] = selfCommand(role, folder);
  return Deno.build.standalone ? [program, ...args] : [program, "run", SMALL_HEAP, ...args.slice(1)];
}
