import { fileURLToPath } from "node:url";
import { execOk } from "../../common/exec.ts";
import { type House } from "../rooms_rule.ts";
import { readHouseMap } from "../house_map.ts";
import { type NamedFile, namedFilesVisitor, ownNames, pathNamed } from "../named_files.ts";

/** The root of this tree. */
export const root = fileURLToPath(new URL("../../", import.meta.url));

/** Every file that belongs to the tree, as git sees it, new ones included; paths from the root. */
export async function filesOfTree(): Promise<string[]> {
  const { stdout } = await execOk(["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"], {
    cwd: root,
    timeoutMs: 10_000,
  });
  const listed = [...new Set(stdout.split("\0").filter((path) => path !== ""))].toSorted();
  const there = await Promise.all(
    listed.map((path) => Deno.lstat(`${root}${path}`).then(() => true, () => false)),
  );
  return listed.filter((_, at) => there[at]);
}

/** The house as the documents of this tree describe it. */
export async function thisHouse(): Promise<House> {
  return {
    root,
    rooms: readHouseMap(await Deno.readTextFile(`${root}docs/architecture.md`)),
    names: ownNames(await Deno.readTextFile(`${root}deno.json`)),
  };
}

/** A file of the tree that another one names. */
export interface Arrow {
  from: string;
  to: string;
  by: NamedFile["by"];
}

/** Everything that one source names, found by the visitor that the lint rule uses. */
export function arrowsOf(
  { from, source }: { from: string; source: string },
  names: Map<string, string>,
): Arrow[] {
  const arrows: Arrow[] = [];
  const create = () =>
    namedFilesVisitor({
      computed: () => {},
      named({ specifier, by }) {
        const to = pathNamed(specifier, { from, names });
        if (to !== undefined) arrows.push({ from, to, by });
      },
    });
  Deno.lint.runPlugin({ name: "arrows", rules: { arrows: { create } } }, `${root}${from}`, source);
  return arrows;
}

/** Whether a path is a source file of ours. */
export function isSource(path: string): boolean {
  return /\.tsx?$/.test(path);
}
