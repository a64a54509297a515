import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";

/** Files that change what their whole process shares, here the level of the log. */
const ALONE = ["matrix_test.ts", "matrix_more_test.ts"];

/**
 * Joins the test files of each folder into one file that Deno loads once: a file of tests is a program of its own, and
 * most of them take longer to load than to run.
 * @param folders relative to `root`; those in them are joined for themselves, to one level
 * @returns paths of what to hand to `deno test`
 */
export async function joinTests(
  folders: string[],
  { root, into }: { root: string; into: string },
): Promise<string[]> {
  const joined: string[] = [];
  const alone: string[] = [];
  for (const folder of folders) {
    const { files, folders: inner } = await list(join(root, folder));
    const groups = [{ name: folder, files }];
    for (const name of inner) {
      groups.push({ name: `${folder}_${name}`, files: await below(join(root, folder, name)) });
    }
    for (const { name, files } of groups) {
      const tests = files.filter((file) => /_test\.tsx?$/.test(file));
      alone.push(...tests.filter((file) => ALONE.includes(basename(file))));
      const together = tests.filter((file) => !ALONE.includes(basename(file)));
      if (together.length === 0) {
        continue;
      }
      const path = join(into, `${name}_test.ts`);
      await Deno.writeTextFile(path, together.map((file) => `import "${pathToFileURL(file)}";\n`).join(""));
      joined.push(path);
    }
  }
  return [...alone, ...joined];
}

async function below(folder: string): Promise<string[]> {
  const { files, folders } = await list(folder);
  const inner = await Promise.all(folders.map((name) => below(join(folder, name))));
  return [...files, ...inner.flat()];
}

async function list(folder: string): Promise<{ files: string[]; folders: string[] }> {
  const entries = (await Array.fromAsync(Deno.readDir(folder))).sort((a, b) => a.name < b.name ? -1 : 1);
  return {
    files: entries.filter((entry) => entry.isFile).map(({ name }) => join(folder, name)),
    // A folder `tests/` belongs to a recipe, and only the harness can run what lies in it.
    folders: entries.filter((entry) => entry.isDirectory && entry.name !== "tests").map(({ name }) => name),
  };
}
