import { join } from "node:path";
import { CcciError } from "../../common/errors.ts";
import { unheld } from "../../enrolment/values_schema.ts";
import { Abra } from "../abra/abra.ts";
import { type Revision, sideOf } from "../app/revision.ts";
import { composeFileWith, layDown, liftUp, type Override, overrideOf } from "../app/override.ts";
import { composeEnvironment, domainsOf, ownSettings } from "../app/settings.ts";
import { type Compose, type ComposeFailure, loadCompose } from "../recipe/compose.ts";
import type { Checked } from "../confinement/engine/mod.ts";
import { type Resolve, UnresolvedRegistry } from "../confinement/images.ts";
import { confine } from "../confinement/confinement.ts";
import { checkOverlays } from "../confinement/overlays.ts";
import { fillIn, type Finding, place } from "../lint/finding.ts";
import { readInside } from "../recipe/inside_checkout.ts";
import { type NameBudget, nameBudget } from "../lint/name_lengths.ts";
import { checkMergedPorts } from "../lint/merged_ports.ts";
import type { Recipe } from "../lint/recipe.ts";
import type { Lane } from "../run/names.ts";
import { requireDockerClient } from "../../common/docker_client.ts";
import { checkOut } from "../recipe/repo.ts";
import { need, type RunContext } from "../checks/context.ts";
import type { Based } from "../checks/from_base.ts";
import type { RunFolder, RunPlan } from "../run/folder.ts";
import { InfraFailure, type StageContext, StageFailure } from "../run/stage.ts";
import type { PublishedVersion } from "../recipe/versions.ts";

/** The parts of a run that lint reads and fills in. */
export type LintRun =
  & Pick<
    RunContext,
    | "redactor"
    | "enrolment"
    | "customised"
    | "send"
    | "repo"
    | keyof Based
    | "calledOnProxy"
    | "undeployable"
    | "recipeTests"
    | "enrolledTestsChecked"
  >
  & {
    plan: Pick<RunPlan, "settings" | "apps" | "request" | "stages">;
    folder: Pick<RunFolder, "tmp">;
    resolve?: Resolve;
  };

/** A recipe with what confinement and name budget found in it, or why it cannot be read. */
export type VersionRead =
  | {
    ok: true;
    recipe: Recipe;
    confinement: Finding[];
    checked: Checked | null;
    override: Override | null;
    names: NameBudget;
    /** Ports that Docker drops; an error where it does so because of what `recipe.yml` lays over a service. */
    ports: Finding[];
    /** Looks at the compose files that the settings leave out. */
    overlays: () => Promise<Finding[]>;
  }
  | { ok: false; finding: Finding };

/**
 * Reads the recipe at a revision and checks it.
 * @param options.installed version whose settings the app has. The head and this version have been checked out already
 * then
 */
export async function readVersion(
  run: LintRun,
  options: { ctx: StageContext; at: Revision; lane: Lane; installed?: PublishedVersion },
): Promise<VersionRead> {
  const { at, lane, installed, ctx } = options;
  const repo = need(run.repo, "fetch");
  const { enrolment } = run;
  const { settings, apps } = run.plan;
  const app = apps.find((one) => one.lane === lane);
  if (app === undefined) throw new Error(`The plan has no app for lane ${lane}`);
  const { domain, stack } = app;
  const checkout = folderOf(run, at);
  if (installed === undefined) await checkOut(repo, checkout, { at, settings, signal: ctx.signal });
  const side = sideOf(at);
  const root = await Deno.realPath(checkout);
  const unheld = unheldSetting(ownSettings(enrolment, { domain, root, at: side }));
  if (unheld !== null) {
    return { ok: false, finding: mistakeOf(enrolment, { rule: "enrolment.value", message: unheld }) };
  }
  const env = await composeEnvironment(checkout, {
    enrolment,
    domain,
    stack,
    at: side,
    ...(installed === undefined ? {} : { installedFrom: folderOf(run, installed) }),
  }).catch((error) => {
    if (error instanceof CcciError && error.code === "env.value") return error.message;
    throw error;
  });
  if (typeof env === "string") {
    const rule = "confine.environment";
    return { ok: false, finding: { rule, severity: "error", file: ".env.sample", message: env } };
  }
  const own = await loadCompose(checkout, env);
  if (!own.ok) return { ok: false, finding: unparsable(own) };
  const override = overrideOf(enrolment, { compose: own, at });
  if (override !== null) await layDown(checkout, override);
  const compose = override === null ? own : await loadCompose(checkout, {
    ...env,
    COMPOSE_FILE: composeFileWith(env.COMPOSE_FILE ?? "", override),
  });
  if (!compose.ok) return { ok: false, finding: unparsable(compose) };
  const confinement = {
    checkout,
    stack,
    domains: domainsOf(domain, enrolment),
    exceptions: fillIn(enrolment.exceptions, app),
    client: await requireDockerClient(
      run.plan.settings.DOCKER,
      (message, hint) => new InfraFailure(`${message}. ${hint}`),
    ),
    tmp: run.folder.tmp,
    signal: ctx.signal,
  };
  const { resolve } = run;
  const confined = await confine(compose, { ...confinement, ...(resolve && { resolve }) })
    .finally(() => override === null ? undefined : liftUp(checkout));
  const text = (name: string) => readInside(root, name) ?? "";
  return {
    ok: true,
    recipe: { compose, root, stack, sample: text(".env.sample"), abraSh: text("abra.sh") },
    confinement: confined.findings,
    checked: confined.model === null ? null : { compose, root, model: confined.model },
    override,
    names: nameBudget(compose, stack),
    ports: droppedPorts({ own, compose, recipe: enrolment.recipe }),
    overlays: () => checkOverlays(own, confinement),
  };
}

