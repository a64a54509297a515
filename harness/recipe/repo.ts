import { createHash } from "node:crypto";
import { basename, join } from "node:path";
import { describeError } from "../../common/errors.ts";
import { isGitUrl } from "../../common/git_url.ts";
import { plainLine } from "../../common/plain_text.ts";
import type { Subject } from "../../protocol/params.ts";
import { Git, GitError, type GitLimits, metItsLimits, withoutCredentials } from "./git.ts";
import { isOvergrown, type MirrorLimits } from "./mirror_size.ts";
import { findHead } from "./head.ts";
import { checkTree } from "./tree_limits.ts";
import { exists, removeTree } from "../../common/files.ts";
import type { RecipeSource } from "../run/request.ts";
import type { Settings } from "../run/settings.ts";
import { InfraFailure, StageFailure } from "../run/stage.ts";
import { isVersion, type PublishedVersion } from "./versions.ts";
import { copyWorktree } from "./worktree.ts";

/** A recipe's commits as this run sees them. */
export interface RecipeRepo {
  /** Bare repository with the head under test and the published tags. */
  mirror: string;
  /** Where in it the published versions' tags are. */
  tagRefs: string;
  /** The commit under test. */
  head: string;
  /** True when uncommitted changes come on top of it. */
  dirty: boolean;
  /** The checkout whose uncommitted changes are tested, if any. */
  worktree: string | null;
  subject: Subject;
  published: PublishedVersion[];
  /** Tags of the form of a version that abra does not count, because they are not annotated. */
  lightweight: PublishedVersion[];
  /** All tags that are not annotated. */
  unannotated: string[];
  notes: string[];
}

export interface FetchOptions {
  recipe: string;
  /** What the head's subject is called until its real name is known. */
  subject: Subject;
  /** Where published versions are read from: `owner/name` on the forge or a git URL; absent: where the head is. */
  upstream?: string;
  /** What can be done where there is no repository. */
  missing?: string;
  settings: Settings;
  log: (line: string) => void;
  signal: AbortSignal;
  /** Used instead of the usual limits, in tests. */
  limits?: { git?: GitLimits; mirror?: MirrorLimits };
}

/**
 * Brings the commit under test and all published versions into a bare mirror below `CCCI_RUNS`, which later runs of
 * the recipe only have to update.
 * @throws {StageFailure} when what was asked for does not exist
 * @throws {InfraFailure} when it cannot be reached, or is no longer what it was
 */
export async function fetchRecipe(source: RecipeSource, options: FetchOptions): Promise<RecipeRepo> {
  const { settings, log, signal } = options;
  const git = new Git(settings, options.limits?.git);
  const url = cloneUrl(source, settings);
  const mirror = join(settings.RUNS, ".cache", "git", mirrorName(options.recipe, url));
  const make = async (format = "sha1") => {
    await removeTree(mirror);
    await Deno.mkdir(mirror, { recursive: true });
    await git.run(["init", "-q", "--bare", `--object-format=${format}`, mirror], { signal });
  };
  if (await isOvergrown(mirror, options.limits?.mirror)) {
    log("The mirror has grown too large; it is made anew");
    await removeTree(mirror);
  }
  if (!await exists(join(mirror, "HEAD"))) await make();
  const inMirror = { cwd: mirror, log, signal };
  const wanted = ["+refs/heads/*:refs/src/heads/*", "+refs/tags/*:refs/src/tags/*"];
  const pr = source.kind === "forge" ? source.pr : null;
  if (pr !== null) wanted.push(`+refs/pull/${pr}/head:refs/src/pull/${pr}/head`);
  if (source.revision?.startsWith("refs/")) wanted.push(`+${source.revision}:refs/src/asked`);
  log(`Fetching ${withoutCredentials(url)}`);
  const checkout = source.kind === "path" ? source.path : null;
  const lacks = checkout === null ? null : await lacking(git, checkout);
  const notes: string[] = [];
  const fetchHead = async () => {
    if (checkout !== null && lacks !== null) {
      notes.splice(0, Infinity, ...await fetchRest(git, { checkout, lacks, ...inMirror }));
    }
    await fetchRefs(git, { from: url, refs: wanted, complete: lacks === null, ...inMirror });
  };
  await fetchHead().catch(async (error) => {
    if (!(error instanceof GitError)) throw error;
    // The mirror is only a cache. A repository tells by which algorithm it names its objects when it is fetched from.
    const format = /mismatched algorithms: client \w+; server (\w+)/.exec(error.output)?.[1];
    // A fetch that was killed leaves its locks behind, and then every later one fails.
    const locked = /\.lock'?: File exists/.test(error.output);
    if (format === undefined && !locked) throw error;
    if (locked) log("The mirror was left locked by a fetch that was killed; it is made anew");
    await make(format);
    await fetchHead();
  }).catch((error) => {
    const { missing } = options;
    throw fetchProblem(error, { url: withoutCredentials(url), pr, ours: source.kind === "forge", missing });
  });

  const upstream = source.kind === "path" ? url : upstreamUrl(options.upstream, settings) ?? url;
  if (upstream !== url) {
    log(`Fetching the published versions from ${withoutCredentials(upstream)}`);
    await fetchRefs(git, { from: upstream, refs: ["+refs/tags/*:refs/upstream/tags/*"], ...inMirror })
      .catch((error) => {
        throw new InfraFailure(
          `Could not fetch the published versions from "${withoutCredentials(upstream)}"`,
          { cause: error },
        );
      });
  } else if (source.kind === "path" && options.upstream !== undefined) {
    notes.push("Published versions are those this checkout has tags for");
  }
  const tagRefs = upstream === url ? "refs/src/tags" : "refs/upstream/tags";
  const tags = await readTags(git, mirror, tagRefs);

  const found = await findHead(git, { source, mirror, url, subject: options.subject, ...inMirror });
  await checkTree(git, { commit: found.head, mirror, signal });
  if (tags.misnamed.length > 0) notes.push(noVersions(tags.misnamed));
  return { mirror, tagRefs, ...found, ...tags, notes };
}

