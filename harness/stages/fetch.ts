import { formatSeconds } from "../../common/time.ts";
import { customisationsOf } from "../../enrolment/customised.ts";
import { EnrolmentError, loadEnrolment } from "../../enrolment/enrolment.ts";
import { fetchRecipe } from "../recipe/repo.ts";
import { settledEnrolment } from "../checks/settled_enrolment.ts";
import { headName, type RunContext, sendCustomised } from "../checks/context.ts";
import { InfraFailure, type StageContext, StageFailure } from "../run/stage.ts";
import { subjectOf } from "../run/request.ts";
import type { Settings } from "../run/settings.ts";
import { findBases } from "../recipe/base.ts";
import { type Based, fromBase } from "../checks/from_base.ts";
import { runSecondsFor } from "../run/stage_plan.ts";

/** The parts of a run that the stage reads and fills in. */
export type FetchRun =
  & Pick<RunContext, "redactor" | "enrolment" | "customised" | "send" | "repo">
  & Based
  & { plan: Pick<RunContext["plan"], "request" | "settings"> };

/** For whoever typed a name: the forge may be a local one that has no repository of the recipe. */
const OTHER_TARGETS = "run-recipe takes the path of a checkout or a git URL in place of a name, too";

/** Fetches the commit under test, and finds out from which published version it is to be upgraded. */
export async function fetchStage(run: FetchRun, ctx: StageContext): Promise<void> {
  const { request, settings } = run.plan;
  if (run.enrolment.folder === null && request.source.kind === "forge") {
    run.enrolment = await loadEnrolment(settings.RECIPES, request.recipe).catch((error) => {
      throw notEnrolled(error, settings);
    });
  }
  run.customised = await customisationsOf(run.enrolment);
  const settled = await settledEnrolment(run.enrolment, run.redactor);
  run.enrolment = settled.enrolment;
  for (const note of settled.notes) ctx.note(note);
  sendCustomised(run, run.customised);
  const { upstream } = run.enrolment;
  const repo = await fetchRecipe(request.source, {
    recipe: request.recipe,
    subject: subjectOf(request.source),
    ...(upstream === undefined ? {} : { upstream }),
    ...(request.mode === "local" && request.source.kind === "forge" ? { missing: OTHER_TARGETS } : {}),
    settings,
    log: ctx.log,
    signal: ctx.signal,
  });
  run.repo = repo;
  for (const note of repo.notes) ctx.note(note);

  const versions = repo.published.map((one) => one.version);
  ctx.log(`Published versions: ${versions.join(", ") || "none"}`);
  const { asked, wanted } = { asked: request.base, wanted: run.enrolment.upgrade_from };
  const bases = await findBases(repo, { asked, wanted, settings, signal: ctx.signal });
  const [first = null, ...further] = bases.versions;
  run.base = first;
  run.further = further.map((version) => fromBase(run, version) as RunContext);
  for (const note of bases.notes) ctx.note(note);
  const from = bases.versions.map(({ version }) => version);
  ctx.log(`To be upgraded from ${from.join(", then from ") || "no version"}: ${bases.why}`);
  askForTime(run, ctx);
  run.send({
    type: "event",
    event: {
      t: new Date(ctx.clock.now()).toISOString(),
      type: "run.subject",
      subject: repo.subject,
      commit: repo.head,
      dirty: repo.dirty,
      base: run.base?.version ?? null,
      baseReason: bases.why,
    },
  });
  ctx.proof(run.base === null ? headName(run) : `${headName(run)}, over ${from.join(" and ")}`);
  if (repo.dirty) ctx.note("Uncommitted changes are part of what was tested (+U)");
}

/** Says how long the run may take where `recipe.yml` says so, or names more versions than one to upgrade from. */
function askForTime(run: FetchRun, ctx: StageContext): void {
  const { settings } = run.plan;
  const seconds = runSecondsFor(run.enrolment, { settings, upgrades: 1 + run.further.length });
  if (seconds === null) return;
  run.send({ type: "run-limit", seconds });
  const most = Math.max(settings.RUN_DEADLINE_S, settings.RUN_DEADLINE_MAX_S);
  if (seconds <= most) return;
  const why = run.enrolment.timeouts.run === undefined ? "upgrade_from" : "timeouts.run";
  ctx.note(
    `recipe.yml asks for ${formatSeconds(1000 * seconds)} for the run (${why}), and this host gives ${
      formatSeconds(1000 * most)
    } at most (CCCI_RUN_DEADLINE_MAX_S)`,
  );
}

/** A `recipe.yml` with mistakes is its author's to mend; that there is none is for whoever asked for the run. */
export function notEnrolled(error: unknown, { RECIPES }: Pick<Settings, "RECIPES">): unknown {
  if (!(error instanceof EnrolmentError)) return error;
  if (error.code !== "enrolment.invalid") return new InfraFailure(error.message, { cause: error });
  return new StageFailure(error.message.replace(`"${RECIPES}/`, '"recipes/'), {
    code: error.code,
    fault: "enrolment",
    cause: error,
  });
}
