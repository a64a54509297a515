import assert from "node:assert/strict";
import { join } from "node:path";
import { execOk } from "../../common/exec.ts";
import { readSettings } from "../run/settings.ts";
import { findBase, findBases } from "./base.ts";
import { StageFailure } from "../run/stage.ts";
import { fetchRecipe } from "./repo.ts";

/** A repository in which tests make commits, tags and branches. */
async function withHistory(
  work: (at: {
    git: (...args: string[]) => Promise<string>;
    /** Makes a commit, with the number that its compose.yml says, and tags it as a version if asked to. */
    commit: (number: string | null, release?: string) => Promise<void>;
    base: (asked?: string) => Promise<string>;
    /** The versions that `upgrade_from` comes to, then what is said of those that are left out. */
    bases: (wanted: string[], asked?: string) => Promise<string[]>;
  }) => Promise<void>,
) {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  const path = join(folder, "recipe");
  const env = { GIT_CONFIG_GLOBAL: "/dev/null", GIT_AUTHOR_NAME: "a", GIT_COMMITTER_NAME: "a", EMAIL: "a@b" };
  const git = async (...args: string[]) => (await execOk(["git", ...args], { cwd: path, env })).stdout.trim();
  const settings = readSettings((name) =>
    ({ CCCI_BASE_DOMAIN: "ci.test", CCCI_RUNS: join(folder, "runs"), CCCI_RECIPES: folder })[name]
  );
  const signal = new AbortController().signal;
  let commits = 0;
  const repository = () =>
    fetchRecipe({ kind: "path", path, revision: null }, {
      recipe: "recipe",
      subject: { kind: "worktree", path },
      settings,
      log: () => {},
      signal,
    });
  try {
    await Deno.mkdir(path);
    await git("init", "-q", "-b", "main");
    await work({
      git,
      commit: async (number, release) => {
        const label = number === null ? "" : `- "coop-cloud.\${STACK_NAME}.version=${number}"`;
        await Deno.writeTextFile(join(path, "compose.yml"), `# ${commits++}\n${label}\n`);
        await git("add", ".");
        await git("commit", "-qm", "x");
        if (release !== undefined) await git("tag", "-am", "release", release);
      },
      base: async (asked) => {
        const options = { asked: asked ?? null, settings, signal };
        const { version, why } = await findBase(await repository(), options);
        return `${version?.version ?? "none"}: ${why}`;
      },
      bases: async (wanted, asked) => {
        const options = { asked: asked ?? null, wanted, settings, signal };
        const { versions, notes } = await findBases(await repository(), options);
        return [versions.map(({ version }) => version).join(", "), ...notes];
      },
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const descends = "the newest version that the commit descends from";

Deno.test("a commit is upgraded from the newest version that it descends from, not from one of another branch", () =>
  withHistory(async ({ git, commit, base }) => {
    await commit("1.0.0+1", "1.0.0+1");
    assert.equal(await base(), "none: no other version was published");
    await commit("1.9.0+1", "1.9.0+1");
    assert.equal(await base(), `1.0.0+1: ${descends}`, "a version is not upgraded from itself");
    await git("branch", "one");
    await commit("1.10.0+1", "1.10.0+1");
    await commit("2.0.0+1", "2.0.0+1");
    assert.equal(await base(), `1.10.0+1: ${descends}`);
    await commit("2.0.0+1");
    assert.equal(await base(), `2.0.0+1: ${descends}`, "a number that was not raised yet is no hindrance");
    await git("checkout", "-q", "one");
    await commit("1.9.1+1");
    assert.equal(await base(), `1.9.0+1: ${descends}`);
  }));

Deno.test("uncommitted changes on top of a version are upgraded from that version", () =>
  withHistory(async ({ git, commit, base }) => {
    await commit("1.0.0+1", "1.0.0+1");
    await commit("1.1.0+1", "1.1.0+1");
    await Deno.writeTextFile(join(await git("rev-parse", "--show-toplevel"), "compose.yml"), "changed");
    assert.equal(await base(), `1.1.0+1: ${descends}`);
  }));

Deno.test("a commit that descends from no version is upgraded from the newest up to its own number", () =>
  withHistory(async ({ git, commit, base }) => {
    await commit("1.0.0+1", "1.0.0+1");
    await commit("2.0.0+1", "2.0.0+1");
    await git("checkout", "-q", "--orphan", "rewritten");
    const up = "which is the commit's own number; it descends from no published version";
    for (
      const [number, expected] of [
        ["1.5.0+1", `1.0.0+1: the newest up to 1.5.0+1, ${up}`],
        ["2.0.0+1", `2.0.0+1: the newest up to 2.0.0+1, ${up}`],
        ["0.9.0+1", `none: none was published up to 0.9.0+1, ${up}`],
        [null, "2.0.0+1: the newest version; the commit descends from none and does not say its own"],
        ["soon", "2.0.0+1: the newest version; the commit descends from none and does not say its own"],
      ] as const
    ) {
      await commit(number);
      assert.equal(await base(), expected, String(number));
    }
    await commit("1.4.0+1", "1.4.0+1");
    assert.equal(await base(), `1.0.0+1: the newest up to 1.4.0+1, ${up}`);
  }));

Deno.test("a version that was asked for is taken, unless it is unknown or comes after the commit", () =>
  withHistory(async ({ git, commit, base }) => {
    await commit("1.0.0+1", "1.0.0+1");
    await commit("1.1.0+1", "1.1.0+1");
    await git("branch", "one");
    await commit("2.0.0+1", "2.0.0+1");
    assert.equal(await base("1.0.0"), "1.0.0+1: the version that was asked for");
    await assert.rejects(base("3.0.0"), /Version "3\.0\.0" was never published/);
    await assert.rejects(base("2.0.0"), /Version 2\.0\.0\+1 comes after the commit/, "itself");
    await git("tag", "-am", "release", "1.0.0+2", "1.0.0+1");
    await assert.rejects(base("1.0.0"), /may be any of 1\.0\.0\+1, 1\.0\.0\+2: name one of them whole/);
    await git("checkout", "-q", "one");
    await assert.rejects(base("2.0.0"), /Version 2\.0\.0\+1 comes after the commit/, "a descendant");
    await commit("1.1.1+1");
    await assert.rejects(base("2.0.0"), /Version 2\.0\.0\+1 comes after the commit/, "a higher number aside");
    assert.equal(await base("1.0.0+1"), "1.0.0+1: the version that was asked for");
  }));

Deno.test("a tag that stands on no commit is no version, and a checkout without a commit is told as one", () =>
  withHistory(async ({ git, commit, base }) => {
    await assert.rejects(base(), /has no commit yet: commit the recipe's files first/);
    await commit("1.0.0+1", "1.0.0+1");
    await git("tag", "-am", "release", "2.0.0+1", "HEAD^{tree}");
    await git("tag", "-am", "release", "2.1.0+1", "HEAD:compose.yml");
    await git("checkout", "-q", "--orphan", "rewritten");
    await commit(null);
    assert.match(await base(), /^1\.0\.0\+1: the newest version/);
    await git("checkout", "-q", "main");
    await commit(null);
    await git("tag", "-am", "again", "1.0.1+1", "1.0.0+1");
    assert.equal(await base(), `1.0.1+1: ${descends}`, "a release that was tagged once more");
  }));

Deno.test("recipe.yml names several versions to upgrade from: each once, the newest in its place, none that comes after the commit", () =>
  withHistory(async ({ git, commit, bases }) => {
    await commit("1.0.0+1", "1.0.0+1");
    await commit("1.1.0+1", "1.1.0+1");
    await git("branch", "one");
    await commit("2.0.0+1", "2.0.0+1");
    await commit("2.0.0+1");
    assert.deepEqual(await bases(["newest"]), ["2.0.0+1"]);
    assert.deepEqual(await bases(["newest", "1.0.0+1"]), ["2.0.0+1, 1.0.0+1"]);
    assert.deepEqual(await bases(["1.0.0", "2.0.0+1", "newest"]), ["1.0.0+1, 2.0.0+1"]);
    assert.deepEqual(await bases(["newest", "1.0.0"], "1.1.0"), ["1.1.0+1"], "somebody asked for one");
    await assert.rejects(
      bases(["newest", "1.2.0"]),
      (error) =>
        error instanceof StageFailure && error.fault === "enrolment" && /"1\.2\.0"/.test(error.message),
    );
    await git("checkout", "-q", "one");
    await commit("1.1.1+1");
    assert.deepEqual(await bases(["newest", "2.0.0+1", "1.0.0+1"]), [
      "1.1.0+1, 1.0.0+1",
      "Not upgraded from 2.0.0+1 (upgrade_from): it is no older than the commit under test",
    ]);
  }));
