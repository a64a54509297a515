import { join } from "node:path";
import { CcciError } from "../../common/errors.ts";
import { Abra, AbraError } from "../abra/abra.ts";
import { type Revision, sideOf } from "../app/app.ts";
import { calledOnProxy } from "../recipe/shared_names.ts";
import { composeFileWith, layDown, liftUp, type Override, overrideOf } from "../app/override.ts";
import { composeEnvironment, domainsOf } from "../app/settings.ts";
import { type Compose, type ComposeFailure, loadCompose } from "../recipe/compose.ts";
import type { Checked } from "../confinement/engine/mod.ts";
import { type Resolve, UnresolvedRegistry } from "../confinement/images.ts";
import { confine } from "../confinement/confinement.ts";
import { checkOverlays } from "../confinement/overlays.ts";
import { fillIn, type Finding, isPermitted, place } from "../lint/finding.ts";
import { readInside } from "../recipe/inside_checkout.ts";
import { checkRecipe } from "../lint/check_recipe.ts";
import { abraFindings } from "../lint/abra_rows.ts";
import { checkConfigVersions } from "../lint/config_versions.ts";
import { type NameBudget, nameBudget } from "../lint/name_lengths.ts";
import { checkMergedPorts } from "../lint/merged_ports.ts";
import type { Recipe } from "../lint/recipe.ts";
import { checkSample } from "../lint/sample.ts";
import { checkTags } from "../lint/tags.ts";
import type { Lane } from "../run/names.ts";
import { findDockerClient } from "../../common/docker_client.ts";
import { checkOut } from "../recipe/repo.ts";
import { ownTestFiles } from "../checks/own_tests.ts";
import { type ReadVersion, useOf } from "../checks/recipe_yml_use.ts";
import { need, type RunContext, sendCustomised } from "../checks/context.ts";
import { type Based, upgradesOf } from "../checks/from_base.ts";
import { lookAtTests } from "./lint_tests.ts";
import type { RunFolder, RunPlan } from "../run/folder.ts";
import type { Settings } from "../run/settings.ts";
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

/** How many errors are listed in detail; a recipe could have thousands. */
const LISTED = 20;

/**
 * The run's findings, each once: a finding in two versions of the recipe is the same one, even if its line has moved.
 */
class Findings {
  readonly all: Finding[] = [];
  #known = new Set<string>();
  #exceptions: readonly string[];

  constructor(exceptions: readonly string[]) {
    this.#exceptions = exceptions;
  }

  /** @returns those of the findings that are new and not permitted */
  add(findings: readonly Finding[], where = ""): Finding[] {
    const added = findings.filter((finding) => {
      const id = `${finding.rule} ${finding.file} ${finding.subject ?? finding.message}`;
      if (this.#known.has(id) || isPermitted(finding, this.#exceptions)) return false;
      this.#known.add(id);
      return true;
    }).map((finding) => ({ ...finding, message: `${finding.message}${where}` }));
    this.all.push(...added);
    return added;
  }
}

/**
 * Finds mistakes before anything is deployed, which is cheap: compose files that do not parse, what a pull request may
 * not ask of the host, and mistakes in the recipe and in tests. An error fails the stage. It keeps the recipe from being
 * deployed only if the recipe cannot be deployed or must not be, or if the mistake is ours.
 */
export async function lintStage(run: LintRun, ctx: StageContext): Promise<void> {
  need(run.repo, "fetch");
  const findings = new Findings(
    run.plan.apps.flatMap((app) => fillIn(run.enrolment.exceptions, app)),
  );
  // Deno looks at the tests in a process of its own while the recipe is read.
  const tests = lookAtTests(run, ctx);
  tests.catch(() => {}); // who waits for it gets its error
  await lintRecipe(run, { ctx, findings });
  findings.add((await tests).map(({ column: _, ...finding }) => finding)); // results name lines only
  if (findings.all.some((one) => isError(one) && isOurs(one))) run.undeployable ??= "enrolment";
  conclude(findings.all, ctx);
}

async function lintRecipe(
  run: LintRun,
  { ctx, findings }: { ctx: StageContext; findings: Findings },
): Promise<void> {
  const repo = need(run.repo, "fetch");
  // Both are read at the same time, since that is other programs' work for the most part.
  const upgrades = upgradesOf(run).flatMap((one) =>
    one.base === null ? [] : [{ of: one, published: readPublished(one, { ctx, at: one.base }) }]
  );
  const [head] = await Promise.all([
    read(run, { ctx, at: "head", lane: "install" }),
    ...upgrades.map(({ published }) => published.catch(() => {})), // counts when the upgrade is looked at
  ]);
  if (!head.ok) {
    run.undeployable = obstacle([head.finding]);
    findings.add([head.finding]);
    return;
  }
  run.compose.head = head.recipe.compose;
  noteCalls(run, head.recipe);
  run.checked.install = head.checked;
  run.overrides.install = head.override;
  for (const text of head.override?.told ?? []) ctx.note(text);
  run.undeployable = obstacle(findings.add(head.confinement));
  findings.add(checkRecipe(head.recipe));
  findings.add(head.ports);
  findings.add(checkTags(repo));
  if (findings.add(checkSample(head.recipe.root)).some(isError)) run.undeployable ??= "lint";
  if (findings.add(head.names.findings).some(isError)) run.undeployable ??= "lint";
  run.undeployable ??= tooLong(head);
  if (run.undeployable?.startsWith("base domain")) ctx.note(run.undeployable);

  const [abra] = await Promise.all([
    askAbra(run, ctx),
    inTurn(upgrades, async ({ of, published }) => {
      await lookAtUpgrade(of, { ctx, findings, published: await published });
    }),
    head.overlays().then((found) => findings.add(found)),
  ]);
  await lookAtUse(run, { ctx, head: head.recipe });
  findings.add(abra(findings.all));
}

/** Reads a published version; that it cannot be read as it is keeps nobody from testing the head. */
async function readPublished(
  run: LintRun,
  { ctx, at }: { ctx: StageContext; at: PublishedVersion },
): Promise<Read | StageFailure | UnresolvedRegistry> {
  try {
    return await read(run, { ctx, at, lane: "upgrade" });
  } catch (error) {
    if (error instanceof StageFailure && error.code === "confine.checkout") return error;
    if (error instanceof UnresolvedRegistry) return error;
    throw error;
  }
}

/** One after the other: what is found in several versions is told of the first. */
async function inTurn<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  for (const item of items) await work(item);
}

