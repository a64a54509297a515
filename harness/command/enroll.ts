import { basename, join, relative } from "node:path";
import { UsageError } from "../../common/errors.ts";
import { exists, fromFileUrl, resolvePath } from "../../common/files.ts";
import { readEnrolments } from "../../enrolment/repositories.ts";
import { recipeName, repoName } from "../../protocol/params.ts";
import { databasesOf } from "../enroll/databases.ts";
import { type Proposal, Proposing } from "../enroll/propose.ts";
import { answerTo, type Asker, takesProposals, terminalAsker } from "../enroll/questions.ts";
import { type FetchedRecipe, fetchToRead, type ReadOptions } from "../enroll/read_recipe.ts";
import { filesOf } from "../enroll/written_files.ts";
import { place } from "../lint/finding.ts";
import { checkTags } from "../lint/tags.ts";
import { backedUp } from "../recipe/backup_labels.ts";
import { composeServices } from "../recipe/compose_services.ts";
import { withoutCredentials } from "../recipe/git.ts";
import { type RecipeSource, repoOfUrl, subjectOf } from "../run/request.ts";
import { readSettings, type Settings } from "../run/settings.ts";
import { locateRecipe } from "./local_request.ts";
import { recipesCheck } from "./recipes.ts";

export interface EnrollOptions {
  /** Settings by their names in the environment; `CCCI_RECIPES` is the folder to which the enrolment is added. */
  env: Readonly<Record<string, string>>;
  /**
   * Shows a question with what is proposed, and returns the answer, or null where nobody answers any more. In its
   * place null: what is proposed is taken.
   */
  prompt: ((question: string, proposal: string) => string | null) | null;
  force: boolean;
  say: (text: string) => void;
  signal: AbortSignal;
}

type EnrollTools = Omit<EnrollOptions, "env" | "prompt"> & { settings: Settings; ask: Asker };

/** What came of it. */
export interface Enrolled {
  recipe: string;
  source: RecipeSource;
  folder: string;
  /** Whether a run makes sense: the enrolment has no mistake, and nothing forbids to deploy the recipe. */
  ready: boolean;
}

/**
 * Reads a recipe, asks what a person has to decide, and writes its enrolment.
 * @param target git URL, path, or name on the forge
 * @throws {UsageError} for what cannot be enrolled
 * @throws {Unanswered} when whoever is asked leaves
 */
export async function enroll(target: string, { env, prompt, ...options }: EnrollOptions): Promise<Enrolled> {
  const settings = readSettings((name) => env[name]);
  const { say, signal } = options;
  const ask = prompt === null ? takesProposals((line) => say(`  ${line}\n`)) : terminalAsker(prompt);
  const tools: EnrollTools = { ...options, settings, ask };
  const { recipe, source } = await findTarget(target, settings);
  const folder = join(settings.RECIPES, recipe);
  await refuseEnrolled(folder, { recipe, ...tools });
  const tmp = await Deno.makeTempDir({ prefix: "ccci-enroll-" });
  try {
    const log = () => {};
    const read: ReadOptions = { settings, tmp, log, signal };
    say(`Reading ${withoutCredentials(target)} …\n`);
    const fetched = await fetchToRead(recipe, { ...read, source, subject: subjectOf(source) });
    const from = await repositoryOf(source, { recipe, settings, ask });
    const proposal = await new Proposing(fetched, { from, ask, read }).propose();
    sayWhatIsThere(proposal, { fetched, say });
    signal.throwIfAborted();
    await write(folder, proposal);
    say(`Wrote ${folder}/ (recipe.yml and first tests)\n`);
    const mistakes = await recipesCheck([recipe], { settings, say, signal });
    sayRefusals(proposal, { folder, say });
    return { recipe, source, folder, ready: mistakes === 0 && proposal.refused.length === 0 };
  } finally {
    await Deno.remove(tmp, { recursive: true });
  }
}

/** Whether a target is a name on the forge, and neither a path nor a URL. */
async function isForgeName(target: string): Promise<boolean> {
  return /^[\w.-]+(\/[\w.-]+)?$/.test(target) && !target.startsWith(".") &&
    !await exists(resolvePath(target));
}

/** What a target is, also one that nobody has enrolled. @throws {UsageError} */
export async function findTarget(
  target: string,
  settings: Settings,
): Promise<{ recipe: string; source: RecipeSource }> {
  if (!await exists(settings.RECIPES)) {
    throw new UsageError(`There is no folder "${settings.RECIPES}" for the enrolment`, {
      hint: "--into names another; it is not made by itself",
    });
  }
  if (!await isForgeName(target)) return await locateRecipe(target, { settings, revision: null });
  const repo = target.includes("/") ? target : `${await usualOwner(settings.RECIPES)}/${target}`;
  const recipe = basename(repo).toLowerCase();
  if (!repoName.safeParse(repo).success || !recipeName.safeParse(recipe).success) {
    throw new UsageError(`"${target}" cannot be the name of a recipe`);
  }
  return { recipe, source: { kind: "forge", src: repo, pr: null, commit: null, revision: null } };
}

