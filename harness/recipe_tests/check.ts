import { basename, dirname, join, normalize } from "node:path";
import { exec } from "../../common/exec.ts";
import { readStart } from "../../common/files.ts";
import { plainText } from "../../common/plain_text.ts";
import { confinedGround, type GroundNeeds, ISOLATED, openGround } from "./ground.ts";
import { kitNames } from "./kit_files.ts";
import { lateMistakes, readMistakes, type Sources, type TestMistake } from "./mistakes.ts";
import { plainFiles } from "./sandbox.ts";
import { fulfils, isCode, lateImports, type Purpose, unrunTests } from "./unrun.ts";

export type { TestMistake } from "./mistakes.ts";

/** What a look at test files has shown. */
export interface TestCheck {
  mistakes: TestMistake[];
  /**
   * Whether the look came to its end: without mistakes the files then need no other check. A check that ends for want of
   * time or memory says nothing.
   */
  complete: boolean;
}

/** How many mistakes are named; a file may hold thousands. */
const MOST = 20;
/** Bytes of a file that are looked at for what it imports and whether it defines tests. */
const MOST_BYTES = 256 * 1024;

/**
 * Looks at test files without running any of them: whether they are TypeScript, import only what they can have, use the
 * kit as it is, and do what they are for at all. Deno reads nothing from registries or the network for it.
 * @param options.confined whether Deno itself works in a sandbox, as it has to on files for which nobody here vouches
 * @param options.purposeOf what a file of this name is for @default a test
 * @throws {SandboxError} when files that have to be confined cannot be
 */
export async function checkTests(
  needs: GroundNeeds,
  options: { confined: boolean; purposeOf?: (name: string) => Purpose },
): Promise<TestCheck> {
  const { purposeOf = () => "test" } = options;
  await Deno.mkdir(needs.tmp, { recursive: true, mode: 0o700 });
  try {
    const ground = options.confined ? await confinedGround(needs) : await openGround(needs);
    const files = needs.files.map((file) => join(ground.tests, basename(file)));
    const { argv, env } = ground.command([
      "check",
      ...ISOLATED,
      `--import-map=${ground.importMap}`,
      ...files,
    ]);
    const child = await exec(argv, {
      clearEnv: true,
      env,
      cwd: dirname(needs.files[0] ?? "/."),
      timeoutMs: needs.timeoutMs,
      ...(needs.signal === undefined ? {} : { signal: needs.signal }),
    });
    const said = plainText(`${child.stderr}\n${child.stdout}`);
    if (!child.timedOut) await ground.report(said); // tells a sandbox that could not be made from a check that found something
    const sources = await sourcesOf(dirname(needs.files[0] ?? "/."), ground.tests);
    if (!child.success) {
      const mistakes = child.timedOut ? [] : readMistakes(said, sources).slice(0, MOST);
      return { mistakes, complete: mistakes.length > 0 };
    }
    const names = needs.files.map((file) => basename(file));
    const none = names.filter((name) => !fulfils(purposeOf(name), { name, ...sources }));
    const mistakes = [
      ...none.map((file): TestMistake => ({
        rule: "tests.none",
        file,
        message: idle(sources.text(file), purposeOf(file)),
      })),
      ...lateMistakes(lateImports(names, sources), sources),
    ];
    return { mistakes: mistakes.slice(0, MOST), complete: true };
  } finally {
    await Deno.remove(needs.tmp, { recursive: true }).catch(() => {});
  }
}

function idle(text: string, purpose: Purpose): string {
  if (text.trim() === "") return "The file is empty";
  return purpose === "test" ? "The file holds no test" : `The file does not call "${purpose}" of the kit`;
}

/**
 * Files of a folder that somebody may take for tests and that no run runs.
 * @param options.run names of the files that are run
 * @param options.steps whether some of them are steps before the tests
 * @returns paths relative to the folder
 */
export async function unrunIn(
  folder: string,
  { run, steps }: { run: readonly string[]; steps: boolean },
): Promise<string[]> {
  return unrunTests(run, { ...await sourcesOf(folder, folder), steps });
}

async function sourcesOf(folder: string, root: string): Promise<Sources> {
  const texts = new Map<string, string>();
  const all = new Set<string>();
  for await (const name of plainFiles(folder)) {
    all.add(name);
    if (isCode(name)) texts.set(name, new TextDecoder().decode(readStart(join(folder, name), MOST_BYTES)));
  }
  return {
    root,
    names: [...texts.keys()],
    text: (name) => texts.get(normalize(name)) ?? "",
    has: (name) => all.has(name),
    kit: kitNames(),
  };
}
