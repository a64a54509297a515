import type { Estimate } from "../views/estimates.ts";
import type { Queue } from "../views/queue.ts";
import type { Run } from "../model/run.ts";
import { formatRoughly } from "../../common/time.ts";
import { count } from "../views/words.ts";
import type { StageName } from "../../protocol/result.ts";
import { Page } from "./layout.tsx";
import { RunTable, stateColumn, testedColumn, whenColumn } from "./run_table.tsx";

export interface QueuePageProps extends Queue {
  now: number;
}

/** What runs, and what waits for its turn. */
export function QueuePage({ running, waiting, now }: QueuePageProps) {
  const rows = [
    ...running.map(({ run, stages, left }) => ({ run, doing: doingNow(stages, left) })),
    ...waiting.map(({ run, wait }) => ({ run, doing: waitingFor(run, wait) })),
  ];
  return (
    <Page title="Queue" section="queue" json="/api/queue" refresh={15}>
      <div class="page-head">
        <h1>Queue</h1>
        <p class="lede">
          {rows.length === 0
            ? "Nothing runs and nothing waits."
            : `${running.length} running · ${count(waiting.length, "run")} waiting.`}
          {" Runs of recipes that are not public show nowhere."}
        </p>
      </div>
      {rows.length === 0 && (
        <div class="empty">
          <h2>All quiet</h2>
          <p>
            A comment <code>!testme</code>{" "}
            on a pull request of an enrolled recipe starts a run; it shows here from the first second.
          </p>
        </div>
      )}
      {rows.length > 0 && (
        <RunTable
          kind="queue"
          rows={rows}
          columns={[
            stateColumn("State"),
            { title: "Recipe", cell: ({ run }) => <a href={`/recipes/${run.recipe}`}>{run.recipe}</a> },
            testedColumn(),
            { title: "Doing", class: "col-cause", cell: ({ doing }) => doing },
            whenColumn("Announced", { at: (run) => run.announcedAt, now }),
          ]}
        />
      )}
      <p>
        <a href="/runs">Latest runs of all recipes</a>
      </p>
    </Page>
  );
}

function doingNow(stages: readonly StageName[], left: Estimate): string {
  const what = stages.length === 0 ? "starting" : stages.map((stage) => stage).join(" and ");
  if (left === null) return what;
  return `${what}, ${left === 0 ? "longer than usual" : `about ${formatRoughly(left)} left`}`;
}

function waitingFor(run: Run, wait: Estimate): string {
  const place = run.position === 0 ? "next" : `behind ${count(run.position, "run")}`;
  return wait === null || wait === 0 ? place : `${place}, starts in about ${formatRoughly(wait)}`;
}
