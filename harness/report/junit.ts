import type { RunResult, StageReport } from "../../protocol/result.ts";
import { escapeHtml } from "./markup.ts";
import { oneLine, plainText } from "../../common/plain_text.ts";
import { hasLevel, headline, stageText, subjectName } from "../../wording/verdict.ts";

/**
 * The run as a JUnit file: one suite, one test per stage. Trouble of the host is an error, a stage that did not run is
 * skipped. The order of elements and the attributes are those of the strictest schema there is, that of Apache Ant.
 */
export function renderJUnit(result: RunResult): string {
  const { stages } = result;
  const suite = attributes({
    name: `cc-ci.${result.recipe}`,
    package: "cc-ci",
    id: 0,
    timestamp: result.startedAt.slice(0, 19), // a time zone is not allowed; the times are UTC
    hostname: "localhost",
    tests: stages.length,
    failures: stages.filter((stage) => stage.result === "failed").length,
    errors: stages.filter((stage) => stage.result === "infra").length,
    skipped: stages.filter(wasSkipped).length,
    time: decimal(result.seconds),
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    "<testsuites>",
    `<testsuite${suite}>`,
    "<properties>",
    ...properties(result).map(([name, value]) => `<property${attributes({ name, value })}/>`),
    "</properties>",
    ...stages.map((stage) => testCase(stage, result.recipe)),
    `<system-out>${text(said(result))}</system-out>`,
    "<system-err></system-err>",
    "</testsuite>",
    "</testsuites>",
    "",
  ].join("\n");
}

function properties(result: RunResult): [string, string][] {
  const { versions } = result;
  return [
    ["run", result.run],
    ["recipe", result.recipe],
    ["subject", subjectName(result.subject)],
    ["commit", result.commit ?? ""],
    ["uncommitted-changes", String(result.dirty)],
    ["base", result.base ?? ""],
    ["result", result.result],
    ["level", hasLevel(result) ? String(result.level) : ""],
    ["cc-ci", versions.suite],
    ["abra", versions.abra],
    ["docker", versions.docker],
    ["browser", versions.browser],
  ];
}

function testCase(stage: StageReport, recipe: string): string {
  const named = attributes({
    name: stage.name,
    classname: `cc-ci.${recipe}`,
    time: decimal(stage.seconds),
  });
  const how = outcome(stage);
  return how === null ? `<testcase${named}/>` : `<testcase${named}>${how}</testcase>`;
}

function outcome(stage: StageReport): string | null {
  const message = stageText(stage);
  if (wasSkipped(stage)) return `<skipped${attributes({ message })}/>`;
  if (stage.result === "passed") return null;
  const element = stage.result === "failed" ? "failure" : "error";
  const findings = stage.findings.map(({ rule, file, line, message }) =>
    `${file}${line === undefined ? "" : `:${line}`}: ${message} [${rule}]`
  );
  const body = [stage.detail ?? "", ...findings, ...stage.tail].filter((part) => part !== "").join("\n");
  return `<${element}${attributes({ message, type: stage.result })}>${text(body)}</${element}>`;
}

function said(result: RunResult): string {
  const blemishes = result.stages.flatMap((stage) => stage.blemishes.map((one) => `${stage.name}: ${one}`));
  return [headline(result), ...result.notes, ...blemishes].join("\n");
}

function wasSkipped(stage: StageReport): boolean {
  return stage.result === "skipped" || stage.result === "blocked";
}

function attributes(values: Record<string, string | number>): string {
  return Object.entries(values).map(([name, value]) => ` ${name}="${escapeHtml(oneLine(String(value)))}"`)
    .join("");
}

/** Clean text is well-formed and holds nothing that XML forbids even as a reference. */
function text(value: string): string {
  return escapeHtml(plainText(value));
}

function decimal(seconds: number): string {
  return seconds.toFixed(3);
}
