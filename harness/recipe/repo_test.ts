import assert from "node:assert/strict";
import { join } from "node:path";
import { execOk } from "../../common/exec.ts";
import { checkOut, type FetchOptions, fetchRecipe } from "./repo.ts";
import type { RecipeSource } from "../run/request.ts";
import { readSettings } from "../run/settings.ts";
import { StageFailure } from "../run/stage.ts";

/** A recipe with a release, a lightweight tag, a branch, and a commit after the release. */
async function withRecipe(
  work: (at: {
    path: string;
    git: (...args: string[]) => Promise<string>;
    fetch: (
      source: Partial<RecipeSource>,
      limits?: FetchOptions["limits"],
    ) => ReturnType<typeof fetchRecipe>;
    folder: string;
    settings: FetchOptions["settings"];
  }) => Promise<void>,
) {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  const path = join(folder, "recipe");
  const env = {
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_AUTHOR_NAME: "a",
    GIT_AUTHOR_EMAIL: "a@b",
    GIT_COMMITTER_NAME: "a",
    GIT_COMMITTER_EMAIL: "a@b",
  };
  const git = async (...args: string[]) => (await execOk(["git", ...args], { cwd: path, env })).stdout.trim();
  const settings = readSettings((name) =>
    ({ CCCI_BASE_DOMAIN: "ci.test", CCCI_RUNS: join(folder, "runs"), CCCI_RECIPES: folder })[name]
  );
  try {
    await Deno.mkdir(path);
    await git("init", "-q", "-b", "main");
    await Deno.writeTextFile(join(path, "compose.yml"), "one");
    await git("add", ".");
    await git("commit", "-qm", "one");
    await git("tag", "-am", "release", "1.0.0+1");
    await git("tag", "1.1.0+1");
    await git("branch", "old");
    await Deno.writeTextFile(join(path, "compose.yml"), "two");
    await git("commit", "-qam", "two");
    const fetch = (source: Partial<RecipeSource>, limits?: FetchOptions["limits"]) =>
      fetchRecipe({ kind: "path", path, revision: null, ...source } as RecipeSource, {
        recipe: "recipe",
        subject: { kind: "worktree", path },
        settings,
        log: () => {},
        signal: new AbortController().signal,
        ...(limits === undefined ? {} : { limits }),
      });
    await work({ path, git, fetch, folder, settings });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a clean checkout is tested at its commit; only annotated tags are published versions", () =>
  withRecipe(async ({ git, fetch }) => {
    const repo = await fetch({});
    assert.equal(repo.head, await git("rev-parse", "HEAD"));
    assert.equal(repo.dirty, false);
    assert.deepEqual(repo.published, [{ version: "1.0.0+1", commit: await git("rev-parse", "old") }]);
    assert.deepEqual(repo.lightweight, [{ version: "1.1.0+1", commit: await git("rev-parse", "old") }]);
  }));

Deno.test("branches, tags and short commits are found, anything else is named", () =>
  withRecipe(async ({ git, fetch }) => {
    const old = await git("rev-parse", "old");
    for (const revision of ["old", "1.0.0+1", old.slice(0, 10), old]) {
      assert.equal((await fetch({ revision })).head, old, revision);
    }
    for (const revision of ["nope", "deadbeefdeadbeef"]) {
      await assert.rejects(fetch({ revision }), new RegExp(`no branch, tag or commit "${revision}"`));
    }
  }));

Deno.test("uncommitted changes come along as they stand: changed, new, deleted, but not ignored", () =>
  withRecipe(async ({ path, git, fetch, folder, settings }) => {
    await Deno.writeTextFile(join(path, "abra.sh"), "x");
    await Deno.writeTextFile(join(path, ".gitignore"), "secret\n");
    await git("add", ".");
    await git("commit", "-qm", "three");
    await Deno.remove(join(path, "abra.sh"));
    await Deno.writeTextFile(join(path, "compose.yml"), "three");
    await Deno.mkdir(join(path, "sub"));
    await Deno.writeTextFile(join(path, "sub", "new.tmpl"), "new");
    await Deno.symlink("sub/new.tmpl", join(path, "link"));
    await Deno.writeTextFile(join(path, "secret"), "not for others");

    const repo = await fetch({});
    assert.equal(repo.dirty, true);
    const target = join(folder, "checkout");
    await checkOut(repo, target, { at: "head", settings });
    assert.equal(await Deno.readTextFile(join(target, "compose.yml")), "three");
    assert.equal(await Deno.readTextFile(join(target, "link")), "new");
    for (const gone of ["abra.sh", "secret"]) {
      await assert.rejects(Deno.lstat(join(target, gone)), Deno.errors.NotFound, gone);
    }

    await checkOut(repo, target, {
      at: { version: "1.0.0+1", commit: await git("rev-parse", "old") },
      settings,
    });
    assert.equal(await Deno.readTextFile(join(target, "compose.yml")), "one");
    const status = await execOk(["git", "status", "--porcelain"], { cwd: target });
    assert.equal(status.stdout, "", "a pinned deploy needs a clean tree");
    const tags = await execOk(["git", "tag"], { cwd: target });
    assert.deepEqual(
      tags.stdout.trim().split("\n"),
      ["1.0.0+1"],
      "abra refuses a recipe with lightweight tags",
    );
  }));

Deno.test("a place without repository is the asker's mistake", () =>
  withRecipe(async ({ fetch, folder }) => {
    await assert.rejects(fetch({ path: join(folder, "nowhere") }), /There is no git repository at/);
  }));

Deno.test("a mirror that a killed fetch left locked is made anew", () =>
  withRecipe(async ({ git, fetch }) => {
    const { mirror } = await fetch({});
    await git("tag", "-am", "another release", "1.2.0+1");
    await Deno.writeTextFile(join(mirror, "refs", "src", "tags", "1.2.0+1.lock"), "");
    const repo = await fetch({});
    assert.deepEqual(repo.published.map((one) => one.version).toSorted(), ["1.0.0+1", "1.2.0+1"]);
  }));

Deno.test("a commit without pull request is tested as part of the default branch, and only there", () =>
  withRecipe(async ({ path, git, folder, settings }) => {
    await Deno.mkdir(join(folder, "owner"));
    await Deno.rename(path, join(folder, "owner", "recipe.git"));
    await Deno.symlink(join(folder, "owner", "recipe.git"), path);
    const [head, old] = [await git("rev-parse", "main"), await git("rev-parse", "old")];
    await git("checkout", "-q", "-b", "aside");
    await git("commit", "-q", "--allow-empty", "-m", "aside");
    const aside = await git("rev-parse", "HEAD");
    await git("checkout", "-q", "main");
    const at = (commit: string) =>
      fetchRecipe({ kind: "forge", src: "owner/recipe", pr: null, commit, revision: null }, {
        recipe: "recipe",
        subject: { kind: "branch", name: "HEAD", src: "owner/recipe" },
        settings: { ...settings, FORGE_URL: `file://${folder}` },
        log: () => {},
        signal: new AbortController().signal,
      });
    for (const commit of [head, old]) {
      const repo = await at(commit);
      assert.equal(repo.head, commit);
      assert.deepEqual(repo.subject, { kind: "branch", name: "main", src: "owner/recipe" });
    }
    for (const commit of [aside, "0123456789".repeat(4)]) {
      await assert.rejects(at(commit), /is not on the default branch of "owner\/recipe"/, commit);
    }
  }));

/** Makes a commit whose tree lists one file under ever more names, level by level. */
async function bomb(
  git: (...args: string[]) => Promise<string>,
  path: string,
  levels: number,
): Promise<void> {
  await Deno.writeTextFile(join(path, "file"), "x");
  const blob = await git("hash-object", "-w", "file");
  let tree = "";
  for (let level = 0; level < levels; level++) {
    const entry = level === 0 ? `100644 blob ${blob}` : `040000 tree ${tree}`;
    const listing = join(path, "..", "listing");
    await Deno.writeTextFile(listing, Array.from({ length: 10 }, (_, at) => `${entry}\tn${at}\n`).join(""));
    tree = (await execOk(["sh", "-c", 'git mktree < "$1"', "sh", listing], { cwd: path })).stdout.trim();
  }
  const commit = await git("commit-tree", tree, "-m", "many");
  await git("reset", "-q", "--soft", commit);
}

Deno.test("a commit of endless files is refused before it is checked out", () =>
  withRecipe(async ({ path, git, fetch }) => {
    await bomb(git, path, 10);
    await git("branch", "many");
    const head = await git("rev-parse", "HEAD");
    const refused = await fetch({ revision: "many" }).catch((error) => error);
    assert.equal(refused.code, "confine.checkout");
    assert.match(refused.message, new RegExp(`holds more than 5000 files at ${head.slice(0, 7)}`));
  }));

Deno.test("what not every git checks out alike is refused: submodules, two files of one path", () =>
  withRecipe(async ({ path, git, fetch, folder }) => {
    const blob = await git("rev-parse", "HEAD:compose.yml");
    const commit = await git("rev-parse", "HEAD");
    const refused = async (branch: string, entries: string) => {
      await Deno.writeTextFile(join(folder, "listing"), entries);
      const tree = await execOk(["sh", "-c", 'git mktree < "$1"', "sh", join(folder, "listing")], {
        cwd: path,
      });
      await git("branch", branch, await git("commit-tree", tree.stdout.trim(), "-m", branch));
      const error = await fetch({ revision: branch }).catch((error) => error);
      assert.equal(error.code, "confine.checkout");
      return error.message;
    };
    assert.match(await refused("part", `160000 commit ${commit}\tpart\n`), /submodule, "part"/);
    assert.match(
      await refused("twice", `100644 blob ${blob}\tcompose.yml\n`.repeat(2)),
      /"compose.yml" twice/,
    );
  }));

Deno.test("a checkout has the bytes that were committed, whatever attributes ask for, and no files called .git", () =>
  withRecipe(async ({ path, git, fetch, folder, settings }) => {
    await Deno.writeTextFile(
      join(path, ".gitattributes"),
      "a ident\nb working-tree-encoding=UTF-16\nc text eol=crlf\nd filter=lfs\n",
    );
    await git("add", ".gitattributes");
    const names = ["a", "b", "c", "d"];
    for (const name of names) {
      await Deno.writeTextFile(join(folder, name), "$Id$\nx\n");
      const blob = await git("hash-object", "-w", "--no-filters", join(folder, name));
      await git("update-index", "--add", "--cacheinfo", `100644,${blob},${name}`);
    }
    await git("commit", "-qm", "attributes");
    const target = join(folder, "target");
    await checkOut(await fetch({ revision: "main" }), target, { at: "head", settings });
    for (const name of names) assert.equal(await Deno.readTextFile(join(target, name)), "$Id$\nx\n", name);

    const blob = await git("rev-parse", "HEAD:a");
    await Deno.writeTextFile(join(folder, "listing"), `100644 blob ${blob}\t.git\n`);
    const tree = await execOk(["sh", "-c", 'git mktree < "$1"', "sh", join(folder, "listing")], {
      cwd: path,
    });
    await git("branch", "odd", await git("commit-tree", tree.stdout.trim(), "-m", "odd"));
    const repo = await fetch({ revision: "odd" });
    await assert.rejects(
      checkOut(repo, join(folder, "other"), { at: "head", settings }),
      (error) => error instanceof StageFailure && error.code === "confine.checkout",
    );
  }));

Deno.test("a commit of deep folders or of many bytes is refused, one of a few hundred files is not", () =>
  withRecipe(async ({ path, git, fetch }) => {
    await bomb(git, path, 2);
    assert.equal(
      (await fetch({ revision: await git("rev-parse", "HEAD") })).dirty,
      false,
    );
    const deep = Array.from({ length: 21 }, () => "d").join("/");
    await git("reset", "-q", "--hard");
    await Deno.mkdir(join(path, deep), { recursive: true });
    await Deno.writeTextFile(join(path, deep, "file"), "x");
    await git("add", ".");
    await git("commit", "-qm", "deep");
    const refused = await fetch({}).catch((error) => error);
    assert.match(String(refused.message), /folders more than 20 deep/);
  }));

Deno.test("a shallow checkout gets the history and the versions that it lacks; where it cannot, it says how", () =>
  withRecipe(async ({ path, git, fetch, folder }) => {
    await git("tag", "-am", "release", "2.0.0+1");
    await git("commit", "-q", "--allow-empty", "-m", "three");
    const shallow = join(folder, "shallow");
    await execOk(["git", "clone", "-q", "--depth", "1", `file://${path}`, shallow]);
    for (const _ of ["first", "again"]) {
      const { head, published, notes } = await fetch({ path: shallow });
      assert.deepEqual(notes, []);
      assert.equal(head, await git("rev-parse", "HEAD"));
      assert.deepEqual(published.map((one) => one.version).toSorted(), ["1.0.0+1", "2.0.0+1"]);
    }
    const alone = join(folder, "alone");
    await execOk(["git", "clone", "-q", "--depth", "1", `file://${path}`, alone]);
    await execOk(["git", "remote", "set-url", "origin", join(folder, "gone")], { cwd: alone });
    const cut = await fetch({ path: alone });
    assert.deepEqual(cut.published, []);
    assert.match(
      cut.notes.join(),
      /is shallow, and the rest could not be fetched from ".*gone": git fetch --unshallow/,
    );
    await execOk(["git", "remote", "remove", "origin"], { cwd: alone });
    assert.match((await fetch({ path: alone })).notes.join(), /is shallow and names no remote "origin"/);
  }));

Deno.test("a repository that names its objects by SHA-256 is tested as any other", () =>
  withRecipe(async ({ fetch, folder, settings }) => {
    const path = join(folder, "new");
    const git = (...args: string[]) => execOk(["git", ...args], { cwd: path });
    await execOk(["git", "init", "-q", "--object-format=sha256", path]);
    await Deno.writeTextFile(join(path, "compose.yml"), "one");
    await git("add", ".");
    for (const [name, value] of [["user.name", "a"], ["user.email", "a@b"]] as const) {
      await git("config", name, value);
    }
    await git("commit", "-qm", "one");
    await git("tag", "-am", "release", "1.0.0+1");
    const repo = await fetch({ path });
    assert.match(repo.head, /^[0-9a-f]{64}$/);
    assert.deepEqual(repo.published, [{ version: "1.0.0+1", commit: repo.head }]);
    await checkOut(repo, join(folder, "checkout"), { at: "head", settings });
    assert.equal(await Deno.readTextFile(join(folder, "checkout", "compose.yml")), "one");
  }));

Deno.test("worktrees and clones without blobs are checkouts as well", () =>
  withRecipe(async ({ path, git, fetch, folder, settings }) => {
    await git("config", "uploadpack.allowFilter", "true");
    const [aside, partial] = [join(folder, "aside"), join(folder, "partial")];
    await git("worktree", "add", "-q", "--detach", aside, "old");
    await execOk(["git", "clone", "-q", "--filter=blob:none", `file://${path}`, partial]);
    for (const [index, checkout] of [aside, partial].entries()) {
      const repo = await fetch({ path: checkout });
      assert.deepEqual(repo.published.map((one) => one.version), ["1.0.0+1"], checkout);
      const target = join(folder, `checkout-${index}`);
      await checkOut(repo, target, { at: repo.published[0] ?? "head", settings });
      assert.equal(await Deno.readTextFile(join(target, "compose.yml")), "one", checkout);
    }
  }));

Deno.test("what of a checkout is tested has a name; tags that only look like versions are noted", () =>
  withRecipe(async ({ git, fetch }) => {
    for (const tag of ["v1.0.1", "1.0.2", "stable"]) await git("tag", "-am", "x", tag);
    const old = await git("rev-parse", "old");
    const named = async (revision: string | null) => (await fetch({ revision })).subject;
    const path = (await fetch({})).subject;
    assert.deepEqual(await named("1.0.0+1"), { ...path, revision: "tag 1.0.0+1" });
    assert.deepEqual(await named("old"), { ...path, revision: "branch old" });
    assert.deepEqual(await named(old.slice(0, 9)), { ...path, revision: `commit ${old.slice(0, 9)}` });
    assert.deepEqual((await fetch({})).notes, [
      "No versions, since a version is called like 1.2.0+<tag of the main image>: the tags 1.0.2, v1.0.1",
    ]);
  }));

Deno.test("a pack that grows beyond the limit ends the fetch, and the recipe is named as the reason", () =>
  withRecipe(async ({ path, git, fetch }) => {
    const noise = crypto.getRandomValues(new Uint8Array(65_536));
    for (let count = 0; count < 20; count++) {
      noise[0] = count;
      await Deno.writeFile(join(path, `noise${count}`), noise.toSorted(() => (noise[count] ?? 0) % 2 - 0.5));
    }
    await git("add", ".");
    await git("commit", "-qm", "noise");
    const small = { git: { file: 200, memory: 4_194_304, seconds: 120 } };
    await assert.rejects(
      fetch({}, small),
      (error) =>
        error instanceof StageFailure && error.code === "confine.checkout" && /too large/.test(error.message),
    );
    await fetch({});
  }));

Deno.test("a mirror that many fetches have made too large is made anew", () =>
  withRecipe(async ({ path, git, fetch }) => {
    const packs = async ({ mirror }: Awaited<ReturnType<typeof fetch>>) =>
      (await Array.fromAsync(Deno.readDir(join(mirror, "objects", "pack")))).filter(({ name }) =>
        name.endsWith(".pack")
      ).length;
    const limits = { mirror: { packs: 2, bytes: 1e9 } };
    const seen: number[] = [];
    for (let count = 0; count < 4; count++) {
      await Deno.writeTextFile(join(path, "compose.yml"), `step ${count}`);
      await git("commit", "-qam", "step");
      seen.push(await packs(await fetch({}, limits)));
    }
    assert.deepEqual(seen, [1, 2, 3, 1]);
    await git("commit", "-q", "--allow-empty", "-m", "step");
    assert.equal(await packs(await fetch({}, { mirror: { packs: 100, bytes: 10 } })), 1);
  }));
