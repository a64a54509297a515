import { dirname, join } from "node:path";
import type { Git } from "./git.ts";
import { exists } from "../../common/files.ts";

/**
 * Makes a checkout look like another work tree of the same commit: files that are changed, new (but not ignored) or
 * deleted there become so here. Links are copied as links.
 */
export async function copyWorktree(git: Git, where: { from: string; to: string }): Promise<void> {
  const tracked = await list(git, where.to, ["ls-files", "-z"]);
  for (const path of tracked) {
    await Deno.remove(join(where.to, path)).catch(() => {}); // a submodule's folder stays as it is
  }
  for (const path of await list(git, where.from, ["ls-files", "-z", "-co", "--exclude-standard"])) {
    const source = join(where.from, path);
    if (!await exists(source)) continue;
    const target = join(where.to, path);
    const info = await Deno.lstat(source);
    if (info.isDirectory) continue;
    await Deno.mkdir(dirname(target), { recursive: true });
    if (info.isSymlink) await Deno.symlink(await Deno.readLink(source), target);
    else await Deno.copyFile(source, target);
  }
}

async function list(git: Git, cwd: string, args: string[]): Promise<string[]> {
  return (await git.run(args, { cwd })).split("\0").filter((path) => path !== "");
}
