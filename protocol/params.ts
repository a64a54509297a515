import * as z from "zod";

/** Name of a recipe, as in its repository's name and in `recipes/<recipe>/`. */
export const recipeName = z.string().regex(/^[a-z0-9][a-z0-9-]*$/).max(64);
/** A domain below which hosts and apps live. */
export const domainName = z.string().regex(
  /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$/,
  "must be a domain name in lower case, such as ci.example.org, of letters from a to z, digits and hyphens",
);
/** Full commit id. */
export const commitId = z.string().regex(
  /^([0-9a-f]{40}|[0-9a-f]{64})$/,
  "must be a whole commit id, of 40 or 64 hexadecimal digits in lower case",
);
/** A commit as people name it: its first seven digits. */
export function shortCommit(commit: string): string {
  return commit.slice(0, 7);
}

/** An organisation on the forge. */
export const orgName = z.string().regex(
  /^[A-Za-z0-9][A-Za-z0-9_.-]*$/,
  "must be the name of an organisation",
);
/** `owner/name` of a repository on the forge. */
export const repoName = z.string().regex(
  /^[A-Za-z0-9][A-Za-z0-9_.-]*\/[A-Za-z0-9][A-Za-z0-9_.-]*$/,
  'must be "owner/name"',
).max(200)
  .refine((name) => !name.includes(".."), 'must not contain ".."');
/** `<run id>-<attempt>`: names the run folder, the slot holder and the page of a run. */
export const runName = z.string().regex(/^[a-z0-9]{6,24}-[0-9]{1,3}$/);

/**
 * The five parameters that reach the harness from outside. The bridge writes them, the engine carries them as
 * environment variables, the harness checks them again. PR is empty for a branch or tag.
 */
export const runParams = z.strictObject({
  RECIPE: recipeName,
  REF: commitId,
  PR: z.string().regex(/^([1-9][0-9]{0,8})?$/),
  SRC: repoName,
  RUN: runName,
});
export type RunParams = z.infer<typeof runParams>;

/** What a run is about. Only `branch` and `tag` speak for a recipe in public; `worktree` is a laptop's checkout. */
export const subject = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("pr"), pr: z.number().int().positive(), src: repoName }),
  z.object({ kind: z.literal("branch"), name: z.string(), src: repoName }),
  z.object({ kind: z.literal("tag"), name: z.string(), src: repoName }),
  z.object({
    kind: z.literal("worktree"),
    path: z.string(),
    /** What of it was tested, such as `tag 1.0.0+2`, if not the files as they stand. */
    revision: z.string().optional(),
  }),
]);
export type Subject = z.infer<typeof subject>;
