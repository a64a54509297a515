import { subjectName } from "../../wording/verdict.ts";
import { runLooks, runVerbs } from "../../wording/outcomes.ts";
import { raw } from "hono/html";
import type { Child } from "hono/jsx";
import { trueUntil } from "../views/words.ts";
import { needsAttention, type Overview, overviewUrl } from "../views/overview.ts";
import type { Run } from "../model/run.ts";
import { lastChange, type Standing, testedAt } from "../views/recipe_standing.ts";
import { formatRoughly } from "../../common/time.ts";
import { count } from "../views/words.ts";
import { Page } from "./layout.tsx";
import { Dots, Rung, StateSign, Subject, Thumbnail, When } from "./parts.tsx";

/** Every recipe: what is broken, since when, and is anybody on it. */
export function OverviewPage({ view, now }: { view: Overview; now: number }) {
  const { query, counts } = view;
  const split = query.sort === "attention" && query.show === "all";
  const fell = split ? view.rows.filter((standing) => standing.health === "fell") : [];
  const urgent = split
    ? view.rows.filter((standing) => needsAttention(standing) && standing.health !== "fell")
    : [];
  const others = split ? view.rows.filter((standing) => !needsAttention(standing)) : view.rows;
  return (
    <Page title="cc-ci" section="recipes" json="/api/recipes" refresh={60}>
      <div class="page-head">
        <h1>Recipes</h1>
        <p class="lede">{summary(view)}</p>
      </div>
      {counts.recipes > 0 && <Filter view={view} />}
      {view.rows.length === 0 && <Nothing view={view} />}
      {view.rows.length > 0 && (
        <table class="recipes">
          <thead>
            <tr>
              <th scope="col" class="col-thumb">
                <span class="unseen">App</span>
              </th>
              <th scope="col">Recipe</th>
              <th scope="col">Level</th>
              <th scope="col">Tested</th>
              <th scope="col">Last runs</th>
            </tr>
          </thead>
          {fell.length > 0 && <Group title="Level fell in the last run" rows={fell} now={now} />}
          {urgent.length > 0 && <Group title="Needs a look" rows={urgent} now={now} />}
          {others.length > 0 && (
            <Group title={fell.length + urgent.length > 0 ? "In order" : null} rows={others} now={now} />
          )}
        </table>
      )}
      {view.pages > 1 && <Pages view={view} />}
    </Page>
  );
}

function summary({ counts }: Overview): string {
  if (counts.recipes === 0) return "No recipe is enrolled yet.";
  const parts = [
    counts.attention === 0
      ? `All ${count(counts.recipes, "recipe")} in order`
      : `${counts.attention} of ${count(counts.recipes, "recipe")} ${
        counts.attention === 1 ? "needs" : "need"
      } a look`,
  ];
  if (counts.running > 0) parts.push(`${counts.running} being tested`);
  if (counts.queued > 0) parts.push(`${counts.queued} waiting`);
  return `${parts.join(" · ")}.`;
}

function Filter({ view: { query } }: { view: Overview }) {
  return (
    <form class="filter" method="get" action="/" role="search">
      <label>
        <span class="unseen">Find a recipe</span>
        <input type="search" name="q" value={query.q} placeholder="Find a recipe" maxlength={64} />
      </label>
      <label>
        <span>Show</span>
        <select name="show">
          <option value="all" selected={query.show === "all"}>all</option>
          <option value="attention" selected={query.show === "attention"}>needs a look</option>
          <option value="active" selected={query.show === "active"}>being tested</option>
        </select>
      </label>
      <label>
        <span>Sort by</span>
        <select name="sort">
          <option value="attention" selected={query.sort === "attention"}>urgency</option>
          <option value="name" selected={query.sort === "name"}>name</option>
          <option value="level" selected={query.sort === "level"}>level, lowest first</option>
          <option value="age" selected={query.sort === "age"}>age, oldest first</option>
        </select>
      </label>
      <button type="submit">Show</button>
    </form>
  );
}

function Group({ title, rows, now }: { title: string | null; rows: readonly Standing[]; now: number }) {
  return (
    <tbody>
      {title !== null && (
        <tr class="group">
          <th colspan={5} scope="rowgroup">{title}</th>
        </tr>
      )}
      {rows.map((standing) => rowOf(standing, now))}
    </tbody>
  );
}

/** Rows as they were last made: of fifty, hardly one differs from one time to the next. */
const rows = new WeakMap<Standing, { until: number; html: string }>();

