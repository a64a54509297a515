import { exec } from "../../common/exec.ts";
import { Fatal } from "./output.ts";

/** Runs git in a recipe's checkout and returns what it prints. @throws {Fatal} if git fails. */
export async function git(folder: string, args: string[]): Promise<string> {
  const config = ["core.hooksPath=/dev/null", "core.fsmonitor=false", "safe.directory=*"];
  const result = await exec(["git", ...config.flatMap((one) => ["-c", one]), "-C", folder, ...args], {
    env: {
      GIT_TERMINAL_PROMPT: "0",
      // Without the user's own settings: a checkout's attributes could call filters (LFS) and programs that these name.
      GIT_CONFIG_GLOBAL: "/dev/null",
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_ALLOW_PROTOCOL: "https:ssh:file",
      LC_ALL: "C",
    },
    timeoutMs: 120_000,
  });
  if (!result.success) throw new Fatal(`git ${args[0]}: ${(result.stderr || result.stdout).trim()}`);
  return result.stdout.trimEnd();
}

/** A lightweight tag names a commit directly and carries no author or message. */
export interface Tag {
  name: string;
  annotated: boolean;
}

/** Tags that are releases, newest first. */
export async function releaseTags(folder: string): Promise<Tag[]> {
  return (await allTags(folder)).filter(({ name }) => isRelease(name)).sort((a, b) =>
    byNewest(a.name, b.name)
  );
}

/** Tags of a checkout, whatever they mark. */
export async function allTags(folder: string): Promise<Tag[]> {
  const lines = await git(folder, ["for-each-ref", "--format=%(objecttype) %(refname:strip=2)", "refs/tags"]);
  return lines.split("\n").filter((line) => line !== "").map((line) => {
    const at = line.indexOf(" ");
    return { name: line.slice(at + 1), annotated: line.slice(0, at) === "tag" };
  });
}

/** Whether anything differs from the commit, untracked files included. */
export async function isDirty(folder: string): Promise<boolean> {
  return await git(folder, ["status", "--porcelain", "--untracked-files=all"]) !== "";
}

/** What abra calls the version of a chaos deploy: eight digits of the commit, `+U` when the tree is not clean. */
export async function chaosVersion(folder: string): Promise<string> {
  const head = await git(folder, ["rev-parse", "HEAD"]);
  return head.slice(0, 8) + (await isDirty(folder) ? "+U" : "");
}

/** `1.2.0+1.25.3`: the recipe's own version, a plus, the version of the main image. */
const released = /^(\d+)\.(\d+)\.(\d+)(?:\+(\S+))?$/;

export function isRelease(tag: string): boolean {
  return released.test(tag);
}

/** Orders release tags, newest first: by the recipe's own version, and by text where that is equal. */
export function byNewest(a: string, b: string): number {
  const left = released.exec(a) ?? [];
  const right = released.exec(b) ?? [];
  for (const part of [1, 2, 3]) {
    const difference = Number(right[part] ?? 0) - Number(left[part] ?? 0);
    if (difference !== 0) return difference;
  }
  return a < b ? 1 : a > b ? -1 : 0;
}
