import { formatSeconds } from "../../common/time.ts";
import { customisationsOf } from "../../enrolment/customised.ts";
import { EnrolmentError, loadEnrolment } from "../../enrolment/enrolment.ts";
import { fetchRecipe } from "../recipe/repo.ts";
import { settledEnrolment } from "../checks/settled_enrolment.ts";
import { headName, type RunContext, sendCustomised } from "../checks/context.ts";
import { InfraFailure, type StageContext, StageFailure } from "../run/stage.ts";
import { subjectOf } from "../run/request.ts";
import type { Settings } from "../run/settings.ts";
import { findBase } from "../recipe/base.ts";

/** The parts of a run that the stage reads and fills in. */
export type FetchRun =
  & Pick<RunContext, "redactor" | "enrolment" | "customised" | "send" | "repo" | "base">
  & { plan: Pick<RunContext["plan"], "request" | "settings"> };

/** Fetches the commit under test, and finds out from which published version it is to be upgraded. */
export async function fetchStage(run: FetchRun, ctx: StageContext): Promise<void> {
  const { request, settings } = run.plan;
  if (run.enrolment.folder === null && request.source.kind === "forge") {
    run.enrolment = await loadEnrolment(settings.RECIPES, request.recipe).catch((error) => {
      throw notEnrolled(error, settings);
    });
  }
  run.customised = customisationsOf(run.enrolment);
  const settled = await settledEnrolment(run.enrolment, run.redactor);
  run.enrolment = settled.enrolment;
  for (const note of settled.notes) ctx.note(note);
  sendCustomised(run, run.customised);
  const { upstream, timeouts: { run: seconds } } = run.enrolment;
  if (seconds !== undefined) run.send({ type: "run-limit", seconds });
  const { RUN_DEADLINE_S: usual, RUN_DEADLINE_MAX_S: most } = settings;
  if (seconds !== undefined && seconds > Math.max(usual, most)) {
    ctx.note(
      `recipe.yml asks for ${formatSeconds(1000 * seconds)} for the run (timeouts.run), and this host gives ${
        formatSeconds(1000 * Math.max(usual, most))
      } at most (CCCI_RUN_DEADLINE_MAX_S)`,
    );
  }
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

/** A `recipe.yml` with mistakes is its author's to mend; that there is none is for whoever asked for the run. */
function notEnrolled(error: unknown, { RECIPES }: Settings): unknown {
  if (!(error instanceof EnrolmentError)) return error;
  if (error.code !== "enrolment.invalid") return new InfraFailure(error.message, { cause: error });
  return new StageFailure(error.message.replace(`"${RECIPES}/`, '"recipes/'), {
    code: error.code,
    fault: "enrolment",
    cause: error,
  });
}
