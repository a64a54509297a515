import { isUtf8 } from "node:buffer";
import { basename, dirname, join } from "node:path";
import { exists } from "../../common/files.ts";
import type { Enrolment } from "../../enrolment/enrolment.ts";
import { checkTests, type TestMistake, unrunIn } from "../recipe_tests/check.ts";
import { FaultlessTests } from "../recipe_tests/faultless.ts";
import { SandboxError } from "../recipe_tests/sandbox.ts";
import { OWN_TESTS, ownTestFiles } from "./own_tests.ts";
import { resolveInside } from "../recipe/inside_checkout.ts";
import type { Settings } from "../run/settings.ts";

/** The kinds of tests that an enrolment may bring. */
const testKinds = ["install", "upgrade", "backup"] as const;
export type TestKind = typeof testKinds[number];

/** The steps before the tests that an enrolment may bring, each as a file of its name. */
export const steps = ["setup", "seed", "read"] as const;
export type Step = typeof steps[number];

/**
 * Milliseconds that a look at tests may take. One that takes longer says nothing, and the tests are checked when they
 * run.
 */
const CHECK_MS = 60_000;

/** What was seen of a test file: a finding as lint's are. */
export interface TestFinding extends Omit<TestMistake, "rule"> {
  rule: TestMistake["rule"] | "tests.name";
  severity: "error" | "note";
}

/** Test files, and what was seen of them before anything was deployed. */
export interface LookedAt {
  /** Absolute paths of the files that are run. */
  files: string[];
  /** Mistakes, as errors, and files that are not run, as notes. */
  findings: TestFinding[];
  /** Whether the files need no other check of their types. */
  checked: boolean;
}

/** What a look at tests needs to know. */
export interface Look {
  settings: Pick<Settings, "DENO" | "RUNS">;
  /** Folder for what the look makes; others may be in it. */
  tmp: string;
  timeoutMs: number;
  signal: AbortSignal;
}

/**
 * Looks at the tests in the enrolment's folder, and at the steps before them. Their authors are trusted as those of cc-ci
 * are. Tests in which a look has found no mistake are not looked at again.
 */
export async function lookAtEnrolledTests(
  { folder, recipe, needs }: Pick<Enrolment, "folder" | "recipe" | "needs">,
  look: Look,
): Promise<LookedAt> {
  if (folder === null) return { files: [], findings: [], checked: true };
  const usual = [...testKinds.map((kind) => `${kind}_test.ts`), ...steps.map((step) => `${step}.ts`)];
  const setups = ["setup.ts", ...needs.flatMap(({ setup }) => setup ?? [])];
  const names = [...new Set([...usual, ...setups])];
  const there = await Promise.all(names.map((name) => exists(join(folder, name))));
  const files = names.filter((_, at) => there[at]).map((name) => join(folder, name));
  const where = `recipes/${recipe}`;
  const unrun = (await unrunIn(folder, { run: files.map((file) => basename(file)), steps: true }))
    .map((name) => unrunNote(`${where}/${name}`, `a run takes ${usual.join(", ")} of that folder`));
  const strange = (await Promise.all(files.map(strangeFile))).flatMap((one) => one ?? []);
  const sound = files.filter((file) => !strange.some((one) => one.file === basename(file)));
  const seen = [...strange.map((one) => asFinding(one, where)), ...unrun];
  if (sound.length === 0) return { files, findings: seen, checked: true };
  const how = {
    confined: false,
    purposeOf: (name: string) =>
      setups.includes(name) ? "setup" : steps.find((step) => name === `${step}.ts`) ?? "test",
  };
  const known = faultlessIn(look.settings);
  const key = await known.keyOf(folder, { files: sound, deno: look.settings.DENO, ...how });
  if (await known.has(key)) return { files, findings: seen, checked: true };
  const { mistakes, complete } = await checkTests({
    ...needsOf(look),
    files: sound,
    tmp: join(look.tmp, "check-enrolled"),
    denoDir: denoCache(look.settings.RUNS),
  }, how);
  if (complete && mistakes.length === 0) await known.add(key);
  return { files, findings: [...mistakes.map((one) => asFinding(one, where)), ...seen], checked: complete };
}

