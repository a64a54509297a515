import { join } from "node:path";
import type { Revision } from "../app.ts";
import { composeEnvironment, domainsOf } from "../app_settings.ts";
import { type Compose, type ComposeResult, loadCompose } from "../compose.ts";
import { checkConfinement } from "../confinement.ts";
import type { Finding } from "../finding.ts";
import { checkOut } from "../recipe_repo.ts";
import { need, type RunContext } from "../run_context.ts";
import { type StageContext, StageFailure } from "../stage.ts";
import type { Lane } from "../names.ts";
import type { PublishedVersion } from "../versions.ts";

/**
 * Cheap errors, found before anything is deployed: compose files that do not parse, and what a pull request may not
 * ask of the host. The published version is looked at too, since it is deployed as well, and the head once more with
 * the settings that an app of the published version brings along: they may differ from those of the head's sample.
 */
export async function lintStage(run: RunContext, ctx: StageContext): Promise<void> {
  const head = await read(run, { ctx, at: "head", lane: "a" });
  const findings: { finding: Finding; where: string }[] = [];
  if (!head.compose.ok) {
    run.undeployable = "lint";
    const message = unparsable(head.compose);
    throw new StageFailure(message, { code: head.compose.rule, detail: `${message} [${head.compose.rule}]` });
  }
  run.compose.head = head.compose;
  for (const finding of head.findings) findings.push({ finding, where: "" });

  if (run.base !== null) {
    const base = await read(run, { ctx, at: run.base, lane: "b" });
    if (base.compose.ok) {
      run.compose.base = base.compose;
      const known = new Set(head.findings.map(same));
      for (const finding of base.findings) {
        if (!known.has(same(finding))) findings.push({ finding, where: ` (in ${run.base.version})` });
      }
    } else ctx.note(`${run.base.version}: ${unparsable(base.compose)}`);
    const upgraded = await read(run, { ctx, at: "head", lane: "b", installed: run.base });
    if (!upgraded.compose.ok) {
      run.undeployable = "lint";
      const message = `${unparsable(upgraded.compose)}, with the settings of ${run.base.version}`;
      throw new StageFailure(message, {
        code: upgraded.compose.rule,
        detail: `${message} [${upgraded.compose.rule}]`,
      });
    }
    const known = new Set(findings.map(({ finding }) => same(finding)));
    for (const finding of upgraded.findings) {
      if (known.has(same(finding))) continue;
      findings.push({ finding, where: ` (with the settings of ${run.base.version})` });
    }
  }

  for (const { finding, where } of findings) {
    ctx.log(`${finding.severity} ${finding.rule} ${place(finding)}${where}: ${finding.message}`);
  }
  const errors = findings.filter(({ finding }) => finding.severity === "error");
  const first = errors[0];
  if (first === undefined) {
    ctx.proof("compose files parse");
    ctx.proof("stays within its own stack");
    for (const { finding } of findings) ctx.note(`${place(finding)}: ${finding.message}`);
    return;
  }
  run.undeployable = "confinement";
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : "";
  throw new StageFailure(`${place(first.finding)}${first.where}: ${first.finding.message}${more}`, {
    code: first.finding.rule,
    detail: errors.slice(0, 20).map(({ finding, where }) =>
      [`${place(finding)}${where}: ${finding.message} [${finding.rule}]`, finding.hint].filter(Boolean).join(
        "; ",
      )
    ).join("\n"),
  });
}

async function read(
  run: RunContext,
  options: { ctx: StageContext; at: Revision; lane: Lane; installed?: PublishedVersion },
): Promise<{ compose: ComposeResult; findings: Finding[] }> {
  const { ctx, at, lane } = options;
  const repo = need(run.repo, "fetch");
  const { settings, apps } = run.plan;
  const app = apps.find((one) => one.lane === lane) ?? apps[0];
  if (app === undefined) throw new Error("The plan has no apps");
  const folder = (revision: Revision) => join(run.folder.tmp, "lint", revision === "head" ? "head" : "base");
  const checkout = folder(at);
  await checkOut(repo, checkout, { at, settings, signal: ctx.signal });
  const { enrolment } = run;
  const { domain, stack } = app;
  const compose = await loadCompose(
    checkout,
    await composeEnvironment(checkout, {
      enrolment,
      domain,
      stack,
      ...(options.installed === undefined ? {} : { installedFrom: folder(options.installed) }),
    }),
  );
  if (!compose.ok) return { compose, findings: [] };
  if (options.installed === undefined) warnOfUnset(compose, { ctx, at });
  const domains = domainsOf(domain, enrolment);
  return {
    compose,
    findings: checkConfinement(compose, { checkout, stack, domains, exceptions: enrolment.exceptions }),
  };
}

function warnOfUnset(compose: Compose, about: { ctx: StageContext; at: Revision }): void {
  for (const { name, file, line } of compose.variablesUnset) {
    const version = about.at === "head" ? "" : ` (in ${about.at.version})`;
    about.ctx.log(`${file}, line ${line}${version}: nothing sets "${name}", Docker makes it empty`);
  }
}

function unparsable(failure: { file: string; line?: number; message: string }): string {
  return `${place(failure)}: ${failure.message}`;
}

function place(at: { file: string; line?: number }): string {
  return at.line === undefined ? at.file : `${at.file}, line ${at.line}`;
}

/** Lines move between versions; the finding is the same one nevertheless. */
function same(finding: Finding): string {
  return `${finding.rule} ${finding.file} ${finding.subject ?? finding.message}`;
}
