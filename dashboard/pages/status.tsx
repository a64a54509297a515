import type { Child } from "hono/jsx";
import type { Run } from "../model/run.ts";
import { endOf, type HostTrouble, isCrowded, type Status, troubleOf } from "../views/status.ts";
import type { Host } from "../store/stats.ts";
import { formatBytes } from "../../common/bytes.ts";
import { count } from "../views/words.ts";
import { Page } from "./layout.tsx";
import { Icon, Notice, State, Subject, When } from "./parts.tsx";

export interface StatusPageProps extends Status {
  now: number;
}

/** Whether the CI itself is well. */
export function StatusPage(props: StatusPageProps) {
  const { now, silent, trouble, blank } = props;
  return (
    <Page title="Status" section="status" json="/api/status" refresh={30}>
      <div class="page-head">
        <h1>Status</h1>
        <p class={trouble.length > 0 ? "lede wrong" : "lede"}>
          {trouble.length > 0
            ? `${trouble.join(" · ")}.`
            : blank
            ? "No runs yet."
            : "Everything the dashboard can see is well."}
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
      <div class="cards">
        <Runs {...props} />
        <Hosts {...props} />
        <Bridge {...props} />
        <Data {...props} />
        <section class="card">
          <h2>For machines</h2>
          <ul class="files">
            <Link href="/api/openapi.json" text="OpenAPI">every page's facts as JSON</Link>
            <Link href="/metrics" text="Metrics">for Prometheus</Link>
            <Link href="/healthz" text="Health">answers while the database does</Link>
            <Link href="/feed.atom" text="Feed">
              each change of a level that a branch or version has, as Atom
            </Link>
            <Link href="/api/result.schema.json" text="Schema">of a run's result.json</Link>
          </ul>
        </section>
      </div>
    </Page>
  );
}

function Runs({ running, waiting, scheduled, now }: StatusPageProps) {
  return (
    <section class="card">
      <h2>Runs</h2>
      <dl class="facts">
        <Row name="Running">
          {running.length === 0 ? "nothing" : running.map((run) => <Named run={run} />)}
        </Row>
        <Row name="Waiting">
          <a href="/queue">{count(waiting, "run")}</a>
        </Row>
        <Row name="Last scheduled">
          {scheduled === null ? "no branch or tag was tested yet" : (
            <>
              <Named run={scheduled} />
              <p>
                <State state={scheduled.state} /> <When at={scheduled.announcedAt} now={now} />
              </p>
            </>
          )}
        </Row>
      </dl>
    </section>
  );
}

function Hosts({ hosts, running, untidy, looked, blank, minFree, now }: StatusPageProps) {
  return (
    <section class="card">
      <h2>Runner hosts</h2>
      <dl class="facts">
        {hosts.length === 0 && <Row name="Heard of">none yet</Row>}
        {hosts.map((host) => {
          const own = running.filter((run) => run.host === host.name);
          return (
            <Row name={host.name}>
              heard of {host.heardAt === null ? "never" : <When at={host.heardAt} now={now} />}
              <span class="muted">
                {own.length > 0
                  ? `, testing ${own.map((run) => run.recipe).join(", ")}`
                  : host.busy
                  ? ", busy"
                  : ", idle"}
              </span>
              {host.report !== null && (
                <HostReport
                  report={host.report}
                  trouble={troubleOf(host, { now, minFree })}
                  now={now}
                />
              )}
            </Row>
          );
        })}
        <Row name="Clean-up">
          {blank ? "no runs yet" : untidy.length === 0
            ? (
              <>
                <span class="sign tone-good">
                  <Icon name="passed" />
                </span>{" "}
                nothing left behind by the last {count(looked, "run")}
              </>
            )
            : untidy.map((run) => <Named run={run} />)}
        </Row>
      </dl>
    </section>
  );
}

function Bridge({ bridge, now }: StatusPageProps) {
  return (
    <section class="card">
      <h2>Bridge</h2>
      <dl class="facts">
        <Row name="Heard of">{bridge === null ? "not yet" : <When at={bridge.at} now={now} />}</Row>
        {bridge?.troubles.map(({ text, recipe }) => (
          <Row name="Trouble">
            <Wrong /> {recipe !== null && (
              <>
                <a href={`/recipes/${recipe}`}>{recipe}</a>
                {": "}
              </>
            )}
            <bdi>{text}</bdi>
          </Row>
        ))}
      </dl>
    </section>
  );
}

function HostReport(
  { report, trouble, now }: { report: NonNullable<Host["report"]>; trouble: HostTrouble; now: number },
) {
  const { freeBytes, freeInodes, janitor, floor, abra, certificateEnds, at } = report;
  return (
    <>
      {freeBytes !== null && (
        <p>
          {trouble.full && <Wrong />} {formatBytes(freeBytes)} free {trouble.crowded && (
            <>
              <Wrong /> {freeInodes} inodes{" "}
            </>
          )}
          <span class="muted">
            (<When at={at} now={now} />)
          </span>
        </p>
      )}
      {janitor !== null && (
        <p>
          Janitor: {janitor.stuck === 0 ? "nothing stuck" : (
            <>
              <Wrong /> {count(janitor.stuck, "thing")} could not be removed
            </>
          )}
          {(janitor.images ?? 0) > 0 && `, ${count(janitor.images ?? 0, "image")} removed for want of room`}
          {" "}
          {trouble.late && <Wrong />}{" "}
          <span class="muted">
            (<When at={Date.parse(janitor.at)} now={now} />)
          </span>
        </p>
      )}
      {floor !== undefined && (
        <p>
          Limits of apps: {trouble.floorless ? <Missing>Docker gives none</Missing> : "given by Docker"}
        </p>
      )}
      {abra !== undefined && (
        <p>
          abra {abra.version}
          {trouble.strangeAbra && (
            <>
              : <Missing>nobody has tested this version</Missing>
            </>
          )}
        </p>
      )}
      {certificateEnds !== undefined && (
        <p>
          {trouble.expiring && <Wrong />} Certificate: {endOf(certificateEnds, now)}
        </p>
      )}
    </>
  );
}

function Missing({ children }: { children: Child }) {
  return (
    <>
      <Wrong /> {children}
    </>
  );
}

function Wrong() {
  return (
    <span class="sign tone-bad">
      <Icon name="failed" label="trouble" />
    </span>
  );
}

function Data({ sizes, free, minFree, startedAt, now }: StatusPageProps) {
  return (
    <section class="card">
      <h2>Dashboard</h2>
      <dl class="facts">
        <Row name="Up since">
          <When at={startedAt} now={now} />
        </Row>
        <Row name="Logs">{formatBytes(sizes.logs)} before packing</Row>
        <Row name="Artefacts">{formatBytes(sizes.artefacts)} before packing</Row>
        {free !== null && (
          <Row name="Disk">
            {free.bytes < minFree && <Wrong />} {formatBytes(free.bytes)} free
            {isCrowded(free.inodes) && (
              <>
                , <Wrong /> {free.inodes} inodes
              </>
            )}
          </Row>
        )}
      </dl>
    </section>
  );
}

function Row({ name, children }: { name: string; children?: Child }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Named({ run }: { run: Run }) {
  return (
    <p>
      <a href={`/runs/${run.run}`}>{run.recipe}</a> <Subject run={run} />
    </p>
  );
}

function Link({ href, text, children }: { href: string; text: string; children?: Child }) {
  return (
    <li>
      <a href={href}>{text}</a> <span class="muted">{children}</span>
    </li>
  );
}
