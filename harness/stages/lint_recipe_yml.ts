import { sendCustomised } from "../checks/context.ts";
import { upgradesOf } from "../checks/from_base.ts";
import { ownTestFiles } from "../checks/own_tests.ts";
import { wrongNames } from "../checks/recipe_yml_names.ts";
import { type ReadVersion, useOf } from "../checks/recipe_yml_use.ts";
import type { Finding } from "../lint/finding.ts";
import type { Recipe } from "../lint/recipe.ts";
import type { StageContext } from "../run/stage.ts";
import { folderOf, type LintRun, mistakeOf } from "./read_version.ts";

/** Tells what of `recipe.yml` applies to this recipe, and what in it is stale. @returns the names in it that are wrong */
export async function lookAtUse(
  run: LintRun,
  { ctx, head }: { ctx: StageContext; head: Recipe },
): Promise<Finding[]> {
  const app = run.plan.apps.find((one) => one.lane === "install") ?? run.plan.apps[0];
  if (app === undefined) return [];
  const version: ReadVersion = { at: "head", root: head.root, compose: head.compose };
  const versions = [version];
  const upgrades = upgradesOf(run);
  for (const { base, compose } of upgrades) {
    if (base === null || compose.base === null) continue;
    versions.push({
      at: "base",
      version: base.version,
      root: await Deno.realPath(folderOf(run, base)),
      compose: compose.base,
    });
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
  return wrongNames(run.enrolment, { head: version, stages: run.plan.stages, app }).map((message) =>
    mistakeOf(run.enrolment, { rule: "enrolment.names", message })
  );
}
