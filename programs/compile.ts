import { join } from "node:path";
import { parseArgs } from "node:util";
import { exec } from "../common/exec.ts";
import { SMALL_HEAP } from "../common/small_heap.ts";
import { placeFlags, type Program, type Start, WAITING } from "./start.ts";

/** The harness is among them as its keeper waits most of the time: a binary's heap is settled when it is made. */
const SMALL: readonly Program[] = [...WAITING, "harness"];

/**
 * A host of which there can be no code: names that end so belong to nobody (RFC 2606). Deno writes an empty list for
 * "no hosts" into a binary, and an empty list means every host.
 */
const NOWHERE = "none.invalid:1";

/** What a binary is made of, and what it may do. */
export interface Compile extends Pick<Start, "places"> {
  deno: string;
  /** Folder of the bundles, which holds the permission sets as well. */
  programs: string;
  output: string;
}

/**
 * The command that makes a binary of a program's bundle. Everything that {@linkcode moduleCommand} says at a start is in
 * the binary, which takes no options of Deno's. Of the sources none can be made: Deno reads all files of all libraries
 * then, and overflows its stack at one of them. A cache of code would lie below a name that anybody can guess, in a
 * folder where everybody may write.
 */
export function compileCommand(
  program: Program,
  { deno, programs, output, places = {} }: Compile,
): [program: string, ...args: string[]] {
  return [
    deno,
    ...["compile", "--quiet", "--no-prompt", "--no-remote", "--no-npm", "--no-lock", "--no-check"],
    ...["--no-code-cache", `--allow-import=${NOWHERE}`, "--deny-import"],
    ...SMALL.includes(program) ? [SMALL_HEAP] : [],
    `--config=${join(programs, "deno.json")}`,
    `--permission-set=${program}`,
    ...placeFlags(places),
    `--output=${output}`,
    join(programs, `${program}.js`),
  ];
}

if (import.meta.main) {
  const { values: { places = "{}", programs = ".", output = "." }, positionals } = parseArgs({
    options: { programs: { type: "string" }, output: { type: "string" }, places: { type: "string" } },
    allowPositionals: true,
  });
  const [program] = positionals as Program[];
  if (program === undefined) throw new TypeError("The program to compile is not named");
  const { code, stderr } = await exec(
    compileCommand(program, { deno: Deno.execPath(), programs, output, places: JSON.parse(places) }),
  );
  if (code !== 0) Deno.stderr.writeSync(new TextEncoder().encode(stderr));
  Deno.exit(code);
}
