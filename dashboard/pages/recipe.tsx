import { subjectName } from "../../wording/verdict.ts";
import { runLooks, runVerbs } from "../../wording/outcomes.ts";
import { formatBytes } from "../../common/bytes.ts";
import { imageBytes, servicePeaks, uncleanText } from "../../wording/findings.ts";
import { levels, type RunResult, type StageName } from "../../protocol/result.ts";
import { causeText, tookText } from "../views/headline.ts";
import type { Progress } from "../model/progress.ts";
import { isActive, type Run } from "../model/run.ts";
import { type Standing, testedAt } from "../views/recipe_standing.ts";
import { formatRoughly } from "../../common/time.ts";
import { count } from "../views/words.ts";
import type { Timed, UpgradePath } from "../views/recipe_history.ts";
import type { Flakes } from "../store/history.ts";
import { LevelTrend, StageDurations } from "./charts.tsx";
import { Page } from "./layout.tsx";
import type { Comparison } from "./pictures.tsx";
import { Peaks } from "./resources.tsx";
import { RunPages, RunTable, stateColumn, testedColumn, whenColumn } from "./run_table.tsx";
import { Icon, Rung, Snippet, State, Subject, Thumbnail, When } from "./parts.tsx";

export interface RecipePageProps {
  standing: Standing;
  /** One page of its runs, newest first. */
  runs: Run[];
  /** Address of the next page of older runs. */
  older: string | null;
  /** Address of the newest runs, on any other page. */
  newest: string | null;
  /** Verdicts of the kind that speaks for the recipe, oldest first. */
  trend: Timed[];
  /** Versions that were upgraded from. */
  upgrades: UpgradePath[];
  flakes: Flakes;
  /** What the run that speaks for the recipe came to. */
  progress: Progress | null;
  /** What its upgrade changed to the eye. */
  looks: Comparison | null;
  /** The newest run whose services were measured. */
  measured: { run: Run; result: RunResult } | null;
  baseUrl: string;
  now: number;
}

