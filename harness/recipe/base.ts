import type { Settings } from "../run/settings.ts";
import { StageFailure } from "../run/stage.ts";
import { Git } from "./git.ts";
import { readInside } from "./inside_checkout.ts";
import { compareVersions } from "./order_versions.ts";
import type { RecipeRepo } from "./repo.ts";
import { findVersion, isVersion, type PublishedVersion, whyNoVersion } from "./versions.ts";

/** The version from which the commit under test is upgraded, and why it is this one. */
export interface Base {
  /** null: nobody runs a version from which this commit is an upgrade. */
  version: PublishedVersion | null;
  /** A phrase such as `the newest version that the commit descends from`. */
  why: string;
}

/**
 * Finds the published version that people run before the commit reaches them: the newest one that the commit descends
 * from, so that a fix on the branch of 1.x is not "upgraded" from 2.0.0. A commit that descends from none (a history
 * that was rewritten or cut off) is upgraded from the newest version that its own number does not fall short of.
 * @param options.asked the version to take instead, whole or without what follows `+`
 * @throws {StageFailure} when the version that was asked for was never published, or comes after the commit
 */
export async function findBase(
  repo: RecipeRepo,
  options: { asked: string | null; settings: Settings; signal: AbortSignal },
): Promise<Base> {
  const history = new History(repo, options);
  if (options.asked !== null) return await askedVersion(history, options.asked);
  const others = newestFirst(history.others());
  if (others.length === 0) return { version: null, why: "no other version was published" };
  const ancestors = new Set(await history.ancestors());
  const ancestor = others.find((one) => ancestors.has(one.version));
  if (ancestor !== undefined) {
    return { version: ancestor, why: "the newest version that the commit descends from" };
  }
  const number = await history.ownNumber();
  if (number === null) {
    return {
      version: others[0] ?? null,
      why: "the newest version; the commit descends from none and does not say its own",
    };
  }
  const below = others.find((one) => compareVersions(one.version, number) <= 0) ?? null;
  const place = `${number}, which is the commit's own number; it descends from no published version`;
  return { version: below, why: `${below === null ? "none was published" : "the newest"} up to ${place}` };
}

/** The versions from which the commit under test is upgraded one after the other, and why these. */
export interface Bases {
  /** Empty: nobody runs a version from which this commit is an upgrade. */
  versions: PublishedVersion[];
  /** Why the first one is what it is. */
  why: string;
  /** A sentence for each version that was named and left out. */
  notes: string[];
}

/**
 * Finds the versions that `upgrade_from` of a `recipe.yml` names. One that comes after the commit, as on a branch of an
 * older version, is left out.
 * @param options.asked one version to take in their place
 * @throws {StageFailure} as the enrolment's fault for a version that was never published
 */
export async function findBases(
  repo: RecipeRepo,
  options: { asked: string | null; wanted: readonly string[]; settings: Settings; signal: AbortSignal },
): Promise<Bases> {
  const { asked, wanted } = options;
  if (asked !== null) {
    const { version, why } = await findBase(repo, options);
    return { versions: version === null ? [] : [version], why, notes: [] };
  }
  const history = new History(repo, options);
  const found: Bases = { versions: [], why: "no version that recipe.yml names comes before it", notes: [] };
  for (const one of wanted) {
    const { version, why } = one === "newest"
      ? await findBase(repo, options)
      : await namedVersion(history, one);
    if (found.versions.length === 0) found.why = why;
    if (version === null) {
      if (one !== "newest") found.notes.push(`Not upgraded from ${one} (upgrade_from): ${why}`);
    } else if (!found.versions.some((known) => known.version === version.version)) {
      found.versions.push(version);
    }
  }
  return found;
}

async function namedVersion(history: History, named: string): Promise<Base> {
  const version = findVersion(history.repo.published, named);
  if (version === null) {
    const { message, published: detail } = whyNoVersion(history.repo.published, named);
    throw new StageFailure(`recipe.yml: "upgrade_from": ${message}`, {
      code: "base.unpublished",
      fault: "enrolment",
      detail,
    });
  }
  return await history.comesBefore(version)
    ? { version: null, why: "it is no older than the commit under test" }
    : { version, why: "the first version that recipe.yml names (upgrade_from)" };
}

async function askedVersion(history: History, asked: string): Promise<Base> {
  const { published } = history.repo;
  const version = findVersion(published, asked);
  if (version === null) {
    const { message, published: detail } = whyNoVersion(published, asked);
    throw new StageFailure(message, { detail });
  }
  if (await history.comesBefore(version)) {
    throw new StageFailure(`Version ${version.version} comes after the commit under test`, {
      detail: "Nobody upgrades from it to this commit; name an older one or leave it out",
    });
  }
  return { version, why: "the version that was asked for" };
}

/** How the commit under test stands to the published versions. */
class History {
  readonly repo: RecipeRepo;
  #git: Git;
  #signal: AbortSignal;

  constructor(repo: RecipeRepo, { settings, signal }: { settings: Settings; signal: AbortSignal }) {
    this.repo = repo;
    this.#git = new Git(settings);
    this.#signal = signal;
  }

  /** All versions, without the one that is under test itself. */
  others(): PublishedVersion[] {
    const { published, dirty, head } = this.repo;
    return dirty ? published : published.filter((one) => one.commit !== head);
  }

  /** Tags on commits that the commit descends from. */
  async ancestors(): Promise<string[]> {
    const { head, tagRefs } = this.repo;
    const format = `--format=%(refname:lstrip=${tagRefs.split("/").length})`;
    return (await this.#git.run(["for-each-ref", `--merged=${head}`, format, tagRefs], this.#inMirror)).split(
      "\n",
    );
  }

  /** Whether the commit under test is older than this version. */
  async comesBefore(version: PublishedVersion): Promise<boolean> {
    const { head, dirty } = this.repo;
    const isAncestor = async (older: string, newer: string) =>
      (await this.#git.attempt(["merge-base", "--is-ancestor", older, newer], this.#inMirror)).success;
    if (version.commit === head) return !dirty;
    if (await isAncestor(head, version.commit)) return true;
    if (await isAncestor(version.commit, head)) return false;
    const number = await this.ownNumber();
    return number !== null && compareVersions(version.version, number) > 0;
  }

  /** The version that the commit is, or else the one that its `compose.yml` says that it will be. */
  async ownNumber(): Promise<string | null> {
    const { published, dirty, head, worktree } = this.repo;
    const self = dirty ? [] : newestFirst(published.filter((one) => one.commit === head));
    if (self[0] !== undefined) return self[0].version;
    const compose = worktree === null
      ? (await this.#git.attempt(["show", `${head}:compose.yml`], this.#inMirror)).stdout
      : readInside(worktree, "compose.yml") ?? "";
    const label = /coop-cloud\.\$\{?STACK_NAME\}?\.version["']?\s*[=:]\s*["']?([^\s"']+)/.exec(compose)?.[1];
    return label !== undefined && isVersion(label) ? label : null;
  }

  get #inMirror() {
    return { cwd: this.repo.mirror, signal: this.#signal };
  }
}

/** Published versions in the order of their numbers, the newest one first. */
export function newestFirst(versions: readonly PublishedVersion[]): PublishedVersion[] {
  return versions.toSorted((a, b) => compareVersions(b.version, a.version));
}
