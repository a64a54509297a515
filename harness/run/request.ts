import * as z from "zod";
import { commitId, recipeName, repoName, runName, type Subject } from "../../protocol/params.ts";
import { stageName } from "../../protocol/result.ts";

/** Where the recipe under test comes from. */
const recipeSource = z.discriminatedUnion("kind", [
  /** A repository on our forge: what a pull request proposes, or else a revision (null: the default branch). */
  z.object({
    kind: z.literal("forge"),
    src: repoName,
    pr: z.number().int().positive().nullable(),
    /**
     * The commit to test, if somebody said which; null: whatever the head is. A pull request must have it as its head,
     * and a default branch as its head or an ancestor of it.
     */
    commit: commitId.nullable(),
    revision: z.string().nullable(),
  }),
  z.object({ kind: z.literal("url"), url: z.string(), revision: z.string().nullable() }),
  /** A checkout on this machine; without a revision it is tested as it stands, uncommitted changes included. */
  z.object({ kind: z.literal("path"), path: z.string(), revision: z.string().nullable() }),
]);
export type RecipeSource = z.infer<typeof recipeSource>;

/** What the front asks the keeper for. */
export const runRequest = z.object({
  /** `ci`: parameters came from an engine and the dashboard is told; `local`: somebody at a terminal. */
  mode: z.enum(["ci", "local"]),
  run: runName,
  recipe: recipeName,
  source: recipeSource,
  /** Version to upgrade from, instead of the newest one that the commit descends from. */
  base: z.string().nullable(),
  /** Stages asked for; null means all. */
  only: z.array(stageName).nullable(),
  /** Leave the app up at the end. */
  keep: z.boolean(),
});
export type RunRequest = z.infer<typeof runRequest>;

/**
 * What the run is about, as far as the request says. The name of a default branch becomes known only when it is
 * fetched.
 */
export function subjectOf(source: RecipeSource): Subject {
  if (source.kind === "path") return { kind: "worktree", path: source.path };
  const src = source.kind === "forge" ? source.src : repoOfUrl(source.url);
  if (source.kind === "forge" && source.pr !== null) return { kind: "pr", pr: source.pr, src };
  return { kind: "branch", name: source.revision ?? "HEAD", src };
}

/** What to type for another run of the same. */
export function targetOf({ recipe, source }: Pick<RunRequest, "recipe" | "source">): string {
  return source.kind === "path" ? source.path : source.kind === "url" ? source.url : recipe;
}

/** `owner/name` as far as a git URL shows it. */
export function repoOfUrl(url: string): string {
  const parts = url.replace(/\.git$/, "").split(/[/:]+/).filter((part) => /^[A-Za-z0-9][\w.-]*$/.test(part));
  const guess = parts.slice(-2).join("/");
  return repoName.safeParse(guess).success ? guess : "unknown/unknown";
}
