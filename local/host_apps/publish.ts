import { join } from "node:path";
import { execOk } from "../../common/exec.ts";
import { removeTree } from "../../common/files.ts";
import { StackError } from "../host/errors.ts";
import { AUTHORITIES } from "./images.ts";

const RECIPES = join(import.meta.dirname ?? ".", "recipes");
/** The recipes of the apps that a host runs itself. */
export const hostRecipes = ["traefik", "backup-bot-two", "drone"] as const;
/** Where Docker keeps volumes unless it is told otherwise, as recipes have it. */
const VOLUMES = "/var/lib/docker/volumes/:";

/** What of a machine the recipes, which are for any host, cannot know. */
export interface Place {
  /** The folder of the engine's volumes, where Docker was told otherwise. */
  volumes?: string;
  /** The forge that Drone asks, where neither DNS nor authorities that everybody trusts lead there. */
  forge?: {
    host: string;
    address: string;
    /** PEM file of the authority that signed its certificate. */
    ca: string;
  };
}

/**
 * Makes a git repository `<recipe>.git` of each, with the release that its compose file names as an annotated tag. The
 * same sources give the same commits.
 * @param place how the machine differs from a host of its own
 */
export async function publishHostRecipes(folder: string, place: Place = {}): Promise<void> {
  for (const recipe of hostRecipes) {
    const target = join(folder, `${recipe}.git`);
    const draft = `${target}.new`;
    await removeTree(draft);
    await copyOver(join(RECIPES, recipe), { target: draft, place });
    const release = await releaseOf(recipe);
    const git = async (...args: string[]) => void await execOk(["git", "-C", draft, ...args], environment);
    await git("init", "--quiet", "--initial-branch=main");
    await git("add", "--all");
    await git("commit", "--quiet", "--message", `Publish ${release}`);
    await git("tag", "--annotate", "--message", `chore: publish ${release} release`, release);
    await removeTree(target);
    await Deno.rename(draft, target);
  }
}

/** The release that a recipe's compose file names. */
async function releaseOf(recipe: string): Promise<string> {
  const compose = await Deno.readTextFile(join(RECIPES, recipe, "compose.yml"));
  const [, release] = /\.version=([^"]+)"/.exec(compose) ?? [];
  if (release !== undefined) return release;
  throw new StackError(`Could not publish the recipe "${recipe}": its compose file names no release`);
}

async function copyOver(source: string, { target, place }: { target: string; place: Place }): Promise<void> {
  await Deno.mkdir(target, { recursive: true });
  for await (const { name, isDirectory } of Deno.readDir(source)) {
    const [from, to] = [join(source, name), join(target, name)];
    if (isDirectory) await copyOver(from, { target: to, place });
    else await Deno.writeTextFile(to, fitted(await Deno.readTextFile(from), place));
  }
}

function fitted(text: string, { volumes, forge }: Place): string {
  const moved = volumes === undefined ? text : text.replaceAll(VOLUMES, `${volumes}/:`);
  if (forge === undefined) return moved;
  const { host, address, ca } = forge;
  return moved.replace(
    /^( *)- drone_data:.*\n/m,
    (line, blanks) => `${line}${blanks}- ${ca}:${AUTHORITIES}:ro\n`,
  )
    .replace(
      /^( *)image: drone\/.*\n/m,
      (line, blanks) => `${line}${blanks}extra_hosts: ["${host}:${address}"]\n`,
    );
}

const DATE = "2026-01-05T09:00:00Z";
const person = { NAME: "Recipe Maintainer", EMAIL: "maintainer@ci.localhost" };
/** Nobody's own configuration of git counts. */
const environment = {
  clearEnv: true,
  env: {
    PATH: Deno.env.get("PATH") ?? "/usr/bin:/bin",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_AUTHOR_DATE: DATE,
    GIT_AUTHOR_NAME: person.NAME,
    GIT_AUTHOR_EMAIL: person.EMAIL,
    GIT_COMMITTER_DATE: DATE,
    GIT_COMMITTER_NAME: person.NAME,
    GIT_COMMITTER_EMAIL: person.EMAIL,
  },
};
