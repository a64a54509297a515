import { join } from "node:path";
import { execOk } from "../../common/exec.ts";
import type { Account } from "../host/accounts.ts";
import { expectStatus, forgeApi } from "../gitea/api.ts";
import { ORG } from "../gitea/seed.ts";
import { FORGE_HOST } from "../host/paths.ts";
import { buildRecipeRepo } from "../recipes/mod.ts";
import type { Stack } from "./stack.ts";

/**
 * Puts a recipe's repository (branch main and its release tags) on the forge as `recipe-maintainers/<recipe>`, if it
 * is not there yet. Answers its clone URL.
 */
export async function seedRecipe(stack: Stack, recipe: string): Promise<string> {
  const url = `${stack.urls.forge}/${ORG}/${recipe}.git`;
  const { maintainer } = stack.accounts;
  const call = forgeApi(stack.gateway, maintainer);
  const there = await call("GET", `/repos/${ORG}/${recipe}/branches/main`);
  if (there.status === 200) return url;
  expectStatus(
    await call("POST", `/orgs/${ORG}/repos`, { name: recipe, auto_init: false, default_branch: "main" }),
    `make the repository "${ORG}/${recipe}"`,
    201,
    409, // an earlier start was killed before its push
  );
  await Deno.mkdir(stack.state, { recursive: true });
  const folder = await Deno.makeTempDir({ dir: stack.state, prefix: "recipe-" });
  try {
    const repo = await buildRecipeRepo(recipe, join(folder, recipe));
    await pushToForge(stack, { folder: repo.path, repo: `${ORG}/${recipe}`, refs: ["main", "--tags"] });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  return url;
}

export interface PushOptions {
  /** Local repository. */
  folder: string;
  /** `owner/name` on the forge. */
  repo: string;
  /** Refs or options of `git push`, e.g. `main`, `--tags`. */
  refs: string[];
  /** Who pushes. @default the maintainer */
  account?: Account;
}

/** Pushes over HTTPS through the ingress, certificate verified. */
export async function pushToForge(stack: Stack, options: PushOptions): Promise<void> {
  const account = options.account ?? stack.accounts.maintainer;
  const [address = "", port = ""] = (stack.env.CCCI_INGRESS ?? "").split(":");
  await execOk([
    "git",
    ...["-c", `http.curloptResolve=${FORGE_HOST}:${port}:${address}`],
    // git gets the password from a helper that reads the environment: an argument would show in the list of processes.
    ...["-c", 'credential.helper=!f() { echo "username=$FORGE_USER"; echo "password=$FORGE_PASSWORD"; }; f'],
    ...["push", "--quiet", `${stack.urls.forge}/${options.repo}.git`, ...options.refs],
  ], {
    cwd: options.folder,
    env: {
      GIT_SSL_CAINFO: stack.env.CCCI_CA_FILE ?? "",
      GIT_TERMINAL_PROMPT: "0",
      GIT_CONFIG_GLOBAL: "/dev/null",
      FORGE_USER: account.name,
      FORGE_PASSWORD: account.token,
    },
  });
}
