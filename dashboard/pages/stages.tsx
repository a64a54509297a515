import type { StageReport } from "../../protocol/result.ts";
import { blemishesOf, placeOf } from "../../wording/findings.ts";
import type { StageProgress } from "../model/progress.ts";
import { outcomeOf, type RunDetail } from "../model/run.ts";
import { formatSeconds } from "../../common/time.ts";
import { stageLooks } from "../../wording/outcomes.ts";
import { stageFacts } from "../../wording/stages.ts";
import { Icon, Words } from "./parts.tsx";
import { plainLine } from "../../common/plain_text.ts";

/** Counts changes of what the stream of a run's log looks like: a page of before cannot read it. */
const FORMAT = 2;

/** Names the stages a page has places for; when it changes, the page must be loaded anew. */
export function shapeOf(run: RunDetail): string {
  return [FORMAT, ...run.progress.stages.map((stage) => stage.name)].join(",");
}

/** What is known of one stage, replaced while the run goes on. */
export function StageHead({ run, stage, now }: { run: RunDetail; stage: StageProgress; now: number }) {
  const outcome = outcomeOf(run, stage);
  const { tone, sign, word } = stageLooks[outcome];
  const report = stage.report;
  return (
    <div class={`stage-head tone-${tone} outcome-${outcome}`} id={`stage-${stage.name}`}>
      <Icon name={sign} label={word} />
      <h3 title={stageFacts[stage.name].proves}>{stage.name}</h3>
      <div class="stage-text">
        {(outcome === "broken" || outcome === "unreached") && <p>{word}</p>}
        {report?.cause !== undefined && (
          <p class="cause">
            <Words text={report.cause} />
          </p>
        )}
        {report?.detail !== undefined && run.stage !== stage.name &&
          <pre class="detail"><Words text={report.detail} /></pre>}
        {report?.reason !== undefined && (
          <p>
            {word}: <Words text={report.reason} />
          </p>
        )}
        {report !== null && report.proofs.length > 0 && (
          <p class="proofs">{report.proofs.map(plainLine).join(", ")}</p>
        )}
        {report?.notes.map((note) => (
          <p class="muted">
            <Words text={note} />
          </p>
        ))}
        {report !== null && <Unclean report={report} />}
      </div>
      <span class="stage-time">
        {report !== null && (report.seconds > 0 || report.result === "passed")
          ? formatSeconds(report.seconds * 1000)
          : null}
        {outcome === "running" && stage.startedAt !== null && formatSeconds(now - stage.startedAt)}
        {outcome === "broken" && formatSeconds(lengthOf(run, { stage, now }))}
      </span>
      <Bar run={run} stage={stage} now={now} />
    </div>
  );
}

/** What lint found in the stage, and what else keeps the run from being clean. */
function Unclean({ report }: { report: StageReport }) {
  const blemishes = blemishesOf(report);
  if (report.findings.length + blemishes.length === 0) return null;
  return (
    <ul class="unclean">
      {report.findings.map((finding) => (
        <li class={finding.severity}>
          {plainLine(`${placeOf(finding)}: ${finding.message}`)} <code>{finding.rule}</code>
        </li>
      ))}
      {blemishes.map((text) => <li class="warning">{plainLine(text)}</li>)}
    </ul>
  );
}

/** Milliseconds a stage took so far; one that broke off ended with its run. */
function lengthOf(run: RunDetail, { stage, now }: { stage: StageProgress; now: number }): number {
  if (stage.report !== null) return stage.report.seconds * 1000;
  return stage.startedAt === null ? 0 : Math.max(0, (run.finishedAt ?? now) - stage.startedAt);
}

/** When in the run the stage took place: stages above each other ran at the same time. */
function Bar({ run, stage, now }: { run: RunDetail; stage: StageProgress; now: number }) {
  const began = run.startedAt;
  if (began === null || stage.startedAt === null) return null;
  const total = Math.max(1, (run.finishedAt ?? now) - began);
  const length = lengthOf(run, { stage, now });
  const from = Math.min(99, Math.max(0, (stage.startedAt - began) / total * 100));
  const width = Math.min(100 - from, Math.max(0.8, length / total * 100));
  return (
    <svg class="bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
      <rect class="bar-all" x="0" y="0" width="100" height="4" />
      <rect class="bar-own" x={from.toFixed(2)} y="0" width={width.toFixed(2)} height="4" />
    </svg>
  );
}