/** How one recipe stands, and every run it ever had. */
export function RecipePage(
  { standing, runs, older, newest, trend, looks, measured, baseUrl, now, ...more }: RecipePageProps,
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
            ? (
              <p class="muted">
                {newest === null ? "This recipe has not been tested yet." : "There are no older runs."}
              </p>
            )
            : <History runs={runs} now={now} />}
          <RunPages newest={newest} older={older} />
        </div>
        <aside aria-label="Level and badge">
          <section>
            <h2>Level</h2>
            <Ladder level={face?.level ?? null} progress={more.progress} />
          </section>
          {more.upgrades.length > 0 && (
            <section>
              <h2>Upgrades tested</h2>
              <Upgrades paths={more.upgrades} />
              {looks !== null && (
                <a class="plain" href={`/runs/${looks.run}#upgrade-looks`}>
                  <span class="strip">
                    {looks.pictures.map(({ name, caption }) => (
                      <img src={`/runs/${looks.run}/artefacts/${name}`} alt={caption} loading="lazy" />
                    ))}
                  </span>
                  <span class="muted">{looks.text}.</span>
                </a>
              )}
            </section>
          )}
          {measured !== null && (
            <section>
              <h2>Resources</h2>
              <Peaks peaks={servicePeaks(measured.result.stages)} />
              <p class="muted">
                As measured by{" "}
                <a href={`/runs/${measured.run.run}`}>
                  the run of <Subject run={measured.run} />
                </a>
                {measured.result.images.length > 0 &&
                  `, with images of ${formatBytes(imageBytes(measured.result))}`}.
              </p>
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
  const { face, beside, badSince, onIt, active, latest } = standing;
  return (
    <div class="standing">
      {face === null
        ? (
          <p>
            {beside !== null
              ? "Not tested yet: no branch or tag was."
              : standing.enrolled
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
                  face.stage === null ? "" : ` in ${face.stage}`
                }`}
            </a>
            {face.cause !== null && (
              <>
                : <bdi>{face.cause}</bdi>
              </>
            )} · <Subject run={face} /> · <When at={testedAt(face)} now={now} />
          </p>
        )}
      {badSince !== null && badSince.seq !== face?.seq && (
        <p>
          Broken for {formatRoughly(now - testedAt(badSince))}, since{" "}
          <a href={`/runs/${badSince.run}`}>
            <Subject run={badSince} />
          </a>.
        </p>
      )}
      {beside !== null && (
        <p>
          <a href={`/runs/${beside.run}`}>{subjectName(beside.subject)}</a> {runLooks[beside.state].word}
          {beside.cause !== null && (
            <>
              : <bdi>{beside.cause}</bdi>
            </>
          )} · <When at={testedAt(beside)} now={now} />
        </p>
      )}
      {onIt !== null && (
        <p>
          Since then: <a href={`/runs/${onIt.run}`}>{subjectName(onIt.subject)}</a>{" "}
          {runLooks[onIt.state].word}.
        </p>
      )}
      {standing.stale && <p>Not tested for more than 30 days: the level may no longer be true.</p>}
      {face?.class === "pr" && <p class="muted">Only pull requests were tested so far; no branch or tag.</p>}
      {latest?.state === "infra" && (
        <p class="muted">In the last run it {runVerbs.infra}, which says nothing about the recipe.</p>
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

/** All rungs, with what has been reached and what stood in the way of the others. */
function Ladder({ level, progress }: { level: number | null; progress: Progress | null }) {
  return (
    <ol class="rungs" reversed>
      {levels.map(({ name, stage }, rung) => {
        if (rung === 0) return null;
        const reached = level !== null && rung <= level;
        const why = progress === null ? null : obstacle(progress, { rung, stage, level });
        return (
          <li class={reached ? "reached" : ""}>
            <span class={`rung rung-${reached ? rung : "none"}`}>
              <b>{rung}</b>
            </span>
            <span>
              {name} {reached && <Icon name="passed" label="reached" />}
              {why !== null && <span class="why">{why}</span>}
            </span>
          </li>
        );
      }).reverse()}
    </ol>
  );
}

/** What the run has to say about a rung that it did not climb in the plain way. */
function obstacle(
  { stages, result }: Progress,
  { rung, stage, level }: { rung: number; stage: StageName | null; level: number | null },
): string | null {
  // Being clean is about the whole run, and worth a word only where nothing else is missing.
  if (stage === null) {
    return result !== null && level === rung - 1 ? uncleanText(result) : null;
  }
  const report = stages.find(({ name }) => name === stage)?.report ?? null;
  if (report === null || report.result === "passed") return null;
  return report.cause ?? report.reason ?? null;
}

function Upgrades({ paths }: { paths: readonly UpgradePath[] }) {
  return (
    <ul class="files">
      {paths.slice(0, 8).map((path) => (
        <li>
          <span class={`sign tone-${path.outcome === "passed" ? "good" : "bad"}`}>
            <Icon
              name={path.outcome === "passed" ? "passed" : "failed"}
              label={path.outcome === "passed" ? "works" : "fails"}
            />
          </span>{" "}
          <a href={`/runs/${path.last.run}`}>
            from <bdi>{path.base}</bdi>
          </a>{" "}
          <span class="muted">
            {`${path.passed} of ${count(path.runs, "run")} passed`}
            {path.last.class === "pr" && `, last by ${subjectName(path.last.subject)}`}
          </span>
        </li>
      ))}
    </ul>
  );
}

function History({ runs, now }: { runs: Run[]; now: number }) {
  const none = <span class="muted">–</span>;
  return (
    <RunTable
      rows={runs.map((run) => ({ run }))}
      columns={[
        stateColumn("Result"),
        testedColumn(),
        {
          title: "Level",
          cell: ({ run }) => run.level === null ? none : <Rung level={run.level} words={false} />,
        },
        { title: "Cause", class: "col-cause", cell: ({ run }) => causeText(run) },
        { title: "Took", class: "number", cell: ({ run }) => tookText(run) ?? none },
        whenColumn("When", { at: (run) => isActive(run) ? run.announcedAt : testedAt(run), now }),
      ]}
    />
  );
}
