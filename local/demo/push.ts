import { execOk } from "../../common/exec.ts";
import { buildPullRequest } from "../recipes/mod.ts";
import { seedRecipe } from "../seed.ts";
import type { Stack } from "../stack.ts";
import { PullRequest } from "./pull_request.ts";

/** What the change does: nothing bad, or loses the data of those who upgrade. */
export type Variant = "good" | "loses-data";

/** Puts the recipe on the forge if it is not there, pushes a change as the maintainer and opens a pull request. */
export async function openDemoPullRequest(
  { stack, recipe, variant, fetch, branch = `${variant}-${crypto.randomUUID().slice(0, 8)}` }: {
    stack: Stack;
    recipe: string;
    variant: Variant;
    fetch: typeof globalThis.fetch;
    branch?: string;
  },
): Promise<PullRequest> {
  const repo = `recipe-maintainers/${recipe}`;
  await seedRecipe(stack, recipe);
  const folder = await Deno.makeTempDir({ prefix: "cc-ci-demo-" });
  try {
    const change = await buildPullRequest(recipe, folder, variant);
    await pushBranch({ stack, folder, refspec: `${change.commit}:refs/heads/${branch}`, repo });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  const texts: Record<Variant, { title: string; body: string }> = {
    "good": { title: `Tidy up ${recipe}`, body: "Small change, new version." },
    "loses-data": { title: `Rework ${recipe}'s storage`, body: "Looks harmless, and installs well." },
  };
  return await PullRequest.open(repo, { ...texts[variant], head: branch }, {
    forge: stack.urls.forge,
    fetch,
    token: stack.accounts.maintainer.token,
  });
}

/** Pushes to a repository of the local forge as the maintainer. */
export async function pushBranch(
  { stack, folder, refspec, repo }: { stack: Stack; folder: string; refspec: string; repo: string },
): Promise<void> {
  const forge = new URL(stack.urls.forge);
  const { name, token } = stack.accounts.maintainer;
  const address = (stack.env.CCCI_INGRESS ?? "127.0.0.1:443").replace(/:\d+$/, "");
  await execOk([
    "git",
    "-C",
    folder,
    "-c",
    `http.curloptResolve=${forge.hostname}:443:${address}`,
    "push",
    "--quiet",
    "--force",
    `https://${name}:${token}@${forge.host}/${repo}.git`,
    refspec,
  ], {
    timeoutMs: 60_000,
    env: { GIT_SSL_CAINFO: stack.env.CCCI_CA_FILE ?? "", GIT_TERMINAL_PROMPT: "0" },
  });
}