/** A mistake in `recipe.yml`, as lint tells it. */
export function mistakeOf(
  { recipe }: { recipe: string },
  said: Pick<Finding, "rule" | "message" | "hint" | "subject">,
): Finding {
  return { ...said, severity: "error", file: `recipes/${recipe}/recipe.yml` };
}

/** A setting of `recipe.yml` that no env file can hold: what a provider hands over is known late, and may be anything. */
function unheldSetting(settings: Readonly<Record<string, string>>): string | null {
  const [found] = Object.entries(settings).flatMap(([name, value]) => {
    const problem = unheld(value);
    return problem === null ? [] : [`"env.${name}", with its placeholders filled in, ${problem}`];
  });
  return found ?? null;
}

/** Ports that Docker drops from a version's own files, and those that it drops only with a file of ours over them. */
function droppedPorts(
  { own, compose, recipe }: { own: Compose; compose: Compose; recipe: string },
): Finding[] {
  const theirs = checkMergedPorts(own);
  const known = new Set(theirs.map(({ subject }) => subject));
  const ours = checkMergedPorts(compose).filter(({ subject }) => !known.has(subject)).map((one) =>
    mistakeOf({ recipe }, {
      rule: "enrolment.merged-ports",
      message: `${place(one)}: ${one.message}`,
      hint: "That file is what grace and base.repair come to: leave out what they say of this service",
      ...(one.subject === undefined ? {} : { subject: one.subject }),
    })
  );
  return [...theirs, ...ours];
}

/** Reads a published version; that it cannot be read as it is keeps nobody from testing the head. */
export async function readPublished(
  run: LintRun,
  { ctx, at }: { ctx: StageContext; at: PublishedVersion },
): Promise<VersionRead | StageFailure | UnresolvedRegistry> {
  try {
    return await readVersion(run, { ctx, at, lane: "upgrade" });
  } catch (error) {
    if (error instanceof StageFailure && error.code === "confine.checkout") return error;
    if (error instanceof UnresolvedRegistry) return error;
    throw error;
  }
}

function unparsable({ rule, file, line, message }: ComposeFailure): Finding {
  return { rule, severity: "error", file, ...(line === undefined ? {} : { line }), message };
}

/** Folder of a checkout. The head is where abra looks for the recipe, published versions elsewhere. */
export function folderOf(run: LintRun, at: Revision): string {
  const folder = join(run.folder.tmp, "lint");
  return at === "head"
    ? lintingAbra(run).recipeFolder(run.plan.request.recipe)
    : join(folder, `base-${at.commit}`);
}

/** The abra that sees the checkouts of lint. */
export function lintingAbra(run: LintRun, ctx?: StageContext): Abra {
  return new Abra({
    settings: run.plan.settings,
    dir: join(run.folder.tmp, "lint", "abra"),
    redactor: run.redactor,
    ...(ctx === undefined ? {} : { log: ctx.log, signal: ctx.signal }),
  });
}