interface InMirror {
  /** The mirror. */
  cwd: string;
  log: (line: string) => void;
  signal: AbortSignal;
}

async function fetchRefs(
  git: Git,
  options: InMirror & { from: string; refs: string[]; complete?: boolean },
) {
  const { from, refs, complete = true, ...rest } = options;
  const keep = complete ? ["--prune"] : ["--update-shallow"]; // keeps tags that an incomplete checkout lacks
  const how = ["-q", "--no-tags", "--force", ...keep];
  await git.run(["fetch", ...how, "--", from, ...refs], rest);
}

/** What a checkout does not hold of the history that it belongs to; null: nothing. */
async function lacking(git: Git, checkout: string): Promise<"shallow" | "partial" | null> {
  if (!await exists(checkout)) return null;
  const said = (...args: string[]) =>
    git.attempt(args, { cwd: checkout }).then(({ stdout }) => stdout.trim());
  if (await said("rev-parse", "--is-shallow-repository") === "true") return "shallow";
  return await said("config", "--bool", "remote.origin.promisor") === "true" ? "partial" : null;
}

/**
 * Fetches what a checkout lacks, from where it was cloned: without its history nobody can tell which version a commit
 * descends from, a shallow checkout hardly has a tag, and nothing can be fetched from a partial one.
 * @returns what is to be told if that could not be done
 */
async function fetchRest(
  git: Git,
  options: InMirror & { checkout: string; lacks: "shallow" | "partial" },
): Promise<string[]> {
  const { checkout, lacks, ...inMirror } = options;
  const from = (await git.attempt(["remote", "get-url", "origin"], { cwd: checkout })).stdout.trim();
  if (from === "") {
    return [
      `The checkout is ${lacks} and names no remote "origin": versions that it has no tags for are unknown`,
    ];
  }
  const place = withoutCredentials(from);
  inMirror.log(`The checkout is ${lacks}; fetching the rest from ${place}`);
  const refs = ["+refs/heads/*:refs/origin/heads/*", "+refs/tags/*:refs/src/tags/*"];
  const fetched = await git.attempt(
    ["fetch", "-q", "--prune", "--no-tags", "--force", "--", from, ...refs],
    inMirror,
  );
  if (fetched.success) return [];
  const how = lacks === "shallow" ? "git fetch --unshallow --tags" : "git fetch --refetch --no-filter --tags";
  return [
    `The checkout is ${lacks}, and the rest could not be fetched from "${place}": ${how} there gets it`,
  ];
}

/** What is said of annotated tags that look like versions and are none, such as `v1.0.1`. */
function noVersions(tags: readonly string[]): string {
  const names = tags.slice(0, 3).map((tag) => plainLine(tag).slice(0, 40)).join(", ");
  const more = tags.length > 3 ? ` and ${tags.length - 3} more` : "";
  return `No versions, since a version is called like 1.2.0+<tag of the main image>: the tags ${names}${more}`;
}

/** Version tags: the annotated ones, which are releases, and the lightweight ones, which are none. */
async function readTags(git: Git, mirror: string, below: string) {
  const depth = below.split("/").length;
  const format =
    `--format=%(objecttype) %(refname:lstrip=${depth}) %(objectname) %(*objectname) %(*objecttype)`;
  const listed = await git.run(["for-each-ref", format, below], { cwd: mirror });
  const published: PublishedVersion[] = [];
  const lightweight: PublishedVersion[] = [];
  const unannotated: string[] = [];
  const misnamed: string[] = [];
  for (const line of listed.split("\n")) {
    const [type, version, object, commit, stands] = line.split(" ");
    if (version === undefined || object === undefined) continue;
    if (type !== "tag") unannotated.push(version);
    if (!isVersion(version)) {
      if (type === "tag" && /^v?[0-9]/.test(version)) misnamed.push(version);
    } else if (type !== "tag") lightweight.push({ version, commit: object });
    else if (commit !== undefined && stands === "commit") published.push({ version, commit });
    else if (stands === "tag") { // a release that was tagged once more
      const peeled = await git.attempt(["rev-parse", "--verify", "-q", `${object}^{commit}`], {
        cwd: mirror,
      });
      if (peeled.success) published.push({ version, commit: peeled.stdout.trim() });
    }
  }
  return { published, lightweight, unannotated, misnamed };
}