/** The owner of most repositories that are enrolled. */
async function usualOwner(recipes: string): Promise<string> {
  const { owners, recipes: repos } = await readEnrolments(recipes);
  const count = (owner: string) => [...repos.keys()].filter((repo) => repo.startsWith(`${owner}/`)).length;
  const [owner] = owners.toSorted((a, b) => count(b) - count(a));
  if (owner === undefined) {
    throw new UsageError("Whose repository it is cannot be guessed, as nothing is enrolled yet", {
      hint: "Name it as owner/name, or by its git URL",
    });
  }
  return owner;
}

/** @throws {UsageError} for a recipe that is enrolled, unless it may be enrolled anew */
async function refuseEnrolled(
  folder: string,
  { recipe, force, ask }: Pick<EnrollTools, "force" | "ask"> & { recipe: string },
): Promise<void> {
  if (!await exists(folder) || force) return;
  if (ask.permit(`"${folder}" is there already. Write over recipe.yml and tests in it?`)) return;
  throw new UsageError(`Recipe "${recipe}" has a folder already: "${folder}"`, {
    hint: "--force writes over its recipe.yml and its first tests",
  });
}

/** Where pull requests and releases of the recipe are. */
async function repositoryOf(
  source: RecipeSource,
  { recipe, settings, ask }: { recipe: string; settings: Settings; ask: Asker },
): Promise<{ repo: string; upstream?: string }> {
  const url = source.kind === "url" ? source.url : null;
  const onForge = source.kind === "forge" ? source.src : url === null ? null : repoOnForge(url, settings);
  const proposal = onForge ??
    `${await usualOwner(settings.RECIPES).catch(() => "recipe-maintainers")}/${recipe}`;
  const { recipes } = await readEnrolments(settings.RECIPES);
  const mistake = (repo: string) => {
    if (!repoName.safeParse(repo).success) return `"${repo}" is no name of the form owner/name`;
    const other = recipes.get(repo.toLowerCase());
    if (other === undefined || other === recipe) return null;
    return `The pull requests of "${repo}" are tested as recipe "${other}" already`;
  };
  const wrong = onForge === null ? null : mistake(onForge);
  if (wrong !== null) throw new UsageError(wrong);
  const question = "On the forge whose pull requests are tested its repository is";
  const repo = onForge ?? answerTo(question, { ask, proposal, mistake });
  return { repo, ...(url === null || onForge !== null ? {} : { upstream: withoutCredentials(url) }) };
}

function repoOnForge(url: string, { FORGE_URL }: Settings): string | null {
  if (FORGE_URL === undefined || !URL.canParse(url)) return null;
  return new URL(url).host === new URL(FORGE_URL).host ? repoOfUrl(url) : null;
}

function sayWhatIsThere(
  { read, database, notes }: Proposal,
  { fetched, say }: { fetched: FetchedRecipe; say: (text: string) => void },
): void {
  const services = composeServices(read.compose);
  const named = Object.entries(services).map(([name, { image }]) => `${name} (${image ?? "no image"})`);
  const { repo, base, app } = fetched;
  const { published } = repo;
  const saved = backedUp(read.compose, app.stack);
  const databases = databasesOf(services).map(({ kind, service }) => `${kind} in ${service}`);
  const rows = [
    `Services:  ${named.join(", ")}`,
    `Versions:  ${
      published.length === 0 ? "none is published, so no upgrade is tested" : `${published.length} published`
    }` +
    `${base.version === null ? "" : `, upgraded from ${base.version.version}`}`,
    ...repo.notes,
    ...checkTags(repo).map(({ message }) => message),
    `Databases: ${databases.join(", ") || "none that is known"}${
      database === null ? "" : `; data goes into ${database.service}`
    }`,
    `Backups:   ${
      saved === null
        ? "no label switches them on, so neither backup nor restore is tested"
        : saved.map(({ volume, paths }) =>
          paths === null ? volume.key : `${volume.key} (${paths.join(", ")})`
        ).join(
          ", ",
        ) || "no volume"
    }`,
    ...notes,
  ];
  for (const row of rows) say(`  ${row}\n`);
}

async function write(folder: string, proposal: Proposal): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  const schema = fromFileUrl(import.meta.resolve("../../enrolment/recipe.schema.json"));
  for (const [name, text] of Object.entries(filesOf(proposal, relative(folder, schema)))) {
    await Deno.writeTextFile(join(folder, name), text);
  }
}

function sayRefusals(
  { refused }: Proposal,
  { folder, say }: { folder: string; say: (text: string) => void },
): void {
  if (refused.length === 0) return;
  say("The recipe asks for what no app may do, so it is not deployed:\n");
  for (const { finding, exception } of refused) {
    const how = exception === null ? "nothing permits it" : `exceptions: ${exception}`;
    say(`  ${place(finding)}: ${finding.message} (${how})\n`);
  }
  if (refused.some(({ exception }) => exception !== null)) {
    say(
      `What would permit it stands in ${
        join(folder, "recipe.yml")
      }, commented out: decide, then run the recipe\n`,
    );
  }
}