function rowOf(standing: Standing, now: number) {
  const known = rows.get(standing);
  if (known !== undefined && now < known.until) return raw(known.html);
  const html = String(<Row standing={standing} now={now} />);
  rows.set(standing, { until: trueUntil(lastChange(standing), now), html });
  return raw(html);
}

function Row({ standing, now }: { standing: Standing; now: number }) {
  const { face, recipe } = standing;
  return (
    <tr class={`row health-${standing.health}`}>
      <td class="col-thumb">
        <a href={`/recipes/${recipe}`} tabindex={-1} aria-hidden="true">
          <Thumbnail run={face} recipe={recipe} />
        </a>
      </td>
      <th scope="row" class="col-name">
        <a class="name" href={`/recipes/${recipe}`}>{recipe}</a>
        <Story standing={standing} now={now} />
      </th>
      <td class="col-level">
        <Rung level={face?.level ?? null} />
      </td>
      <td class="col-tested">
        {face === null ? <span class="muted">never</span> : (
          <a class="plain" href={`/runs/${face.run}`}>
            <Subject run={face} />
            <span class={standing.stale ? "when stale" : "when"}>
              <When at={testedAt(face)} now={now} />
            </span>
          </a>
        )}
      </td>
      <td class="col-dots">
        <Dots runs={standing.recent} now={now} />
      </td>
    </tr>
  );
}

/** What is wrong, since when, and who is on it; or what is going on. */
function Story({ standing, now }: { standing: Standing; now: number }) {
  const { face, beside, badSince, onIt, active, latest, previous } = standing;
  const stage = face === null || face.stage === null ? "" : `${face.stage}: `;
  const facts: Child[] = [
    standing.health === "fell" && `fell from level ${previous?.level}`,
    badSince !== null && `broken for ${formatRoughly(now - testedAt(badSince))}`,
    latest?.state === "infra" && (
      <>
        {runVerbs.infra} in the last run{latest.cause !== null && (
          <>
            : <bdi>{latest.cause}</bdi>
          </>
        )}
      </>
    ),
    standing.stale && "not tested for a month",
    face === null && active === null && standing.health === "untested" && whyUntested(standing),
    beside !== null && <a href={`/runs/${beside.run}`}>{whatBecameOf(beside)}</a>,
    onIt !== null && whatBecameOf(onIt),
    active !== null && active.seq !== onIt?.seq && whatBecameOf(active),
  ].filter((fact) => fact !== false);
  return (
    <div class="story">
      {badSince !== null && face !== null && (
        <p class="tone-bad">
          <StateSign state={face.state} /> {stage}
          <bdi>{face.cause ?? runLooks[face.state].word}</bdi>
        </p>
      )}
      <p class="muted">{facts.map((fact, at) => at === 0 ? fact : <>{" · "}{fact}</>)}</p>
    </div>
  );
}

function whyUntested({ latest, beside, enrolled }: Standing): string {
  if (latest !== null && beside === null) return `no result yet, last run ${runLooks[latest.state].word}`;
  return enrolled ? "enrolled, not tested yet" : "not tested yet";
}

function whatBecameOf(run: Run): Child {
  return (
    <>
      <bdi>{subjectName(run.subject)}</bdi> {runLooks[run.state].word}
    </>
  );
}

function Nothing({ view: { query, counts } }: { view: Overview }) {
  if (counts.recipes === 0) {
    return (
      <div class="empty">
        <h2>Nothing to show yet</h2>
        <p>
          A recipe appears here once it is enrolled, and gets its level with the first run. Write{" "}
          <code>!testme</code> in a pull request of an enrolled recipe to start one.
        </p>
      </div>
    );
  }
  return (
    <div class="empty">
      <h2>No recipe matches</h2>
      <p>
        {query.q === "" ? "No recipe is in that state." : <>Nothing is called “{query.q}” here.</>}{" "}
        <a href="/">Show all recipes</a>
      </p>
    </div>
  );
}

function Pages({ view: { query, pages } }: { view: Overview }) {
  return (
    <nav class="pages" aria-label="Pages">
      {query.page > 1
        ? <a rel="prev" href={overviewUrl({ ...query, page: query.page - 1 })}>← Previous</a>
        : <span></span>}
      <span>page {query.page} of {pages}</span>
      {query.page < pages
        ? <a rel="next" href={overviewUrl({ ...query, page: query.page + 1 })}>Next →</a>
        : <span></span>}
    </nav>
  );
}
