import { causeText, tookText } from "../views/headline.ts";
import { isActive, type Run } from "../model/run.ts";
import { testedAt } from "../views/recipe_standing.ts";
import { Page } from "./layout.tsx";
import { RunPages, RunTable, stateColumn, testedColumn, whenColumn } from "./run_table.tsx";

export interface RunsPageProps {
  /** One page of the runs of all recipes, newest first. */
  runs: Run[];
  /** Address of the first page, on any other. */
  newest: string | null;
  /** Address of the next page of older runs. */
  older: string | null;
  now: number;
}

/** The latest runs of all recipes. */
export function RunsPage({ runs, newest, older, now }: RunsPageProps) {
  return (
    <Page
      title="Runs"
      section="queue"
      json="/api/runs"
      {...newest === null ? { refresh: 30 } : {}}
    >
      <div class="page-head">
        <h1>Runs</h1>
        <p class="lede">
          {runs.length > 0
            ? "Of all recipes, newest first."
            : newest === null
            ? "No run was ever announced."
            : "There are no older runs."}
        </p>
      </div>
      {runs.length > 0 && (
        <RunTable
          kind="queue"
          rows={runs.map((run) => ({ run }))}
          columns={[
            stateColumn("Result"),
            { title: "Recipe", cell: ({ run }) => <a href={`/recipes/${run.recipe}`}>{run.recipe}</a> },
            testedColumn(),
            { title: "Cause", class: "col-cause", cell: ({ run }) => causeText(run) },
            { title: "Took", class: "number", cell: ({ run }) => tookText(run) ?? "" },
            whenColumn("When", { at: (run) => isActive(run) ? run.announcedAt : testedAt(run), now }),
          ]}
        />
      )}
      <RunPages newest={newest} older={older} />
    </Page>
  );
}
