import { AbraError } from "../abra/abra.ts";
import { abraFindings } from "../lint/abra_rows.ts";
import type { Finding } from "../lint/finding.ts";
import type { StageContext } from "../run/stage.ts";
import { folderOf, lintingAbra, type LintRun } from "./read_version.ts";

/** Runs abra's own lint. @returns a function that, given our findings, makes findings of abra's rows */
export async function askAbra(run: LintRun, ctx: StageContext): Promise<(ours: Finding[]) => Finding[]> {
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
