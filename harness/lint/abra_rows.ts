import type { LintRow } from "../abra_output.ts";
import type { Finding } from "../finding.ts";

/** Rules of abra that ours look at as well, with file and line: where ours speaks, abra's need not. */
const ours: Record<string, string> = {
  R003: "lint.image-tag",
  R004: "lint.image-tag",
  R009: "lint.app-service",
  R011: "lint.image",
  R012: "lint.config-export",
  R014: "lint.annotated-tag",
};

/** They ask the catalogue and git.coopcloud.tech, which says nothing about a commit or a recipe kept elsewhere. */
const elsewhere = new Set(["R006", "R013"]);

const files: Record<string, string> = { R007: "README.md", R008: ".env.sample", R012: "abra.sh", R014: "." };

/**
 * Rows of `abra recipe lint` that are not satisfied, as findings `abra.R…` of the severity abra gives them. No commit
 * can mend a tag, so R014 only warns: our own rule tells the tag of the commit under test from older ones.
 * @param found what our own rules found
 */
export function abraFindings(rows: readonly LintRow[], found: readonly Finding[]): Finding[] {
  const spoken = new Set(found.map(({ rule }) => rule));
  return rows.filter((row) => !row.satisfied && !row.skipped && !elsewhere.has(row.rule))
    .filter((row) => !spoken.has(ours[row.rule] ?? ""))
    .map((row) => ({
      rule: `abra.${row.rule}`,
      severity: row.rule === "R014" ? "warning" : row.severity,
      file: files[row.rule] ?? "compose.yml",
      message: `abra finds this not to hold: ${row.description}`,
      ...(row.help === "" ? {} : { hint: row.help }),
      subject: row.rule,
    }));
}
