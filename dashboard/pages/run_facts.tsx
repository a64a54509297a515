import { subjectName } from "../../wording/verdict.ts";
import { shortCommit } from "../../protocol/params.ts";
import type { Child } from "hono/jsx";
import { homeTarget, repositoryPage } from "../../wording/try_at_home.ts";
import type { RunDetail } from "../model/run.ts";
import { formatSeconds } from "../../common/time.ts";
import { repositoryOf } from "../views/words.ts";
import { Snippet, When } from "./parts.tsx";

/** Exactly what was tested, with what, and how long it took. */
export function Facts({ run, now, took }: { run: RunDetail; now: number; took: string | null }) {
  const result = run.progress.result;
  const repository = repositoryOf(run.subject);
  return (
    <section>
      <h2>Facts</h2>
      <dl class="facts">
        <Fact name="Subject">
          <bdi>
            {run.link === null
              ? subjectName(run.subject)
              : <a href={run.link} rel="noreferrer">{subjectName(run.subject)}</a>}
          </bdi>
          {repository !== null && <span class="muted">{` in ${repository}`}</span>}
        </Fact>
        <Fact name="Commit">
          <code class="break">{run.commit}</code>
          {run.dirty && <span class="muted">and uncommitted changes</span>}
        </Fact>
        {run.progress.base !== null && (
          <Fact name="Base">
            <code>{run.progress.base}</code>
            {typeof result?.baseReason === "string" && <span class="muted">{`, ${result.baseReason}`}</span>}
          </Fact>
        )}
        {run.startedAt !== null && (
          <Fact name="Started">
            <When at={run.startedAt} now={now} />
          </Fact>
        )}
        {took !== null && (
          <Fact name="Took">
            {took}
            {result !== null && result.imposedSeconds >= 1 && (
              <span class="muted">
                {`, ${
                  formatSeconds(result.imposedSeconds * 1000)
                } of it imposed by the recipe's health and update settings`}
              </span>
            )}
          </Fact>
        )}
        <Fact name="Run">
          <code>{run.run}</code>
          {run.host !== null && <span class="muted">{` on ${run.host}`}</span>}
        </Fact>
        {result !== null && (
          <>
            <Fact name="cc-ci">{result.versions.suite}</Fact>
            <Fact name="abra">{result.versions.abra}{result.abraStandIn ? " (stand-in)" : ""}</Fact>
            <Fact name="Docker">{result.versions.docker}</Fact>
            <Fact name="Browser">{result.versions.browser}</Fact>
          </>
        )}
        {result !== null && result.leftovers.length > 0 && (
          <Fact name="Left behind">
            <ul>
              {result.leftovers.map((one) => (
                <li>
                  <code class="break">{one}</code>
                </li>
              ))}
            </ul>
          </Fact>
        )}
      </dl>
    </section>
  );
}

function Fact({ name, children }: { name: string; children?: Child }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** How to get this result again, on the server and at home. */
export function Rerun({ run }: { run: RunDetail }) {
  if (run.subject.kind === "worktree") return null;
  const command = commandFor(run);
  return (
    <section>
      <h2>Run it again</h2>
      {run.subject.kind === "pr" && (
        <p>
          Comment <code>!testme</code> on {run.link === null
            ? subjectName(run.subject)
            : <a href={run.link} rel="noreferrer">{subjectName(run.subject)}</a>}.
        </p>
      )}
      {command !== null && (
        <>
          <p>
            {run.subject.kind === "pr"
              ? "Or try at home what the pull request holds by then:"
              : "Try this commit at home:"}
          </p>
          <Snippet label="command" text={command} />
          {!command.includes("https://") && (
            <p class="muted">The recipe is looked up by its name on your own cc-ci's forge.</p>
          )}
        </>
      )}
    </section>
  );
}

/** No branch or tag leads to a commit of a fork; its pull request does. */
function refOf({ subject, commit }: RunDetail): string {
  return subject.kind === "pr" ? `refs/pull/${subject.pr}/head` : shortCommit(commit);
}

/** People paste this into a shell: nothing gets into it that is not a plain word. */
function commandFor(run: RunDetail): string | null {
  if (!/^[0-9a-f]{7,64}$/.test(run.commit)) return null;
  const repository = repositoryOf(run.subject);
  const page = repository === null ? null : repositoryPage(run.link, repository);
  const lines = [`./cc-ci run-recipe ${homeTarget(run.recipe, page)}`, `  --ref ${refOf(run)}`];
  const base = run.progress.base;
  if (base !== null && /^[0-9A-Za-z][0-9A-Za-z.+-]*$/.test(base)) lines.push(`  --base ${base}`);
  if (run.stage !== null && run.stage !== "fetch" && run.stage !== "teardown") {
    lines.push(`  --only ${run.stage}`);
  }
  return [...lines, "  --keep"].join(" \\\n");
}
