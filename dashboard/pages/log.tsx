import { raw } from "hono/html";
import type { StageName } from "../../protocol/result.ts";
import type { Run } from "../model/run.ts";
import type { ShownLine } from "../logs/fit_lines.ts";
import { count } from "../views/words.ts";
import { Page } from "./layout.tsx";

export interface LogPageProps {
  run: Run;
  stage: StageName;
  lines: ShownLine[];
  /** Number of the first line shown. */
  from: number;
  total: number;
  perPage: number;
}

/** The log of one stage, some lines at a time; each line can be linked to. */
export function LogPage({ run, stage, lines, from, total, perPage }: LogPageProps) {
  const path = `/runs/${run.run}/stages/${stage}`;
  const html = lines.map((line) => line.html).join("");
  return (
    <Page title={`${stage} of ${run.recipe}`} text={`/runs/${run.run}/log.txt?stage=${stage}`}>
      <div class="page-head">
        <p class="crumbs">
          <a href={`/recipes/${run.recipe}`}>{run.recipe}</a> <a href={`/runs/${run.run}`}>run {run.run}</a>
        </p>
        <h1>Log of {stage}</h1>
        <p class="lede">
          {count(total, "line")} · <a href={`/runs/${run.run}/log.txt?stage=${stage}`}>as text</a>
        </p>
      </div>
      <div class="log">
        <div class="lines lines-whole" tabindex={0} role="region" aria-label={`Log of ${stage}`}>
          {raw(html)}
        </div>
      </div>
      {total > perPage && (
        <nav class="pages" aria-label="Pages">
          {from > 1
            ? <a rel="prev" href={`${path}?line=${Math.max(1, from - perPage)}`}>← Earlier</a>
            : <span></span>}
          <span>lines {from} to {from + lines.length - 1}</span>
          {from + perPage <= total
            ? <a rel="next" href={`${path}?line=${from + perPage}`}>Later →</a>
            : <span></span>}
        </nav>
      )}
    </Page>
  );
}