/** What is wrong with a file before anybody looks at what it says; null: nothing is. */
async function strangeFile(path: string): Promise<TestMistake | null> {
  const file = basename(path);
  const { isFile, isSymlink } = await Deno.lstat(path);
  if (!isFile) {
    const message = isSymlink
      ? "This is a link: what a run takes has to lie in the folder itself"
      : "This is a folder, where a run takes a file";
    return { rule: "tests.none", file, message };
  }
  if (isUtf8(await Deno.readFile(path))) return null;
  return { rule: "tests.syntax", file, message: "This is no UTF-8: save the file as UTF-8" };
}

/**
 * Looks at the tests that a recipe's repository brings. Nobody vouches for them, so whatever reads them does so in the
 * sandbox. Tests in which a look has found no mistake are not looked at again.
 * @param checkout real path of the recipe's folder
 */
export async function lookAtRecipeTests(checkout: string, look: Look): Promise<LookedAt> {
  const { settings } = look;
  const files = await ownTestFiles(checkout);
  const unrun = await unrunOfRecipe(checkout, files);
  if (files.length === 0) return { files, findings: unrun, checked: true };
  const folder = dirname(files[0] ?? checkout);
  const known = faultlessIn(settings);
  const key = await known.keyOf(folder, { files, deno: settings.DENO, confined: true });
  if (await known.has(key)) return { files, findings: unrun, checked: true };
  try {
    const tmp = join(look.tmp, "check-tests");
    const { mistakes, complete } = await checkTests({ ...needsOf(look), files, tmp }, { confined: true });
    if (complete && mistakes.length === 0) await known.add(key);
    return {
      files,
      findings: [...mistakes.map((one) => asFinding(one, OWN_TESTS)), ...unrun],
      checked: complete,
    };
  } catch (error) {
    if (!(error instanceof SandboxError)) throw error; // whoever runs them says what that means
    return { files, findings: unrun, checked: false };
  }
}

/** Where a run checks the head out for its tests. @param tmp the run's own folder for such things */
export function testsCheckout(tmp: string): string {
  return join(tmp, "tests-head");
}

/** Deno's cache for tests of ours, where it remembers which it has type-checked. */
export function denoCache(runs: string): string {
  return join(runs, ".cache", "deno");
}

function faultlessIn({ RUNS }: Look["settings"]): FaultlessTests {
  return new FaultlessTests(join(RUNS, ".cache", "faultless-tests"));
}

function needsOf({ settings, timeoutMs, signal }: Look) {
  return { deno: settings.DENO, timeoutMs: Math.min(CHECK_MS, timeoutMs), signal };
}

/** Files of the recipe that look like tests and are not run: in the folder itself, or in one that is called `test`. */
async function unrunOfRecipe(root: string, files: readonly string[]): Promise<TestFinding[]> {
  const found: string[] = [];
  for (const name of [OWN_TESTS, "test"]) {
    const folder = resolveInside(root, name);
    if (typeof folder === "string" || folder.path !== join(root, name)) continue;
    if (!(await Deno.stat(folder.path)).isDirectory) continue;
    const run = name === OWN_TESTS ? files.map((file) => basename(file)) : [];
    found.push(...(await unrunIn(folder.path, { run, steps: false })).map((one) => `${name}/${one}`));
  }
  return found.map((file) =>
    unrunNote(file, `stage tests takes what is called *_test.ts in ${OWN_TESTS}/ itself`)
  );
}

function unrunNote(file: string, takes: string): TestFinding {
  return {
    rule: "tests.name",
    severity: "note",
    file,
    message: `The file looks like a test and is not run: ${takes}`,
  };
}

function asFinding(mistake: TestMistake, folder: string): TestFinding {
  return { ...mistake, severity: "error", file: join(folder, mistake.file) };
}
