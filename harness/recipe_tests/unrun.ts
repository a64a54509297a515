import { basename, join } from "node:path";
import type { LateImport, Sources } from "./mistakes.ts";

/** Names as the test programs of this world want them: `a_test.ts`, `a.test.ts`, `a-spec.js`, `test_a.ts`. */
const TEST_NAME = /(?:^|[._-])(?:tests?|spec)\.[cm]?[jt]sx?$|^tests?[_-]/i;

/** Names close to those of the steps: `set_up.ts`, `Setup.js`, `seeds.ts`. */
const STEP_NAME = /^(?:set[_-]?up|seeds?|reads?)\.[cm]?[jt]sx?$/i;

/** Whether Deno could run a file of this name. */
export function isCode(name: string): boolean {
  return /\.[cm]?[jt]sx?$/.test(name);
}

/** What a file that is run does by the kit: it defines tests, or is one of the steps before them. */
export type Purpose = "test" | "setup" | "seed" | "read";

/** Whether a file, or one that it imports, could do what it is for. Where that is not certain, it could. */
export function fulfils(
  purpose: Purpose,
  { name, ...sources }: Pick<Sources, "names" | "text"> & { name: string },
): boolean {
  const called = new RegExp(`\\b${purpose}\\b`);
  const seen = new Set<string>();
  const look = (file: string): boolean => {
    if (seen.has(file)) return false;
    seen.add(file);
    const code = sources.text(file);
    return file.startsWith("..") || called.test(callsIn(code)) || importsOf(file, code).some(look);
  };
  return look(name);
}

/** Code without the lines that are comments, and without what it imports from the kit by its own name. */
function callsIn(code: string): string {
  return code.replace(/^\s*(?:\/\*[^]*?\*\/|\/\/[^\n]*)/gm, "")
    .replace(/\bimport\s*\{(?![^}]*\bas\b)[^}]*\}\s*from\s*["']cc-ci["']/g, "");
}

/**
 * Files that somebody may take for tests and that no run would ever run: called like tests, or defining some, and
 * imported by no file that is run.
 * @param run names of the files that are run
 * @param sources.steps whether they may be taken for steps before the tests as well @default false
 */
export function unrunTests(
  run: readonly string[],
  sources: Pick<Sources, "names" | "text"> & { steps?: boolean },
): string[] {
  const reached = reachedFrom(run, sources);
  const looksRun = (name: string, code: string) =>
    TEST_NAME.test(basename(name)) || callsTest(code) ||
    (sources.steps === true && (STEP_NAME.test(basename(name)) || callsStep(code)));
  return sources.names.filter((name) =>
    isCode(name) && !reached.has(name) && looksRun(name, withoutComments(sources.text(name)))
  ).sort();
}

/** Whether a file defines tests by the kit or by Deno itself. */
function callsTest(code: string): boolean {
  return /\bDeno\.test\b/.test(code) || (/["']cc-ci["']/.test(code) && /\btest\s*\(/.test(code));
}

/** Whether a file is one of the steps, whatever its name is: reading from a connection is none. */
function callsStep(code: string): boolean {
  return /import\s*\{[^}]*\b(?:setup|seed|read)\b[^}]*\}\s*from\s*["']cc-ci["']/.test(code);
}

/** Files that a file imports by paths, relative to the same folder as its own name. */
function importsOf(file: string, code: string): string[] {
  return [...code.matchAll(/(?:from|import)\s*\(?\s*["'](\.{1,2}\/[^"']+)["']/g)]
    .map(([, path = ""]) => join(file, "..", path));
}

/**
 * Code with blanks in the place of comments, so that all else keeps its place. What looks like a comment in a string goes
 * as well, so this serves for hints only.
 */
function withoutComments(code: string): string {
  return code.replace(
    /\/\*[^]*?\*\/|(^|[^:"'`])\/\/[^\n]*/g,
    (comment, before = "") => before + comment.slice(before.length).replace(/[^\n]/g, " "),
  );
}

/**
 * A module that code names in `import("…")`. Comments and strings are taken whole, so that none is seen in them: a test
 * may look for such words in the text of a page.
 */
const LATE_IMPORT = new RegExp(
  [
    /\\[^]/, // in a regular expression
    /\/\/[^\n]*/,
    /\/\*[^]*?\*\//,
    /(?<![\w$.#])import\s*\(\s*(?<quote>["'`])(?<named>[^"'`$]+)\k<quote>/,
    /"(?:\\[^]|[^"\\\n])*"/,
    /'(?:\\[^]|[^'\\\n])*'/,
    /`(?:\\[^]|[^`\\])*`/,
  ].map(({ source }) => source).join("|"),
  "g",
);

/**
 * The modules that files, and those that they import, name in `import("…")`: Deno's check takes any of them for one that
 * will be there.
 */
export function lateImports(
  files: readonly string[],
  sources: Pick<Sources, "text">,
): LateImport[] {
  return [...reachedFrom(files, sources)].flatMap((file) => {
    const code = sources.text(file);
    return [...code.matchAll(LATE_IMPORT)].flatMap(({ index, groups: { named } = {} }) =>
      named === undefined ? [] : [{ file, line: code.slice(0, index).split("\n").length, named }]
    );
  });
}

/** The files themselves, and all that they import by paths. */
function reachedFrom(files: readonly string[], sources: Pick<Sources, "text">): Set<string> {
  const reached = new Set<string>();
  const follow = (file: string) => {
    if (reached.has(file)) return;
    reached.add(file);
    importsOf(file, withoutComments(sources.text(file))).forEach(follow);
  };
  files.forEach(follow);
  return reached;
}
