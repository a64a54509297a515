import type { StageName, StageReport } from "../../protocol/result.ts";
import { tookText } from "../headline.ts";
import { isActive, type Run } from "../run.ts";
import { type Standing, testedAt } from "../standing.ts";
import { count, levelNames, span, stageTitles, stateWords, subjectText } from "../words.ts";
import type { Flakes, Timed, UpgradePath } from "../recipe_history.ts";
import { LevelTrend, StageDurations } from "./charts.tsx";
import { Page } from "./layout.tsx";
import { Icon, Rung, Snippet, State, Subject, Thumbnail, When } from "./parts.tsx";

export interface RecipePageProps {
  standing: Standing;
  /** One page of its runs, newest first. */
  runs: Run[];
  /** Address of the next page of older runs. */
  older: string | null;
  /** Verdicts of the kind that speaks for the recipe, oldest first. */
  trend: Timed[];
  /** Versions that were upgraded from. */
  upgrades: UpgradePath[];
  flakes: Flakes;
  /** What the stages of the run that speaks for the recipe said. */
  reports: StageReport[];
  baseUrl: string;
  now: number;
}

/** How one recipe stands, and every run it ever had. */
export function RecipePage(
  { standing, runs, older, trend, reports, baseUrl, now, ...more }: RecipePageProps,
) {
  const { recipe, face } = standing;
  const badge = `/badge/${recipe}.svg`;
  const target = `${baseUrl}/recipes/${recipe}`;
  return (
    <Page title={recipe} section="recipes" json={`/api/recipes/${recipe}`} refresh={60}>
      <div class="recipe-head">
        <div>
          <h1>{recipe}</h1>
          <Rung level={face?.level ?? null} />
          <StandingText standing={standing} now={now} />
        </div>
        {face !== null && face.thumbnail !== null && (
          <a class="face" href={`/runs/${face.run}`} aria-label="The run this picture is from">
            <Thumbnail run={face} recipe={recipe} />
          </a>
        )}
      </div>
      <div class="columns">
        <div>
          <h2>History</h2>
          {trend.length > 1 && (
            <div class="trends">
              <LevelTrend runs={trend.map(({ run }) => run)} />
              <StageDurations runs={trend} />
            </div>
          )}
          {runs.length === 0
            ? <p class="muted">This recipe has not been tested yet.</p>
            : <History runs={runs} now={now} />}
          {older !== null && (
            <nav class="pages" aria-label="Pages">
              <span></span>
              <a rel="next" href={older}>Older runs →</a>
            </nav>
          )}
        </div>
        <aside aria-label="Level and badge">
          <section>
            <h2>Level</h2>
            <Ladder face={face} reports={reports} />
          </section>
          {more.upgrades.length > 0 && (
            <section>
              <h2>Upgrades tested</h2>
              <Upgrades paths={more.upgrades} />
            </section>
          )}
          {more.flakes.repeated > 0 && (
            <section>
              <h2>Steadiness</h2>
              <p>
                {more.flakes.flaky === 0
                  ? `Each of ${count(more.flakes.repeated, "commit")} tested more than once`
                  : `${more.flakes.flaky} of ${count(more.flakes.repeated, "commit")} tested more than once`}
                {more.flakes.flaky === 0
                  ? " got the same verdict every time."
                  : ` passed at one time and failed at another: a flake rate of ${
                    Math.round(100 * more.flakes.flaky / more.flakes.repeated)
                  } %.`}
              </p>
            </section>
          )}
          <section>
            <h2>Badge</h2>
            <p>
              <img src={badge} alt={`Badge of ${recipe}: level`} height="20" />{" "}
              <img src={`${badge}?type=status`} alt={`Badge of ${recipe}: status`} height="20" />
            </p>
            <p class="muted">For the recipe's README:</p>
            <Snippet label="Markdown" text={`[![cc-ci](${baseUrl}${badge})](${target})`} />
            <p class="muted">
              With <code>?type=status</code> it says passed or failed instead of the level.
            </p>
          </section>
        </aside>
      </div>
    </Page>
  );
}

