import type { LintRow } from "../abra/output.ts";
import { type Finding, quote } from "./finding.ts";

/** Rules of abra that one of ours looks at as well. Ours names file and line, so abra's is left out where ours speaks. */
const ours: Record<string, string> = {
  R003: "lint.image-tag",
  R004: "lint.image-tag",
  R005: "lint.image-tag",
  R009: "lint.app-service",
  R010: "lint.routing-labels",
  R011: "lint.image",
  R012: "lint.config-export",
  R014: "lint.annotated-tag",
};

/**
 * R006 and R013 ask the catalogue and git.coopcloud.tech, which says nothing about a commit, or about a recipe kept
 * elsewhere. R015 wants secret names of 12 characters for fear of a limit that our name budget measures.
 */
const passedOver = new Set(["R006", "R013", "R015"]);

/** Most recipes do without: a newer compose version, a health check for each service, a README in the usual form. */
const optional = new Set(["R001", "R002", "R007"]);

/** Always warnings, whatever severity abra gives them: image tags are advice, and no commit can mend a git tag. */
const advice = new Set(["R003", "R004", "R005", "R014"]);

const files: Record<string, string> = { R007: "README.md", R008: ".env.sample", R012: "abra.sh", R014: "." };

/**
 * Rows of `abra recipe lint` that are not satisfied, as findings `abra.R…`. abra names no file or line.
 * @param found what our own rules found
 */
export function abraFindings(rows: readonly LintRow[], found: readonly Finding[]): Finding[] {
  const spoken = new Set(found.map(({ rule }) => rule));
  return rows.filter((row) => !row.satisfied && !row.skipped && !passedOver.has(row.rule))
    .filter((row) => !spoken.has(ours[row.rule] ?? ""))
    .map((row) => ({
      rule: `abra.${row.rule}`,
      severity: severityOf(row),
      file: files[row.rule] ?? "compose.yml",
      message: `abra's rule ${quote(row.description)} is not satisfied`,
      ...(row.help === "" ? {} : { hint: row.help }),
      subject: row.rule,
    }));
}

function severityOf({ rule, severity }: LintRow): Finding["severity"] {
  if (optional.has(rule)) return "note";
  return advice.has(rule) ? "warning" : severity;
}
