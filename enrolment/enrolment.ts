import { join } from "node:path";
import { parse as parseYaml } from "yaml";
import * as z from "zod";
import { CcciError } from "../common/errors.ts";
import { recipeName, repoName } from "../protocol/params.ts";
import { stageName } from "../protocol/result.ts";
import { exists } from "../common/files.ts";

const command = z.strictObject({
  /** Service of the recipe in whose container the command runs. */
  service: z.string().regex(/^[a-zA-Z0-9][\w.-]*$/),
  /** For `sh -c`, with the run's marker in `$MARKER`. */
  command: z.string().min(1),
});

/** Text that must be shown, or `/pattern/` or `/pattern/i` that it must match. */
const shown = z.string().min(1).refine((text) => {
  const pattern = /^\/(.+)\/i?$/.exec(text)?.[1];
  try {
    return pattern === undefined || new RegExp(pattern) instanceof RegExp;
  } catch {
    return false;
  }
}, "must be a valid regular expression, since it stands between slashes");

/** `recipes/<recipe>/recipe.yml`: what the suite has to know about a recipe that the recipe does not say itself. */
const enrolmentSchema = z.strictObject({
  /** `owner/name` of the repository whose pull requests are tested. */
  repo: repoName,
  /** Where releases are published: `owner/name` on the forge, or a git URL. Default: `repo`. */
  upstream: z.string().min(1).optional(),
  /** Whether anybody may see the recipe's runs on the dashboard; it is hidden without. */
  public: z.boolean().default(false),
  health: z.strictObject({
    /** Path that answers when the app works. */
    path: z.string().startsWith("/").default("/"),
    status: z.number().int().min(100).max(599).default(200),
    /** Part of the page's title, or a regular expression between slashes. */
    title: shown.optional(),
    /** Part of the text a visitor sees on the page, or a regular expression between slashes. */
    text: shown.optional(),
  }).prefault({}),
  /** Seconds a stage may take. */
  timeouts: z.partialRecord(stageName, z.number().positive()).default({}),
  /** Settings for the app's `.env`. `{domain}` and `{domain.<name>}` stand for the app's domains. */
  env: z.record(
    z.string().regex(/^[A-Za-z_]\w*$/),
    z.union([z.string(), z.number(), z.boolean()]).transform(String),
  ).default({}),
  /** Further domains the app answers at; each becomes a sibling of its domain. */
  extra_domains: z.array(z.string().regex(/^[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?$/)).default([]),
  data: z.strictObject({
    /** Commands that write the marker. */
    seed: z.array(command).default([]),
    /**
     * Commands that destroy it before a restore, for data that does not go with the files of the backed-up volumes.
     * Where there are none, these files are deleted.
     */
    destroy: z.array(command).default([]),
    /** Commands that must print it again. */
    read: z.array(command.extend({
      /** What must be printed, when it is not the marker itself; `$MARKER` stands for it. */
      expect: z.string().min(1).optional(),
    })).default([]),
  }).prefault({}),
  /** Without the other stages nothing would have been shown. */
  skip: z.array(
    z.strictObject({
      stage: stageName.extract(["backup", "restore", "tests", "upgrade"]),
      reason: z.string().min(1),
    }),
  ).default([]),
  /** Confinement rules this recipe is exempt from: `rule` or `rule=subject`. */
  exceptions: z.array(z.string().min(1)).default([]),
});

export interface Enrolment extends z.infer<typeof enrolmentSchema> {
  recipe: string;
  /** Folder with the recipe's tests; null for a recipe that is not enrolled. */
  folder: string | null;
}

/** No such enrolment, or one that cannot be used. */
export class EnrolmentError extends CcciError {}

/**
 * Reads `<recipes>/<recipe>/recipe.yml`.
 * @throws {EnrolmentError} `enrolment.unknown`, or `enrolment.invalid` naming every mistake
 */
export async function loadEnrolment(recipes: string, recipe: string): Promise<Enrolment> {
  const folder = join(recipes, recipe);
  const path = join(folder, "recipe.yml");
  if (!recipeName.safeParse(recipe).success || !await exists(path)) {
    const known = await enrolled(recipes);
    throw new EnrolmentError("enrolment.unknown", `Recipe "${recipe}" is not enrolled`, {
      hint: known.length === 0
        ? `"${recipes}" holds no enrolments`
        : `Enrolled are: ${known.join(", ")}. A path or a git URL works without enrolment`,
    });
  }
  return { recipe, folder, ...parseEnrolment(await Deno.readTextFile(path), path) };
}

/** @throws {EnrolmentError} `enrolment.invalid` */
export function parseEnrolment(text: string, path: string): z.infer<typeof enrolmentSchema> {
  let raw: unknown;
  try {
    raw = parseYaml(text);
  } catch (cause) {
    const first = cause instanceof Error ? cause.message.split("\n")[0] ?? "" : String(cause);
    throw new EnrolmentError("enrolment.invalid", `"${path}" does not parse: ${first}`, { cause });
  }
  const parsed = enrolmentSchema.safeParse(raw);
  if (parsed.success) return parsed.data;
  const wrong = parsed.error.issues.map((issue) => `${issue.path.join(".") || "file"}: ${issue.message}`);
  throw new EnrolmentError("enrolment.invalid", `"${path}" is invalid: ${wrong.join("; ")}`);
}

/** What holds for a recipe nobody enrolled. */
export function defaultEnrolment(recipe: string): Enrolment {
  return { recipe, folder: null, ...enrolmentSchema.parse({ repo: `unknown/${recipe}` }) };
}

/** Names of all enrolled recipes. */
export async function enrolled(recipes: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const entry of Deno.readDir(recipes)) {
      if (entry.isDirectory && await exists(join(recipes, entry.name, "recipe.yml"))) names.push(entry.name);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return names.sort();
}
