import { shellWord } from "../../common/shell_word.ts";
import { ownHome, startCommand } from "../../programs/start.ts";

/** The command that starts this program again, whatever form it runs in. */
function selfCommand(...args: string[]): [program: string, ...args: string[]] {
  return again(args, { smallHeap: false });
}

/** A binary may have been given any name. */
function again(args: string[], { smallHeap }: { smallHeap: boolean }): [program: string, ...args: string[]] {
  const home = ownHome();
  if (home.form === "binary") return [Deno.execPath(), ...args];
  const [program, ...first] = startCommand("harness", { home, smallHeap });
  return [program, ...first, ...args];
}

/** Variable with the name that people know this program by, where they start it by another one. */
export const PROGRAM = "CCCI_PROGRAM";

/** A command of this program as a person types it. */
export function typedCommand(...args: string[]): string {
  const program = Deno.env.get(PROGRAM);
  const words = program === undefined ? selfCommand(...args) : [program, ...args];
  return words.map(shellWord).join(" ");
}

/** The command of a run's keeper or worker. */
export function processCommand(
  role: "keeper" | "worker",
  folder: string,
): [program: string, ...args: string[]] {
  return again([role, folder], { smallHeap: true });
}
