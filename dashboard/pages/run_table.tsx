import type { Child } from "hono/jsx";
import type { Run } from "../model/run.ts";
import { State, Subject, When } from "./parts.tsx";

/** One column of a table of runs. */
export interface Column<Row> {
  title: string;
  /** Class of its cells; `number` also of its heading. */
  class?: "number" | "col-cause";
  cell: (row: Row) => Child;
}

/** Runs as rows; on a narrow screen each becomes a card. */
export function RunTable<Row extends { run: Run }>(
  { rows, columns, kind = "" }: { rows: readonly Row[]; columns: readonly Column<Row>[]; kind?: string },
) {
  return (
    <table class={`history ${kind}`.trim()}>
      <thead>
        <tr>
          {columns.map((column) => (
            <th scope="col" class={column.class === "number" ? "number" : undefined}>{column.title}</th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr>{columns.map((column) => <td class={column.class}>{column.cell(row)}</td>)}</tr>
        ))}
      </tbody>
    </table>
  );
}

/** The way to older runs, and from there back to the newest. */
export function RunPages({ newest, older }: { newest: string | null; older: string | null }) {
  if (newest === null && older === null) return null;
  return (
    <nav class="pages" aria-label="Pages">
      {newest === null ? <span></span> : <a href={newest}>← Newest runs</a>}
      <span></span>
      {older === null ? <span></span> : <a rel="next" href={older}>Older runs →</a>}
    </nav>
  );
}

/** What became of the run; leads to its page. */
export function stateColumn<Row extends { run: Run }>(title: string): Column<Row> {
  return {
    title,
    cell: ({ run }) => (
      <a class="plain" href={`/runs/${run.run}`}>
        <State state={run.state} />
      </a>
    ),
  };
}

/** What was tested; leads to the run's page. */
export function testedColumn<Row extends { run: Run }>(): Column<Row> {
  return {
    title: "Tested",
    cell: ({ run }) => (
      <a class="plain" href={`/runs/${run.run}`}>
        <Subject run={run} />
      </a>
    ),
  };
}

/** A moment of the run's life. */
export function whenColumn<Row extends { run: Run }>(
  title: string,
  { at, now }: { at: (run: Run) => number; now: number },
): Column<Row> {
  return { title, class: "number", cell: ({ run }) => <When at={at(run)} now={now} /> };
}
