import assert from "node:assert/strict";
import { join } from "node:path";
import { UsageError } from "../../common/errors.ts";
import { execOk } from "../../common/exec.ts";
import type { RunRequest } from "../run/request.ts";
import { refuseMissing } from "./refuse_missing.ts";
import { readSettings } from "../run/settings.ts";

const repository = `
git init -q -b main
git commit -q --allow-empty -m one
git tag -a -m release 1.0.0+1
git tag 1.1.0+1
git branch side
`;

/** What is said of a call about a repository with branches main and side, release 1.0.0+1 and a tag that is none. */
async function refusal(asked: { revision?: string; base?: string }, path?: string): Promise<string | null> {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  try {
    const env = { GIT_CONFIG_GLOBAL: "/dev/null", GIT_COMMITTER_NAME: "a", GIT_COMMITTER_EMAIL: "a@b" };
    const author = { GIT_AUTHOR_NAME: "a", GIT_AUTHOR_EMAIL: "a@b" };
    await execOk(["sh", "-ec", repository], { cwd: folder, env: { ...env, ...author } });
    const commit = (await execOk(["git", "rev-parse", "HEAD"], { cwd: folder })).stdout.trim();
    const settings: Record<string, string> = {
      CCCI_BASE_DOMAIN: "ci.test",
      CCCI_RUNS: join(folder, "runs"),
      CCCI_RECIPES: join(folder, "recipes"),
    };
    const source = {
      kind: "path",
      path: path ?? folder,
      revision: asked.revision?.replace("COMMIT", commit.slice(0, 9)) ?? null,
    };
    const request = { recipe: "wiki", source, base: asked.base ?? null } as unknown as RunRequest;
    await refuseMissing(request, readSettings((name) => settings[name]));
    return null;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return `${error.message}; ${error.hint}`;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("branches, tags, whole refs and commits that are there are let through", async () => {
  for (const revision of ["main", "side", "1.1.0+1", "refs/heads/side", "COMMIT"]) {
    assert.equal(await refusal({ revision }), null, revision);
  }
  for (const base of ["1.0.0+1", "1.0.0"]) assert.equal(await refusal({ base }), null, base);
});

Deno.test("a revision or release that is not there is refused, with those that are", async () => {
  assert.match(await refusal({ revision: "sied" }) ?? "", /commit "sied" in .*; Branches are: main, side/);
  assert.match(await refusal({ revision: "0123456789" }) ?? "", /no branch, tag or commit "0123456789"/);
  assert.match(
    await refusal({ base: "2.0.0+1" }) ?? "",
    /"2\.0\.0\+1" was never published; .* are: 1\.0\.0\+1$/,
  );
  assert.match(await refusal({ base: "1.1.0+1" }) ?? "", /never published/, "its tag is not annotated");
});

Deno.test("a repository that does not answer is left to the run, which says why", async () => {
  assert.equal(await refusal({ revision: "main" }, "/nonexistent"), null);
});
