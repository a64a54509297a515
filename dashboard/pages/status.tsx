import type { Run } from "../run.ts";
import { formatBytes } from "../../common/bytes.ts";
import { count } from "../words.ts";
import { Page } from "./layout.tsx";
import { Notice, Subject, When } from "./parts.tsx";

export interface StatusPageProps {
  /** When any harness was last heard of. */
  heartbeat: number | null;
  running: Run[];
  waiting: number;
  /** Running runs nothing was heard of for a while. */
  silent: Run[];
  /** Newest run of a branch or tag. */
  scheduled: Run | null;
  sizes: { logs: number; artefacts: number; database: number };
  /** Bytes free where the data lies; `null` when that cannot be told. */
  free: number | null;
  startedAt: number;
  now: number;
}

/** Whether the CI itself is well. */
export function StatusPage(props: StatusPageProps) {
  const { now, silent, sizes, scheduled } = props;
  return (
    <Page title="Status" section="status" refresh={30}>
      <div class="page-head">
        <h1>Status</h1>
        <p class="lede">
          {silent.length === 0
            ? "Everything the dashboard can see is well."
            : `${count(silent.length, "running run")} fell silent.`}
        </p>
      </div>
      {silent.map((run) => (
        <Notice tone="trouble">
          Nothing was heard of <a href={`/runs/${run.run}`}>the run of {run.recipe}</a>{" "}
          {run.heartbeatAt === null ? "at all" : (
            <>
              since <When at={run.heartbeatAt} now={now} />
            </>
          )}. Its machine may be down or cut off; it sends what it has when it is back.
        </Notice>
      ))}
      <section>
        <h2>Runner</h2>
        <dl class="facts">
          <div>
            <dt>Last heard of</dt>
            <dd>{props.heartbeat === null ? "never" : <When at={props.heartbeat} now={now} />}</dd>
          </div>
          <div>
            <dt>Running</dt>
            <dd>
              {props.running.length === 0 ? "nothing" : props.running.map((run) => (
                <p>
                  <a href={`/runs/${run.run}`}>{run.recipe}</a> <Subject run={run} />
                </p>
              ))}
            </dd>
          </div>
          <div>
            <dt>Waiting</dt>
            <dd>
              <a href="/queue">{count(props.waiting, "run")}</a>
            </dd>
          </div>
          <div>
            <dt>Last branch or tag</dt>
            <dd>
              {scheduled === null ? "never tested" : (
                <>
                  <a href={`/runs/${scheduled.run}`}>{scheduled.recipe}</a> <Subject run={scheduled} />{" "}
                  <When at={scheduled.announcedAt} now={now} />
                </>
              )}
            </dd>
          </div>
        </dl>
      </section>
      <section>
        <h2>Dashboard</h2>
        <dl class="facts">
          <div>
            <dt>Up since</dt>
            <dd>
              <When at={props.startedAt} now={now} />
            </dd>
          </div>
          <div>
            <dt>Logs</dt>
            <dd>{formatBytes(sizes.logs)} before packing</dd>
          </div>
          <div>
            <dt>Artefacts</dt>
            <dd>{formatBytes(sizes.artefacts)} before packing</dd>
          </div>
          <div>
            <dt>Database</dt>
            <dd>{formatBytes(sizes.database)}</dd>
          </div>
          {props.free !== null && (
            <div>
              <dt>Disk</dt>
              <dd>{formatBytes(props.free)} free</dd>
            </div>
          )}
        </dl>
      </section>
      <p class="muted">
        For machines: <a href="/metrics">metrics</a>, <a href="/healthz">health</a>,{" "}
        <a href="/api/openapi.json">OpenAPI</a>,{" "}
        <a href="/api/result.schema.json">JSON Schema of result.json</a>,{" "}
        <a href="/feed.atom">feed of level changes</a>.
      </p>
    </Page>
  );
}
