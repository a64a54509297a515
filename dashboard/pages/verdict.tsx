import { runLooks } from "../../wording/outcomes.ts";
import { subjectName, testedCommit } from "../../wording/verdict.ts";
import type { Headline } from "../views/headline.ts";
import { Icon, Rung, When, Words } from "./parts.tsx";
import { isActive, isVerdict, type RunDetail } from "../model/run.ts";
import { testedAt } from "../views/recipe_standing.ts";
import { formatRoughly } from "../../common/time.ts";

/** How long a harness may be silent before a viewer is told. It says something every 10 s. */
const SILENT_MS = 45_000;

/** The head of a run's page, replaced while the run goes on. Needs nothing but the run. */
export function Verdict({ run, headline, now }: { run: RunDetail; headline: Headline; now: number }) {
  const { tone, sign, word } = runLooks[run.state];
  const silent = run.state === "running" && run.heartbeatAt !== null && now - run.heartbeatAt > SILENT_MS;
  return (
    <header class={`verdict tone-${tone}`} id="verdict">
      <p class="about">
        <a href={`/recipes/${run.recipe}`}>{run.recipe}</a>
        <bdi>{subjectName(run.subject)}</bdi>
        <code>{testedCommit(run)}</code>
        {run.progress.base !== null && (
          <span>
            over <bdi>{run.progress.base}</bdi>
          </span>
        )}
        <span>
          {isActive(run) ? "announced " : ""}
          <When at={isActive(run) ? run.announcedAt : testedAt(run)} now={now} />
        </span>
      </p>
      <h1>
        <Icon name={sign} label={word} /> {headline.title}
      </h1>
      {headline.more !== null && <p class="more">{headline.more}</p>}
      {run.remark !== null && <p class="more">{run.remark}.</p>}
      {headline.detail !== null && <pre class="detail" tabindex={0}><Words text={headline.detail} /></pre>}
      {headline.tail.length > 0 && (
        <details class="tail">
          <summary>Last lines of the service's log</summary>
          <pre tabindex={0}>{headline.tail.join("\n")}</pre>
        </details>
      )}
      {silent && run.heartbeatAt !== null && (
        <p class="more">The runner has said nothing for {formatRoughly(now - run.heartbeatAt)}.</p>
      )}
      {isVerdict(run) && run.level !== null && <Rung level={run.level} />}
    </header>
  );
}