/**
 * Reads and checks once more what is to be deployed, because the enrolment has values by now that it lacked when lint
 * looked at it.
 * @throws {StageFailure} for what confinement refuses of the commit under test
 */
export async function checkForDeploy(run: LintRun, ctx: StageContext): Promise<void> {
  const exceptions = run.plan.apps.flatMap((app) => fillIn(run.enrolment.exceptions, app));
  const again = async (options: Omit<Parameters<typeof read>[1], "ctx">, of: LintRun = run) => {
    const seen = await read(of, { ctx, ...options });
    const found = seen.ok ? seen.confinement.filter((one) => !isPermitted(one, exceptions)) : [seen.finding];
    const wrong = found.find(isError);
    if (seen.ok && wrong === undefined) return seen;
    throw new StageFailure(wrong === undefined ? "It cannot be read" : `${place(wrong)}: ${wrong.message}`, {
      code: wrong?.rule ?? "lint",
    });
  };
  const head = await again({ at: "head", lane: "install" });
  run.compose.head = head.recipe.compose;
  run.checked.install = head.checked;
  for (const one of upgradesOf(run)) {
    const { base } = one;
    if (base === null || one.compose.base === null) continue;
    try {
      const published = await again({ at: base, lane: "upgrade" }, one);
      const upgraded = await again({ at: "head", lane: "upgrade", installed: base }, one);
      one.compose.base = published.recipe.compose;
      Object.assign(one.checked, { base: published.checked, upgrade: upgraded.checked });
    } catch (error) {
      if (!(error instanceof StageFailure)) throw error;
      one.compose.base = null;
      one.baseObstacle = `the published version ${base.version}: ${error.message}`;
    }
  }
}

/** Tells what of `recipe.yml` applies to this recipe, and what in it is stale. */
async function lookAtUse(
  run: LintRun,
  { ctx, head }: { ctx: StageContext; head: Recipe },
): Promise<void> {
  const app = run.plan.apps.find((one) => one.lane === "install") ?? run.plan.apps[0];
  if (app === undefined) return;
  const versions: ReadVersion[] = [{ at: "head", root: head.root, compose: head.compose }];
  const upgrades = upgradesOf(run);
  for (const { base, compose } of upgrades) {
    if (base === null || compose.base === null) continue;
    versions.push({ at: "base", root: await Deno.realPath(folderOf(run, base)), compose: compose.base });
  }
  const { applied, stale } = useOf(run, {
    app,
    versions,
    complete: upgrades.every(({ base, compose }) => base === null || compose.base !== null),
    upgrades: run.base !== null,
    overridden: upgrades.flatMap(({ overrides }) => Object.values(overrides)).flatMap((one) =>
      one?.applied ?? []
    ),
    tests: (await ownTestFiles(head.root)).length > 0,
  });
  sendCustomised(run, applied);
  for (const text of stale) ctx.note(text);
}

