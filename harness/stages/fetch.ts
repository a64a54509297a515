import { customisationsOf } from "../../enrolment/customised.ts";
import { EnrolmentError, loadEnrolment } from "../../enrolment/enrolment.ts";
import { fetchRecipe } from "../recipe/repo.ts";
import { settledEnrolment } from "../checks/settled_enrolment.ts";
import { headName, type RunContext, sendCustomised } from "../checks/context.ts";
import { InfraFailure, type StageContext } from "../run/stage.ts";
import { subjectOf } from "../run/request.ts";
import { findBase } from "../recipe/base.ts";

/** Fetches the commit under test, and finds out from which published version it is to be upgraded. */
export async function fetchStage(run: RunContext, ctx: StageContext): Promise<void> {
  const { request, settings } = run.plan;
  if (run.enrolment.folder === null && request.source.kind === "forge") {
    run.enrolment = await loadEnrolment(settings.RECIPES, request.recipe).catch((error) => {
      if (error instanceof EnrolmentError) throw new InfraFailure(error.message, { cause: error });
      throw error;
    });
  }
  run.customised = customisationsOf(run.enrolment);
  const settled = await settledEnrolment(run.enrolment, run.redactor);
  run.enrolment = settled.enrolment;
  for (const note of settled.notes) ctx.note(note);
  sendCustomised(run, run.customised);
  const { upstream } = run.enrolment;
  const repo = await fetchRecipe(request.source, {
    recipe: request.recipe,
    subject: subjectOf(request.source),
    ...(upstream === undefined ? {} : { upstream }),
    settings,
    log: ctx.log,
    signal: ctx.signal,
  });
  run.repo = repo;
  for (const note of repo.notes) ctx.note(note);

  const versions = repo.published.map((one) => one.version);
  ctx.log(`Published versions: ${versions.join(", ") || "none"}`);
  const base = await findBase(repo, { asked: request.base, settings, signal: ctx.signal });
  run.base = base.version;
  ctx.log(`To be upgraded from ${base.version?.version ?? "no version"}: ${base.why}`);
  run.send({
    type: "event",
    event: {
      t: new Date(ctx.clock.now()).toISOString(),
      type: "run.subject",
      subject: repo.subject,
      commit: repo.head,
      dirty: repo.dirty,
      base: run.base?.version ?? null,
      baseReason: base.why,
    },
  });
  ctx.proof(run.base === null ? headName(run) : `${headName(run)}, over ${run.base.version}`);
  if (repo.dirty) ctx.note("Uncommitted changes are part of what was tested (+U)");
}