/**
 * Files are checked out as the bytes that were committed, whatever `.gitattributes` asks for: abra's own git knows
 * nothing of line ends, encodings, `$Id$` and filters, and would deploy something else.
 */
const AS_COMMITTED = "* -text -crlf -ident -filter !working-tree-encoding -eol\n";

/**
 * Makes an ordinary clone of the mirror for abra: published tags as its own, the given commit checked out.
 * @param target folder to make
 */
export async function checkOut(
  repo: RecipeRepo,
  target: string,
  options: { at: "head" | PublishedVersion; settings: Settings; signal?: AbortSignal },
): Promise<void> {
  const git = new Git(options.settings);
  const inTarget = { cwd: target, ...signalOf(options) };
  if (!await exists(join(target, ".git"))) {
    await removeTree(target);
    await Deno.mkdir(target, { recursive: true });
    const format = repo.head.length === 64 ? "sha256" : "sha1";
    await git.run(["init", "-q", `--object-format=${format}`, target]);
    await Deno.mkdir(join(target, ".git", "info"), { recursive: true });
    await Deno.writeTextFile(join(target, ".git", "info", "attributes"), AS_COMMITTED);
    await git.run(["remote", "add", "origin", repo.mirror], inTarget);
    const refs = ["+refs/src/*:refs/remotes/origin/*", `+${repo.tagRefs}/*:refs/tags/*`];
    // One lightweight tag anywhere makes abra refuse all pinned deploys of a recipe, so it gets none.
    const without = repo.unannotated.map((tag) => `^${repo.tagRefs}/${tag}`);
    await git.run(["fetch", "-q", "--no-tags", "origin", ...refs, ...without], inTarget);
  }
  const commit = options.at === "head" ? repo.head : options.at.commit;
  if (options.at !== "head") await checkTree(git, { commit, mirror: repo.mirror, ...signalOf(options) });
  try {
    await git.run(["checkout", "-q", "--force", "--detach", commit], inTarget);
  } catch (error) {
    if (!(error instanceof GitError) || !/invalid path|File name too long/i.test(error.output)) throw error;
    throw new StageFailure(
      `The recipe has a file that git does not check out: ${error.message}`.slice(0, 300),
      {
        code: "confine.checkout",
      },
    );
  }
  await git.run(["clean", "-q", "-ffdx"], inTarget);
  if (options.at === "head" && repo.worktree !== null) {
    await copyWorktree(git, { from: repo.worktree, to: target });
  }
}

function signalOf({ signal }: { signal?: AbortSignal }): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}

/** Where the head comes from. */
export function cloneUrl(source: RecipeSource, settings: Settings): string {
  if (source.kind === "url") return source.url;
  if (source.kind === "path") return source.path;
  return forgeUrl(source.src, settings);
}

function forgeUrl(repo: string, settings: Settings): string {
  if (settings.FORGE_URL === undefined) {
    throw new InfraFailure(`Cannot clone "${repo}": CCCI_FORGE_URL does not say where from`);
  }
  return `${settings.FORGE_URL.replace(/\/+$/, "")}/${repo}.git`;
}

/** Where published versions come from, if not from where the head does. */
export function upstreamUrl(upstream: string | undefined, settings: Settings): string | undefined {
  if (upstream === undefined) return undefined;
  return isGitUrl(upstream) ? upstream : forgeUrl(upstream, settings);
}

function mirrorName(recipe: string, url: string): string {
  return `${recipe}-${createHash("sha256").update(url).digest("hex").slice(0, 10)}.git`;
}

function fetchProblem(
  error: unknown,
  asked: { url: string; pr: number | null; ours: boolean; missing: string | undefined },
): Error {
  if (!(error instanceof GitError)) return error instanceof Error ? error : new Error(String(error));
  if (metItsLimits(error)) {
    return new StageFailure(`The repository at "${asked.url}" is too large to be fetched`, {
      code: "confine.checkout",
      cause: error,
    });
  }
  const missingRef = /couldn't find remote ref (\S+)/i.exec(error.output)?.[1];
  if (missingRef !== undefined && asked.pr !== null) {
    return new InfraFailure(`There is no pull request #${asked.pr} in "${asked.url}" (any more)`);
  }
  if (missingRef !== undefined) return new StageFailure(`There is no "${missingRef}" in "${asked.url}"`);
  const what = asked.missing === undefined ? {} : { detail: asked.missing };
  if (/repository .*not found|does not appear to be a git repository|does not exist/i.test(error.output)) {
    return new StageFailure(`There is no git repository at "${asked.url}"`, { cause: error, ...what });
  }
  if (/could not read (Username|Password)|Authentication failed/i.test(error.output)) { // forges hide what is private
    const text = `There is no repository at "${asked.url}", or none that anybody may read`;
    return asked.ours ? new InfraFailure(text, what) : new StageFailure(text);
  }
  return new InfraFailure(`Could not fetch "${basename(asked.url)}" from "${asked.url}"`, {
    cause: error,
    detail: describeError(error),
  });
}