/** Reports every finding. @throws {StageFailure} when one of them is an error */
function conclude(findings: readonly Finding[], ctx: StageContext): void {
  for (const finding of findings) {
    const { subject: _, ...shown } = finding;
    ctx.log(`${finding.severity} ${finding.rule} ${place(finding)}: ${finding.message}`);
    ctx.finding(shown);
    if (finding.severity !== "warning") continue;
    ctx.blemish(`${place(finding)}: ${finding.message} [${finding.rule}]`);
  }
  const errors = findings.filter(isError);
  const first = errors[0];
  if (first === undefined) {
    ctx.proof("compose files parse");
    ctx.proof("stays within its own stack");
    return;
  }
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : "";
  throw new StageFailure(`${place(first)}: ${first.message}${more}`, {
    code: first.rule,
    ...(errors.every(isOurs) ? { fault: "enrolment" } : {}),
    detail: errors.slice(0, LISTED).map((error) =>
      [`${place(error)}: ${error.message} [${error.rule}]`, error.hint].filter(Boolean).join("; ")
    ).join("\n"),
  });
}

/**
 * Checks the published version, and the head with the settings that an app of the published version brings along, since
 * these may differ from the head's own sample. What is wrong with the published version is not held against the head,
 * but may keep the upgrade from being tried.
 */
async function lookAtUpgrade(
  run: LintRun,
  { ctx, findings, published }: {
    ctx: StageContext;
    findings: Findings;
    published: Read | StageFailure | UnresolvedRegistry;
  },
): Promise<void> {
  const { base } = run;
  if (base === null) return;
  if (published instanceof UnresolvedRegistry) {
    run.baseObstacle = `the published version ${base.version}, which cannot be checked: ${published.message}`;
    return ctx.note(`${base.version}: ${published.message}`);
  }
  if (published instanceof StageFailure) {
    run.baseObstacle =
      `the published version ${base.version}, which is not checked out: ${published.message}`;
    return ctx.note(`${base.version}: ${published.message}`);
  }
  if (!published.ok) {
    const problem = `${place(published.finding)}: ${published.finding.message}`;
    run.baseObstacle = `the published version ${base.version}, which does not parse: ${problem}`;
    return ctx.note(`${base.version}: ${problem}`);
  }
  const escape = published.confinement.find(isError);
  if (escape !== undefined) {
    const problem = `${place(escape)}: ${escape.message}`;
    run.baseObstacle = `the published version ${base.version}, which breaks ${escape.rule}: ${problem}`;
    return ctx.note(`${base.version}: ${problem}`);
  }
  run.baseObstacle = tooLong(published);

  const upgraded = await read(run, { ctx, at: "head", lane: "upgrade", installed: base });
  const where = ` (with the settings of ${base.version})`;
  if (!upgraded.ok) {
    findings.add([upgraded.finding], where);
    run.baseObstacle = "lint";
    return;
  }
  run.baseObstacle = obstacle(findings.add(upgraded.confinement, where)) ?? run.baseObstacle;
  findings.add([...published.ports.filter(isOurs), ...upgraded.ports], where);
  findings.add(
    await checkConfigVersions(upgraded.recipe, { ...published.recipe, version: base.version }),
  );
  run.baseObstacle ??= tooLong(upgraded);
  if (run.baseObstacle !== null) return;
  run.compose.base = published.recipe.compose;
  Object.assign(run.checked, { base: published.checked, upgrade: upgraded.checked });
  Object.assign(run.overrides, { base: published.override, upgrade: upgraded.override });
  for (const text of published.override?.told ?? []) ctx.note(text);
  noteCalls(run, published.recipe);
  noteCalls(run, upgraded.recipe);
}

function noteCalls(run: LintRun, { compose, root }: Recipe): void {
  for (const name of calledOnProxy(compose, root)) run.calledOnProxy.add(name);
}

