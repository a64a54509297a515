import { UsageError } from "../../common/errors.ts";
import { EnrolmentError, loadEnrolment } from "../../enrolment/enrolment.ts";
import { Git, withoutCredentials } from "../recipe/git.ts";
import { cloneUrl, upstreamUrl } from "../recipe/repo.ts";
import type { RunRequest } from "../run/request.ts";
import type { Settings } from "../run/settings.ts";
import { findVersion, isVersion, whyNoVersion } from "../recipe/versions.ts";

/**
 * A person waits at the terminal for this check. The run itself tells what is wrong with a repository that does not
 * answer.
 */
const LIMIT_MS = 20_000;

/**
 * Refuses a revision or a version to upgrade from that is not there, before a run is made for it. A commit that a
 * repository elsewhere does not name is left to the run: only fetching shows whether it has it.
 * @throws {UsageError}
 */
export async function refuseMissing(request: RunRequest, settings: Settings): Promise<void> {
  const { source, base } = request;
  const { revision } = source;
  if (revision === null && base === null) return;
  const git = new Git(settings);
  const url = cloneUrl(source, settings);
  const refs = await listRefs(git, url);
  if (refs === null) return;
  const shown = withoutCredentials(url);
  if (
    revision !== null && !await isThere(git, { revision, refs, path: source.kind === "path" ? url : null })
  ) {
    throw new UsageError(`There is no branch, tag or commit "${revision}" in "${shown}"`, {
      hint: listed("Branches are", named(refs, "refs/heads/")),
    });
  }
  if (base === null) return;
  const upstream = source.kind === "path"
    ? url
    : upstreamUrl(await upstreamOf(request, settings), settings) ?? url;
  const released = upstream === url ? refs : await listRefs(git, upstream);
  if (released === null) return;
  // An annotated tag is listed a second time, with the commit that it stands for.
  const versions = named(released, "refs/tags/").filter((name) => name.endsWith("^{}"))
    .map((name) => name.slice(0, -3)).filter(isVersion);
  const published = versions.map((version) => ({ version, commit: "" }));
  if (findVersion(published, base) !== null) return;
  throw new UsageError(whyNoVersion(published, base).message, { hint: listed("Published are", versions) });
}

/** Names of a repository's refs, or null when it does not answer. */
async function listRefs(git: Git, url: string): Promise<string[] | null> {
  const result = await git.attempt(["ls-remote", "--", url], { timeoutMs: LIMIT_MS });
  if (!result.success) return null;
  return result.stdout.split("\n").flatMap((line) => line.split("\t")[1] ?? []);
}

async function isThere(
  git: Git,
  { revision, refs, path }: { revision: string; refs: readonly string[]; path: string | null },
): Promise<boolean> {
  if (["", "refs/heads/", "refs/tags/"].some((below) => refs.includes(`${below}${revision}`))) return true;
  if (!/^[0-9a-f]{7,64}$/.test(revision)) return false;
  if (path === null) return true;
  const asked = ["rev-parse", "--verify", "-q", "--end-of-options", `${revision}^{commit}`];
  return (await git.attempt(asked, { cwd: path })).success;
}

async function upstreamOf({ recipe }: RunRequest, settings: Settings): Promise<string | undefined> {
  try {
    return (await loadEnrolment(settings.RECIPES, recipe)).upstream;
  } catch (error) {
    if (error instanceof EnrolmentError) return undefined;
    throw error;
  }
}

function named(refs: readonly string[], below: string): string[] {
  return refs.filter((ref) => ref.startsWith(below)).map((ref) => ref.slice(below.length));
}

function listed(what: string, names: readonly string[]): string {
  if (names.length === 0) return "There are none";
  const more = names.length > 10 ? ` and ${names.length - 10} more` : "";
  return `${what}: ${names.slice(-10).join(", ")}${more}`;
}