function StandingText({ standing, now }: { standing: Standing; now: number }) {
  const { face, badSince, onIt, active, latest } = standing;
  return (
    <div class="standing">
      {face === null
        ? (
          <p>
            {standing.enrolled
              ? "Enrolled, but no run has ended with a verdict yet."
              : "No run has ended with a verdict yet."}
          </p>
        )
        : (
          <p>
            <a href={`/runs/${face.run}`}>
              {face.state === "passed"
                ? "Passed"
                : `${face.state === "failed" ? "Failed" : "Timed out"}${
                  face.stage === null ? "" : ` in ${stageTitles[face.stage]}`
                }`}
            </a>
            {face.cause === null ? "" : `: ${face.cause}`} · <Subject run={face} /> ·{" "}
            <When at={testedAt(face)} now={now} />
          </p>
        )}
      {badSince !== null && badSince.seq !== face?.seq && (
        <p>
          Broken for {span(now - testedAt(badSince))}, since{" "}
          <a href={`/runs/${badSince.run}`}>
            <Subject run={badSince} />
          </a>.
        </p>
      )}
      {onIt !== null && (
        <p>
          Since then: <a href={`/runs/${onIt.run}`}>{subjectText(onIt.subject)}</a> {stateWords[onIt.state]}.
        </p>
      )}
      {standing.stale && <p>Not tested for more than 30 days: the level may no longer be true.</p>}
      {face?.class === "pr" && <p class="muted">Only pull requests were tested so far; no branch or tag.</p>}
      {latest?.state === "infra" && (
        <p class="muted">The last run met trouble of the CI, which says nothing about the recipe.</p>
      )}
      {active !== null && (
        <p>
          <State state={active.state} />:{" "}
          <a href={`/runs/${active.run}`}>
            <Subject run={active} />
          </a>
        </p>
      )}
    </div>
  );
}

/** Stage that decides about each rung; index = level. */
const deciding: readonly StageName[] = ["install", "install", "upgrade", "restore", "tests", "lint"];

/** All rungs, with what has been reached and what stood in the way of the others. */
function Ladder({ face, reports }: { face: Run | null; reports: readonly StageReport[] }) {
  const level = face?.level ?? null;
  return (
    <ol class="rungs" reversed>
      {levelNames.map((name, rung) => {
        if (rung === 0) return null;
        const reached = level !== null && rung <= level;
        const report = reports.find((one) => one.name === deciding[rung]);
        const why = report?.result === "passed" ? undefined : report?.cause ?? report?.reason;
        return (
          <li class={reached ? "reached" : ""}>
            <span class={`rung rung-${reached ? rung : "none"}`}>
              <b>{rung}</b>
            </span>
            <span>
              {name} {reached && <Icon name="passed" label="reached" />}
              {why !== undefined && <span class="why">{why}</span>}
            </span>
          </li>
        );
      }).reverse()}
    </ol>
  );
}

function Upgrades({ paths }: { paths: readonly UpgradePath[] }) {
  return (
    <ul class="files">
      {paths.slice(0, 8).map((path) => (
        <li>
          <a href={`/runs/${path.last.run}`}>
            <Icon
              name={path.outcome === "passed" ? "passed" : "failed"}
              label={path.outcome === "passed" ? "works" : "fails"}
            />{" "}
            from {path.base}
          </a>{" "}
          <span class="muted">{path.passed} of {count(path.runs, "run")}</span>
        </li>
      ))}
    </ul>
  );
}

function History({ runs, now }: { runs: Run[]; now: number }) {
  return (
    <table class="history">
      <thead>
        <tr>
          <th scope="col">Result</th>
          <th scope="col">Tested</th>
          <th scope="col">Level</th>
          <th scope="col">Cause</th>
          <th scope="col" class="number">Took</th>
          <th scope="col" class="number">When</th>
        </tr>
      </thead>
      <tbody>
        {runs.map((run) => (
          <tr>
            <td>
              <a class="plain" href={`/runs/${run.run}`}>
                <State state={run.state} />
              </a>
            </td>
            <td>
              <a class="plain" href={`/runs/${run.run}`}>
                <Subject run={run} />
              </a>
            </td>
            <td>
              {run.level === null ? <span class="muted">–</span> : <Rung level={run.level} words={false} />}
            </td>
            <td class="col-cause">
              {run.stage !== null && run.cause !== null && `${stageTitles[run.stage]}: `}
              {run.cause}
            </td>
            <td class="number">{tookText(run) ?? <span class="muted">–</span>}</td>
            <td class="number">
              <When at={isActive(run) ? run.announcedAt : testedAt(run)} now={now} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
