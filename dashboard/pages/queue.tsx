import type { Estimate } from "../eta.ts";
import type { Run } from "../run.ts";
import { count, span, stageTitles } from "../words.ts";
import type { StageName } from "../../protocol/result.ts";
import { Page } from "./layout.tsx";
import { State, Subject, When } from "./parts.tsx";

export interface QueuePageProps {
  /** Runs going on, each with the stages it is in and the time it still needs. */
  running: { run: Run; stages: StageName[]; left: Estimate }[];
  /** Runs waiting, in their order, each with the time until it starts. */
  waiting: { run: Run; wait: Estimate }[];
  /** Active runs of recipes that are not public. */
  unseen: number;
  now: number;
}

/** What runs, and what waits for its turn. */
export function QueuePage({ running, waiting, unseen, now }: QueuePageProps) {
  return (
    <Page title="Queue" section="queue" json="/api/runs" refresh={15}>
      <div class="page-head">
        <h1>Queue</h1>
        <p class="lede">
          {running.length + waiting.length === 0
            ? unseen > 0 ? "" : "Nothing runs and nothing waits."
            : `${running.length} running · ${count(waiting.length, "run")} waiting.`}
          {unseen > 0 && ` ${count(unseen, "run")} of recipes that are not public.`}
        </p>
      </div>
      {running.length + waiting.length + unseen === 0 && (
        <div class="empty">
          <h2>All quiet</h2>
          <p>
            A comment <code>!testme</code>{" "}
            on a pull request of an enrolled recipe starts a run; it shows here from the first second.
          </p>
        </div>
      )}
      {running.length + waiting.length > 0 && (
        <table class="history queue">
          <thead>
            <tr>
              <th scope="col">State</th>
              <th scope="col">Recipe</th>
              <th scope="col">Tested</th>
              <th scope="col">Doing</th>
              <th scope="col" class="number">Announced</th>
            </tr>
          </thead>
          <tbody>
            {running.map(({ run, stages, left }) => (
              <Row run={run} now={now}>
                {[
                  stages.length === 0 ? "starting" : stages.map((stage) => stageTitles[stage]).join(" and "),
                  left === null ? null : left === 0 ? "longer than usual" : `about ${span(left)} left`,
                ].filter((part) => part !== null).join(", ")}
              </Row>
            ))}
            {waiting.map(({ run, wait }) => (
              <Row run={run} now={now}>
                {[
                  run.position === 0 ? "next" : `behind ${count(run.position, "run")}`,
                  wait === null || wait === 0 ? null : `starts in about ${span(wait)}`,
                ].filter((part) => part !== null).join(", ")}
              </Row>
            ))}
          </tbody>
        </table>
      )}
    </Page>
  );
}

function Row({ run, now, children }: { run: Run; now: number; children?: string }) {
  return (
    <tr>
      <td>
        <a class="plain" href={`/runs/${run.run}`}>
          <State state={run.state} />
        </a>
      </td>
      <td>
        <a href={`/recipes/${run.recipe}`}>{run.recipe}</a>
      </td>
      <td>
        <a class="plain" href={`/runs/${run.run}`}>
          <Subject run={run} />
        </a>
      </td>
      <td class="col-cause">{children}</td>
      <td class="number">
        <When at={run.announcedAt} now={now} />
      </td>
    </tr>
  );
}
