import {
  lookAtEnrolledTests,
  lookAtRecipeTests,
  type LookedAt,
  type TestFinding,
  testsCheckout,
} from "../checks/check_tests.ts";
import { need, type RunContext } from "../checks/context.ts";
import { place } from "../lint/finding.ts";
import { checkOut } from "../recipe/repo.ts";
import { type StageContext, StageFailure } from "../run/stage.ts";

/** The parts of a run that a look at its tests needs and fills in. */
export type TestsRun =
  & Pick<RunContext, "enrolment" | "repo" | "recipeTests" | "enrolledTestsChecked" | "send">
  & {
    plan: Pick<RunContext["plan"], "settings" | "stages">;
    folder: Pick<RunContext["folder"], "tmp">;
  };

/**
 * Looks at all tests of the run before anything is deployed.
 * @returns what is wrong with those of the enrolment. What is wrong with those that the recipe brings fails stage
 * `tests`, and is only told here
 */
export async function lookAtTests(run: TestsRun, ctx: StageContext): Promise<TestFinding[]> {
  const look = {
    settings: run.plan.settings,
    tmp: run.folder.tmp,
    timeoutMs: ctx.remaining(),
    signal: ctx.signal,
  };
  const skipped = run.enrolment.skip.some(({ stage }) => stage === "tests");
  const brings = async (): Promise<LookedAt | null> => {
    if (skipped || !run.plan.stages.includes("tests")) return null;
    const checkout = await checkOutTests(run, ctx);
    return checkout === null ? null : await lookAtRecipeTests(checkout, look);
  };
  const [enrolled, brought] = await Promise.all([lookAtEnrolledTests(run.enrolment, look), brings()]);
  run.enrolledTestsChecked = enrolled.checked;
  run.recipeTests = brought;
  for (const finding of brought?.findings ?? []) {
    const text = `${place(finding)}: ${finding.message}`;
    ctx.log(finding.severity === "error" ? `${text} (stage tests will fail)` : text);
  }
  for (const { severity, file, message } of [...enrolled.findings, ...brought?.findings ?? []]) {
    if (severity === "note") run.send({ type: "note", text: `${file}: ${message}` });
  }
  return enrolled.findings;
}

/**
 * Checks the head out for its tests, which stage `tests` then runs from there.
 * @returns the real path, or null for a commit that is not checked out: whoever reads the recipe itself says why
 */
async function checkOutTests(run: TestsRun, ctx: StageContext): Promise<string | null> {
  const checkout = testsCheckout(run.folder.tmp);
  const { settings } = run.plan;
  try {
    await checkOut(need(run.repo, "fetch"), checkout, { at: "head", settings, signal: ctx.signal });
  } catch (error) {
    if (error instanceof StageFailure) return null;
    throw error;
  }
  return await Deno.realPath(checkout);
}
