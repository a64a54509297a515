import { dirname, join } from "node:path";
import { UsageError } from "../common/errors.ts";
import { SMALL_HEAP } from "../common/small_heap.ts";

export type Program = "bridge" | "dashboard" | "harness" | "host";
/** The sets in `deno.json`; each program has one of its name, the bridge a second one for the engine `local`. */
export type PermissionSet = Program | "bridge-local";
/** A program is its sources, a bundle, which is one file, or a binary that `deno compile` made of the bundle. */
export type Form = "source" | "bundle" | "binary";

/** Where programs lie, together with what belongs to them: recipes, and `deno.json` with the permission sets. */
export interface Home {
  form: Form;
  folder: string;
}

const ENDINGS = { source: ".ts", bundle: ".js" };

/** Where this program comes from. A binary knows its own place alone: what belongs to it may lie anywhere. */
export function ownHome(): Home {
  if (Deno.build.standalone) return { form: "binary", folder: dirname(Deno.execPath()) };
  const here = import.meta.dirname ?? ".";
  // A bundle is one file, so this module is in it and has its place.
  return import.meta.url.endsWith(ENDINGS.bundle)
    ? { form: "bundle", folder: here }
    : { form: "source", folder: dirname(here) };
}

/** Path of what lies beside our programs; undefined for a binary, which has to be told. */
export function besidePrograms(name: string, home = ownHome()): string | undefined {
  return home.form === "binary" ? undefined : join(home.folder, name);
}

/** @throws {UsageError} unless a folder that somebody named holds our programs */
export function requirePrograms({ form, folder }: Home): void {
  if (form === "source" || isFile(join(folder, form === "bundle" ? "harness.js" : "cc-ci-harness"))) return;
  throw new UsageError(`There are no programs of cc-ci in "${folder}"`, {
    hint: `"./cc-ci bundle ${folder}" writes them there.`,
  });
}

/** The deno by which this program runs, or that it finds on the PATH where it is a binary; undefined without one. */
export function ownDeno(home = ownHome(), path = Deno.env.get("PATH") ?? ""): string | undefined {
  if (home.form !== "binary") return Deno.execPath();
  return path.split(":").filter((folder) => folder.startsWith("/")).map((folder) => join(folder, "deno"))
    .find(isFile);
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** Programs that wait most of the time. */
export const WAITING: readonly Program[] = ["bridge", "dashboard"];

/** How a program is started. */
export interface Start {
  /** @default where this program comes from */
  home?: Home;
  /** @default the set of the program's name */
  set?: PermissionSet;
  /** Lists that take the place of the set's, for places that only this host knows. A binary has its own in it. */
  places?: Partial<Record<"net" | "read" | "write", readonly string[]>>;
  /** @default the one by which this program runs */
  deno?: string | undefined;
  /** Whether it should keep little memory. @default whether it is one of those that wait most of the time */
  smallHeap?: boolean;
}

/** The command that starts one of our programs; its own arguments come after it. */
export function startCommand(program: Program, start: Start = {}): [program: string, ...args: string[]] {
  const { form, folder } = start.home ?? ownHome();
  if (form === "binary") return [join(folder, `cc-ci-${program}`)];
  return moduleCommand(join(folder, `${program}${ENDINGS[form]}`), {
    set: program,
    smallHeap: WAITING.includes(program),
    ...start,
  });
}

/**
 * The command that starts a file of ours by Deno with a permission set, which Deno finds in the `deno.json` beside that
 * file. Deno would fetch code from a list of hosts that it trusts, and libraries for a bundle, which has all of them.
 */
export function moduleCommand(
  path: string,
  { set, places = {}, smallHeap = false, deno = ownDeno() }: Start & { set: PermissionSet },
): [program: string, ...args: string[]] {
  if (deno === undefined) {
    throw new UsageError(`Could not start "${path}": there is no deno on the PATH`, {
      hint: "Name a program that needs none, or put deno on the PATH",
    });
  }
  return [
    deno,
    ...["run", "--quiet", "--no-prompt", "--no-remote"],
    ...path.endsWith(ENDINGS.bundle) ? ["--no-npm", "--no-lock"] : [],
    ...smallHeap ? [SMALL_HEAP] : [],
    `--permission-set=${set}`,
    ...placeFlags(places),
    path,
  ];
}

/**
 * Lists of places as Deno's command line takes them.
 * @throws {UsageError} for a place with a comma, which Deno takes for two: it has no way to write one
 */
export function placeFlags(places: Start["places"] = {}): string[] {
  return Object.entries(places).map(([kind, list]) => {
    const split = list.find((one) => one.includes(","));
    if (split !== undefined) {
      throw new UsageError(`Could not let a program ${kind} "${split}": Deno takes that for two places`, {
        hint: "Name a place without a comma",
      });
    }
    return `--allow-${kind}=${list.join(",")}`;
  });
}

/** Whether a command line is one of a program of ours, wherever that lies. */
export function isCommandOf(program: Program, argv: readonly string[]): boolean {
  const names = [`${program}.ts`, `${program}.js`, `cc-ci-${program}`];
  return argv.some((word) => names.includes(word.slice(word.lastIndexOf("/") + 1)));
}