/** A recipe with what confinement and name budget found in it, or why it cannot be read. */
type Read =
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
async function read(
  run: LintRun,
  options: { ctx: StageContext; at: Revision; lane: Lane; installed?: PublishedVersion },
): Promise<Read> {
  const { at, lane, installed, ctx } = options;
  const repo = need(run.repo, "fetch");
  const { enrolment } = run;
  const { settings, apps } = run.plan;
  const app = apps.find((one) => one.lane === lane);
  if (app === undefined) throw new Error(`The plan has no app for lane ${lane}`);
  const { domain, stack } = app;
  const checkout = folderOf(run, at);
  if (installed === undefined) await checkOut(repo, checkout, { at, settings, signal: ctx.signal });
  const env = await composeEnvironment(checkout, {
    enrolment,
    domain,
    stack,
    at: sideOf(at),
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
    client: await dockerClient(run.plan.settings),
    tmp: run.folder.tmp,
    signal: ctx.signal,
  };
  const { resolve } = run;
  const confined = await confine(compose, { ...confinement, ...(resolve && { resolve }) })
    .finally(() => override === null ? undefined : liftUp(checkout));
  const root = await Deno.realPath(checkout);
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

/** Ports that Docker drops from a version's own files, and those that it drops only with a file of ours over them. */
function droppedPorts(
  { own, compose, recipe }: { own: Compose; compose: Compose; recipe: string },
): Finding[] {
  const theirs = checkMergedPorts(own);
  const known = new Set(theirs.map(({ subject }) => subject));
  const ours = checkMergedPorts(compose).filter(({ subject }) => !known.has(subject)).map((one): Finding => ({
    rule: "enrolment.merged-ports",
    severity: "error",
    file: `recipes/${recipe}/recipe.yml`,
    message: `${place(one)}: ${one.message}`,
    hint: "That file is what grace and base.repair come to: leave out what they say of this service",
    ...(one.subject === undefined ? {} : { subject: one.subject }),
  }));
  return [...theirs, ...ours];
}

/** @returns path of a docker client that can read compose files @throws {InfraFailure} where this host has none */
async function dockerClient({ DOCKER }: Settings): Promise<string> {
  const client = DOCKER ?? await findDockerClient();
  if (client !== null) return client;
  throw new InfraFailure(
    "No docker client of this host has `docker stack config`: install one of version 23 or later, or name one by CCCI_DOCKER",
  );
}

/** Folder of a checkout. The head is where abra looks for the recipe, published versions elsewhere. */
function folderOf(run: LintRun, at: Revision): string {
  const folder = join(run.folder.tmp, "lint");
  return at === "head"
    ? lintingAbra(run).recipeFolder(run.plan.request.recipe)
    : join(folder, `base-${at.commit}`);
}

function lintingAbra(run: LintRun, ctx?: StageContext): Abra {
  return new Abra({
    settings: run.plan.settings,
    dir: join(run.folder.tmp, "lint", "abra"),
    redactor: run.redactor,
    ...(ctx === undefined ? {} : { log: ctx.log, signal: ctx.signal }),
  });
}

/** Runs abra's own lint. @returns a function that, given our findings, makes findings of abra's rows */
async function askAbra(run: LintRun, ctx: StageContext): Promise<(ours: Finding[]) => Finding[]> {
  try {
    const rows = await lintingAbra(run, ctx).recipeLint(run.plan.request.recipe);
    if (rows.length === 0) ctx.note("abra's lint printed no table that could be read");
    return (ours) => abraFindings(rows, ours);
  } catch (error) {
    if (!(error instanceof AbraError)) throw error;
    // abra also gives up when it cannot reach something, which says nothing about the recipe.
    const said = error.message.replaceAll(`${folderOf(run, "head")}/`, "");
    const message = `abra cannot lint the recipe: ${said}`;
    const guilty = error.code === "abra.failed" && /validat|\.env\.sample|compose/i.test(error.message);
    if (guilty) return (ours) => refusedByAbra(message, ours);
    ctx.note(message);
    return () => [];
  }
}

/** What abra says when it cannot even read the recipe, unless a rule of ours has said the same with its place. */
function refusedByAbra(message: string, ours: readonly Finding[]): Finding[] {
  const said = ours.some(({ rule, severity }) =>
    severity === "error" && (rule === "lint.env-sample" || rule === "lint.typed-value")
  );
  if (said) return [];
  const file = /(?<![\w./-])(compose[\w.-]*\.ya?ml|\.env\.sample)\b/.exec(message)?.[1] ?? "compose.yml";
  return [{ rule: "abra.lint", severity: "error", file, message }];
}

/** Why the recipe's names do not fit together with a domain of ours, or null. */
function tooLong({ recipe, names }: { recipe: Recipe; names: NameBudget }): string | null {
  return recipe.stack.length <= names.room
    ? null
    : `base domain: this recipe supports domains up to ${names.room} characters, ours have ${recipe.stack.length}`;
}

function unparsable({ rule, file, line, message }: ComposeFailure): Finding {
  return { rule, severity: "error", file, ...(line === undefined ? {} : { line }), message };
}

/** One word for what keeps the recipe from being deployed, or null when none of the findings is an error. */
function obstacle(findings: readonly Finding[]): string | null {
  const errors = findings.filter(isError);
  if (errors.some(({ rule }) => rule.startsWith("confine."))) return "confinement";
  return errors.length > 0 ? "lint" : null;
}

/** Whether the finding is about the enrolment's folder; the recipe's own tests are another stage's. */
function isOurs({ rule }: Finding): boolean {
  return rule.startsWith("tests.") || rule.startsWith("enrolment.");
}

function isError(finding: Finding): boolean {
  return finding.severity === "error";
}
