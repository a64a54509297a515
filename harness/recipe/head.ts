import { shortCommit, type Subject } from "../../protocol/params.ts";
import type { RecipeSource } from "../run/request.ts";
import { InfraFailure, StageFailure } from "../run/stage.ts";
import { type Git, withoutCredentials } from "./git.ts";

interface HeadOptions {
  source: RecipeSource;
  /** Bare repository that the refs of the source have been fetched into. */
  mirror: string;
  /** Where they were fetched from. */
  url: string;
  subject: Subject;
  signal: AbortSignal;
}

/** The commit under test, and what it is called. */
export interface Head {
  head: string;
  subject: Subject;
  /** True when uncommitted changes come on top of it. */
  dirty: boolean;
  /** The checkout whose uncommitted changes are tested, if any. */
  worktree: string | null;
}

/**
 * Finds the commit that a source means, in a mirror that has fetched the source's refs.
 * @throws {StageFailure} when what was asked for does not exist
 * @throws {InfraFailure} when it is no longer what it was
 */
export function findHead(git: Git, options: HeadOptions): Promise<Head> {
  const { source } = options;
  const at = new HeadFinder(git, options);
  if (source.kind === "forge" && source.pr !== null) return at.pullRequest(source.pr, source);
  if (source.kind === "forge" && source.commit !== null) return at.commitOfBranch(source.commit, source.src);
  if (source.kind === "path" && source.revision === null) return at.worktree(source.path);
  return source.revision === null ? at.defaultBranch() : at.revision(source.revision);
}

/** One way to find the head for each kind of source. */
class HeadFinder {
  #git: Git;
  #options: HeadOptions;

  constructor(git: Git, options: HeadOptions) {
    this.#git = git;
    this.#options = options;
  }

  async pullRequest(pr: number, asked: { src: string; commit: string | null }): Promise<Head> {
    const head = await this.#commitOf(`refs/src/pull/${pr}/head`);
    if (head === null) throw new StageFailure(`There is no pull request #${pr} in "${asked.src}"`);
    if (asked.commit !== null && head !== asked.commit) {
      throw new InfraFailure(
        `Pull request #${pr} has moved on: its head is ${shortCommit(head)}, not ${
          shortCommit(asked.commit)
        }`,
      );
    }
    return this.#clean(head);
  }

  /** The branch may have gone on since; a commit that was taken out of it speaks for nobody. */
  async commitOfBranch(commit: string, src: string): Promise<Head> {
    const branch = await this.#nameOfDefaultBranch();
    const inBranch = branch !== null && await this.#commitOf(commit) !== null &&
      (await this.#git.attempt(
        ["merge-base", "--is-ancestor", commit, `refs/src/heads/${branch}`],
        this.#inMirror,
      )).success;
    if (!inBranch) {
      throw new InfraFailure(
        `Commit ${shortCommit(commit)} is not on the default branch of "${src}" (any more)`,
      );
    }
    return this.#clean(commit, { kind: "branch", name: branch });
  }

  /** A folder as it stands: its commit, and whatever is changed on top. */
  async worktree(path: string): Promise<Head> {
    const { subject, signal } = this.#options;
    const found = await this.#git.attempt(["rev-parse", "--verify", "-q", "HEAD^{commit}"], {
      cwd: path,
      signal,
    });
    if (!found.success) {
      throw new StageFailure(`The checkout "${path}" has no commit yet: commit the recipe's files first`);
    }
    const head = found.stdout.trim();
    await this.#git.run(["fetch", "-q", "--no-tags", "--", path, "+HEAD:refs/src/asked"], this.#inMirror);
    const changes = await this.#git.run(["status", "--porcelain", "-unormal"], { cwd: path, signal });
    const dirty = changes !== "";
    return { head, subject, dirty, worktree: dirty ? path : null };
  }

  async defaultBranch(): Promise<Head> {
    const branch = await this.#nameOfDefaultBranch();
    const head = branch === null ? null : await this.#commitOf(`refs/src/heads/${branch}`);
    if (head === null || branch === null) {
      const url = withoutCredentials(this.#options.url);
      throw new StageFailure(`Repository "${url}" is empty: it has no default branch`);
    }
    return this.#clean(head, { kind: "branch", name: branch });
  }

  /** A full ref, a branch, a tag or a commit, in this order. */
  async revision(revision: string): Promise<Head> {
    if (revision.startsWith("refs/")) {
      const head = await this.#commitOf("refs/src/asked");
      if (head !== null) return this.#clean(head, { kind: "branch", name: revision });
    }
    for (const kind of ["branch", "tag"] as const) {
      const head = await this.#commitOf(`refs/src/${kind === "branch" ? "heads" : "tags"}/${revision}`);
      if (head !== null) return this.#clean(head, { kind, name: revision });
    }
    const head = /^[0-9a-f]{7,64}$/.test(revision) ? await this.#commitOf(revision) : null;
    if (head !== null) return this.#clean(head, { kind: "commit", name: revision });
    const url = withoutCredentials(this.#options.url);
    throw new StageFailure(`There is no branch, tag or commit "${revision}" in "${url}"`);
  }

  get #inMirror() {
    const { mirror, signal } = this.#options;
    return { cwd: mirror, signal };
  }

  async #commitOf(name: string): Promise<string | null> {
    const result = await this.#git.attempt(
      ["rev-parse", "--verify", "-q", "--end-of-options", `${name}^{commit}`],
      this.#inMirror,
    );
    return result.success ? result.stdout.trim() : null;
  }

  async #nameOfDefaultBranch(): Promise<string | null> {
    const { url, signal } = this.#options;
    const listed = await this.#git.run(["ls-remote", "--symref", "--", url, "HEAD"], { signal });
    return /^ref: refs\/heads\/(\S+)\s+HEAD$/m.exec(listed)?.[1] ?? null;
  }

  /** A commit without changes on top. A pull request keeps its name, a checkout says what of it is tested. */
  #clean(head: string, name?: { kind: "branch" | "tag" | "commit"; name: string }): Head {
    const { subject } = this.#options;
    return { head, subject: subjectAt(subject, name), dirty: false, worktree: null };
  }
}

function subjectAt(subject: Subject, at?: { kind: "branch" | "tag" | "commit"; name: string }): Subject {
  if (at === undefined || subject.kind === "pr") return subject;
  if (subject.kind === "worktree") return { ...subject, revision: `${at.kind} ${at.name}` };
  const { kind, name } = at;
  return kind === "commit" ? subject : { kind, name, src: subject.src };
}
