import { shortCommit } from "../../protocol/params.ts";
import { raw } from "hono/html";
import { formatBytes } from "../../common/bytes.ts";
import type { StageName } from "../../protocol/result.ts";
import { runLists } from "../../wording/findings.ts";
import { isPicture } from "../model/artefact_types.ts";
import { type Headline, tellingStages, tookText } from "../views/headline.ts";
import type { StageProgress } from "../model/progress.ts";
import { isActive, type RunDetail } from "../model/run.ts";
import type { ShownLine } from "../logs/fit_lines.ts";
import { count } from "../views/words.ts";
import { Page } from "./layout.tsx";
import { Notice, Words } from "./parts.tsx";
import { Pictures } from "./pictures.tsx";
import { Resources } from "./resources.tsx";
import { Facts, Rerun } from "./run_facts.tsx";
import { shapeOf, StageHead } from "./stages.tsx";
import { Verdict } from "./verdict.tsx";

export interface RunPageProps {
  run: RunDetail;
  headline: Headline;
  now: number;
  /** Lines shown of each stage, the newest where not all are. */
  logs: Partial<Record<StageName, ShownLine[]>>;
}

/** The story of one run: what became of it and why, then everything it said. */
export function RunPage({ run, headline, now, logs }: RunPageProps) {
  const live = isActive(run);
  return (
    <Page
      title={`${run.recipe} ${shortCommit(run.commit)}: ${headline.title}`}
      json={`/api/runs/${run.run}`}
      {...(live ? { refresh: 15 } : {})}
    >
      <article
        class="run"
        data-live={live ? `/runs/${run.run}/log?from=${run.events}` : undefined}
        data-shape={live ? shapeOf(run) : undefined}
      >
        <Verdict run={run} headline={headline} now={now} />
        {run.progress.result?.abraStandIn && (
          <Notice tone="trouble">
            Run with cc-ci's stand-in for <code>abra</code>, because no real one is installed on this runner.
          </Notice>
        )}
        <div class="columns">
          <div class="story-of-run">
            <h2>Stages</h2>
            {run.progress.stages.length === 0
              ? (
                <p class="muted">
                  {live ? "They appear here as soon as the run starts." : "The run never began."}
                </p>
              )
              : (
                <ol class="stages">
                  {run.progress.stages.map((stage) => (
                    <Stage run={run} stage={stage} lines={logs[stage.name] ?? []} now={now} />
                  ))}
                </ol>
              )}
            {(run.progress.result?.notes.length ?? 0) > 0 && (
              <>
                <h2>Worth knowing</h2>
                <ul class="notes">
                  {run.progress.result?.notes.map((note) => (
                    <li>
                      <Words text={note} />
                    </li>
                  ))}
                </ul>
              </>
            )}
            {run.progress.result !== null &&
              runLists(run.progress.result).map(({ title, items }) => (
                <details class="more-of">
                  <summary>{title}</summary>
                  <ul class="notes">
                    {items.map((item) => (
                      <li>
                        <Words text={item} />
                      </li>
                    ))}
                  </ul>
                </details>
              ))}
            <Pictures run={run} />
            {run.progress.result !== null && <Resources result={run.progress.result} />}
          </div>
          <aside aria-label="Facts">
            <Facts run={run} now={now} took={tookText(run)} />
            <Artefacts run={run} />
            <Rerun run={run} />
          </aside>
        </div>
      </article>
    </Page>
  );
}

function Stage(
  { run, stage, lines, now }: { run: RunDetail; stage: StageProgress; lines: ShownLine[]; now: number },
) {
  const total = run.progress.lines[stage.name] ?? 0;
  const live = isActive(run);
  const path = `/runs/${run.run}/stages/${stage.name}`;
  return (
    <li class="stage" id={stage.name}>
      <StageHead run={run} stage={stage} now={now} />
      {(total > 0 || live) && (
        <details
          class="log"
          open={tellingStages(run).includes(stage.name)}
          data-stage={stage.name}
          hidden={total === 0}
        >
          <summary>
            Log <span class="muted line-count">{count(total, "line")}</span>
          </summary>
          {total > lines.length && (
            <p class="muted log-cut">
              {lines.length === 0 ? "Read the " : `The last ${lines.length} of ${total} lines. `}
              <a href={path}>{lines.length === 0 ? "whole log" : "Whole log"}</a>
            </p>
          )}
          {(lines.length > 0 || live) && (
            <div class="lines" tabindex={0} role="log" aria-label={`Log of ${stage.name}`} aria-live="off">
              {raw(
                lines.map(({ html }) =>
                  html
                ).join(""),
              )}
            </div>
          )}
        </details>
      )}
    </li>
  );
}

/** What people read first comes first. */
function rank(name: string): number {
  return ["html", "json", "xml", "ndjson", "log"].indexOf(name.slice(name.lastIndexOf(".") + 1));
}

function Artefacts({ run }: { run: RunDetail }) {
  const files = run.artefacts.filter(({ name }) => !isPicture(name)).sort((a, b) =>
    rank(a.name) - rank(b.name)
  );
  if (files.length === 0 && run.events === 0) return null;
  return (
    <section>
      <h2>Files</h2>
      <ul class="files">
        {run.events > 0 && (
          <li>
            <a href={`/runs/${run.run}/log.txt`}>log.txt</a> <span class="muted">all stages, as text</span>
          </li>
        )}
        {files.map(({ name, bytes }) => (
          <li>
            <a href={`/runs/${run.run}/artefacts/${name}`}>{name}</a>{" "}
            <span class="muted">{formatBytes(bytes)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
