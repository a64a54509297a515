import assert from "node:assert/strict";
import type { LintRow } from "../abra/output.ts";
import type { Finding } from "./finding.ts";
import { abraFindings } from "./abra_rows.ts";

function row(rule: string, change: Partial<LintRow> = {}): LintRow {
  const base = {
    description: `about ${rule}`,
    severity: "error",
    satisfied: false,
    skipped: false,
    help: "",
  } as const;
  return { rule, ...base, ...change };
}

const found = (rows: LintRow[], ours: Finding[] = []) =>
  abraFindings(rows, ours).map(({ severity, rule, file }) => `${severity} ${rule} ${file}`);

Deno.test("rules of abra that do not hold become findings of their severity, with the file they are about", () => {
  assert.deepEqual(
    found([
      row("R010"),
      row("R002", { severity: "warning" }),
      row("R008"),
      row("R007", { severity: "warning" }),
      row("R011", { satisfied: true }),
      row("R015", { skipped: true }),
    ]),
    [
      "error abra.R010 compose.yml",
      "note abra.R002 compose.yml",
      "error abra.R008 .env.sample",
      "note abra.R007 README.md",
    ],
  );
});

Deno.test("what abra asks the network for is left out, as what we measure; tags only warn", () => {
  assert.deepEqual(
    found([row("R006"), row("R013"), row("R015", { severity: "warning" }), row("R005"), row("R014")]),
    ["warning abra.R005 compose.yml", "warning abra.R014 ."],
  );
});

Deno.test("where a rule of ours has spoken, abra's on the same subject does not", () => {
  const ours: Finding = { rule: "lint.app-service", severity: "error", file: "compose.yml", message: "" };
  assert.deepEqual(found([row("R009"), row("R010")], [ours]), ["error abra.R010 compose.yml"]);
});

Deno.test("what abra says to do becomes the hint", () => {
  assert.deepEqual(abraFindings([row("R010", { help: "add labels" })], []), [{
    rule: "abra.R010",
    severity: "error",
    file: "compose.yml",
    message: 'abra\'s rule "about R010" is not satisfied',
    hint: "add labels",
    subject: "R010",
  }]);
});
