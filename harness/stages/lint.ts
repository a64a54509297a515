import { calledOnProxy } from "../recipe/shared_names.ts";
import { UnresolvedRegistry } from "../confinement/images.ts";
import { fillIn, type Finding, isPermitted, place } from "../lint/finding.ts";
import { checkRecipe } from "../lint/check_recipe.ts";
import { checkConfigVersions } from "../lint/config_versions.ts";
import type { NameBudget } from "../lint/name_lengths.ts";
import type { Recipe } from "../lint/recipe.ts";
import { checkSample } from "../lint/sample.ts";
import { checkTags } from "../lint/tags.ts";
import { need } from "../checks/context.ts";
import { upgradesOf } from "../checks/from_base.ts";
import { lookAtTests } from "./lint_tests.ts";
import { lookAtUse } from "./lint_recipe_yml.ts";
import { type StageContext, StageFailure } from "../run/stage.ts";
import { askAbra } from "./abra_lint.ts";
import { type LintRun, mistakeOf, readPublished, readVersion, type VersionRead } from "./read_version.ts";
import { OVERRIDE_FILE } from "../app/override.ts";

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
    readVersion(run, { ctx, at: "head", lane: "install" }),
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
  findings.add(await lookAtUse(run, { ctx, head: head.recipe }));
  findings.add(abra(findings.all));
}

/** One after the other: what is found in several versions is told of the first. */
async function inTurn<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  for (const item of items) await work(item);
}

/**
 * Reads and checks once more what is to be deployed, because the enrolment has values by now that it lacked when lint
 * looked at it.
 * @throws {StageFailure} for what confinement refuses of the commit under test; as the enrolment's fault for a value that
 * its settings cannot take
 */
export async function checkForDeploy(run: LintRun, ctx: StageContext): Promise<void> {
  const exceptions = run.plan.apps.flatMap((app) => fillIn(run.enrolment.exceptions, app));
  const again = async (options: Omit<Parameters<typeof readVersion>[1], "ctx">, of: LintRun = run) => {
    const seen = await readVersion(of, { ctx, ...options });
    const found = seen.ok ? seen.confinement.filter((one) => !isPermitted(one, exceptions)) : [seen.finding];
    const wrong = found.find(isError);
    if (seen.ok && wrong === undefined) return seen;
    throw new StageFailure(wrong === undefined ? "It cannot be read" : `${place(wrong)}: ${wrong.message}`, {
      code: wrong?.rule ?? "lint",
      ...(wrong !== undefined && isOurs(wrong) ? { fault: "enrolment" } : {}),
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
      if (!(error instanceof StageFailure) || error.fault === "enrolment") throw error;
      one.compose.base = null;
      one.baseObstacle = `the published version ${base.version}: ${error.message}`;
    }
  }
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
    published: VersionRead | StageFailure | UnresolvedRegistry;
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
  if (!published.ok && isOurs(published.finding)) {
    findings.add([published.finding]);
    run.baseObstacle = "enrolment";
    return;
  }
  if (!published.ok) {
    const problem = `${place(published.finding)}: ${published.finding.message}`;
    run.baseObstacle = `the published version ${base.version}, which does not parse: ${problem}`;
    return ctx.note(`${base.version}: ${problem}`);
  }
  const escape = published.confinement.find(isError);
  if (escape?.file === OVERRIDE_FILE) {
    const message = `"base.repair" is refused for ${base.version}: ${escape.message}`;
    findings.add([mistakeOf(run.enrolment, { rule: "enrolment.value", message })]);
    run.baseObstacle = "enrolment";
    return;
  }
  if (escape !== undefined) {
    const problem = `${place(escape)}: ${escape.message}`;
    run.baseObstacle = `the published version ${base.version}, which breaks ${escape.rule}: ${problem}`;
    return ctx.note(`${base.version}: ${problem}`);
  }
  run.baseObstacle = tooLong(published);

  const upgraded = await readVersion(run, { ctx, at: "head", lane: "upgrade", installed: base });
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

/** Why the recipe's names do not fit together with a domain of ours, or null. */
function tooLong({ recipe, names }: { recipe: Recipe; names: NameBudget }): string | null {
  return recipe.stack.length <= names.room
    ? null
    : `base domain: this recipe supports domains up to ${names.room} characters, ours have ${recipe.stack.length}`;
}

/** One word for what keeps the recipe from being deployed, or null when none of the findings is an error. */
function obstacle(findings: readonly Finding[]): string | null {
  const errors = findings.filter(isError);
  if (errors.some(({ rule }) => rule.startsWith("confine."))) return "confinement";
  if (errors.length > 0 && errors.every(isOurs)) return "enrolment";
  return errors.length > 0 ? "lint" : null;
}

/** Whether the finding is about the enrolment's folder; the recipe's own tests are another stage's. */
function isOurs({ rule }: Finding): boolean {
  return rule.startsWith("tests.") || rule.startsWith("enrolment.");
}

function isError(finding: Finding): boolean {
  return finding.severity === "error";
}
