import { runLooks, type Sign, type Tone } from "../../wording/outcomes.ts";
import { subjectName, testedCommit } from "../../wording/verdict.ts";
import { raw } from "hono/html";
import type { Child } from "hono/jsx";
import { levels } from "../../protocol/result.ts";
import type { RunState } from "../../protocol/dashboard_api.ts";
import type { Run } from "../model/run.ts";
import { testedAt } from "../views/recipe_standing.ts";
import { ago } from "../../common/time.ts";
import { levelName } from "../views/words.ts";

/** Small pieces that several pages share. */

/** Each sign as a drawing in a field of 16 × 16. */
const drawings: Record<Sign, string> = {
  passed: "M3.5 8.5l3 3 6-7",
  failed: "M4.5 4.5l7 7m0-7l-7 7",
  timedOut: "M4 2.5h8M4 13.5h8M5 2.5v2l3 3.5 3-3.5v-2M5 13.5v-2L8 8l3 3.5v2",
  trouble: "M8 3.5v5.5m0 3v.5",
  stopped: "M4.5 4.5h7v7h-7z",
  skipped: "M4.5 8h7",
  blocked: "M4 12L12 4",
  broken: "M1.5 8H6l1.5-3m1 6L10 8h4.5",
  running: "M8 2.5a5.5 5.5 0 1 1-5.5 5.5",
  waiting: "M8 2.5a5.5 5.5 0 1 1 0 11a5.5 5.5 0 0 1 0-11M8 5v3.2l2 1.3",
};

export function Icon({ name, label }: { name: Sign; label?: string }) {
  return (
    <svg
      class={`icon icon-${name}`}
      viewBox="0 0 16 16"
      role={label === undefined ? undefined : "img"}
      aria-label={label}
      aria-hidden={label === undefined ? "true" : undefined}
    >
      <path d={drawings[name]} />
    </svg>
  );
}

/** A text in which what stands between backticks is code. */
export function Words({ text }: { text: string }) {
  return <>{text.split(/`([^`\n]+)`/).map((part, at) => at % 2 === 1 ? <code>{part}</code> : part)}</>;
}

/** The state of a run: sign and word. */
export function State({ state }: { state: RunState }) {
  const { tone, sign, word } = runLooks[state];
  return (
    <span class={`state tone-${tone}`}>
      <Icon name={sign} /> {word}
    </span>
  );
}

/** The sign of a state alone, in its colour. */
export function StateSign({ state }: { state: RunState }) {
  const { tone, sign, word } = runLooks[state];
  return (
    <span class={`sign tone-${tone}`}>
      <Icon name={sign} label={word} />
    </span>
  );
}

/** By level. Drawn once: lists show one in each row, and each has five parts. */
const ladders = levels.map((_, level) => raw(String(<Ladder level={level} />)));

function Ladder({ level }: { level: number }) {
  return (
    <svg class="ladder" viewBox="0 0 29 16" aria-hidden="true">
      {levels.map((_, rung) =>
        rung > 0 && (
          <rect
            class={rung <= level ? "on" : ""}
            x={(rung - 1) * 6}
            y={13 - rung * 2.6}
            width="5"
            height={3 + rung * 2.6}
            rx="1"
          />
        )
      )}
    </svg>
  );
}

/** The level as a number on the ladder's colour, and as rungs climbed. */
export function Rung({ level, words = true }: { level: number | null; words?: boolean }) {
  return (
    <span class={`rung rung-${level ?? "none"}`}>
      <b>
        <span class="unseen">level</span>
        {level ?? "–"}
      </b>
      {ladders[level ?? 0]}
      {words && <span class="rung-name">{levelName(level)}</span>}
    </span>
  );
}

/** A moment: relative for reading, exact on demand and for the script that keeps it true. */
export function When({ at, now }: { at: number; now: number }) {
  const iso = new Date(at).toISOString();
  return <time datetime={iso} title={iso.replace("T", " ").replace(/\.\d+Z$/, " UTC")}>{ago(now - at)}</time>;
}

/** The last runs of a recipe as dots, oldest first. */
export function Dots({ runs, now }: { runs: readonly Run[]; now: number }) {
  if (runs.length === 0) return <span class="muted">no runs yet</span>;
  return (
    <span class="dots">
      {runs.map((run) => {
        const text = `${subjectName(run.subject)} ${runLooks[run.state].word}${
          run.level === null ? "" : `, level ${run.level}`
        }, ${ago(now - testedAt(run))}`;
        return (
          <a
            class={`dot tone-${runLooks[run.state].tone}${run.class === "pr" ? " of-pr" : ""}`}
            href={`/runs/${run.run}`}
            title={text}
            aria-label={text}
          />
        );
      })}
    </span>
  );
}

/** What was tested: `PR #12 3fa9c1b`. */
export function Subject({ run }: { run: Run }) {
  return (
    <span class="subject">
      {run.class === "pr"
        ? <span class="tag">{subjectName(run.subject)}</span>
        : <bdi>{subjectName(run.subject)}</bdi>} <code>{testedCommit(run)}</code>
    </span>
  );
}

/** The app's page in small, or a quiet placeholder. */
export function Thumbnail({ run, recipe }: { run: Run | null; recipe: string }) {
  if (run === null || run.thumbnail === null) {
    return <span class="thumb thumb-none" aria-hidden="true">{recipe.slice(0, 1)}</span>;
  }
  return (
    <img
      class="thumb"
      src={`/runs/${run.run}/artefacts/${run.thumbnail}`}
      alt=""
      width="96"
      height="60"
      loading="lazy"
      decoding="async"
    />
  );
}

/** A share from 0 to 1 as a bar; the number stands beside it. */
export function Meter({ share }: { share: number }) {
  return (
    <svg class="meter-bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
      <rect class="bar-all" width="100" height="8" rx="1" />
      <rect class="bar-own" width={Math.min(100, Math.max(1, share * 100)).toFixed(1)} height="8" rx="1" />
    </svg>
  );
}

/** A note that stands out. */
export function Notice({ tone, children }: { tone: Tone; children: Child }) {
  return <p class={`notice tone-${tone}`}>{children}</p>;
}

/** Text to copy; a script adds the button. */
export function Snippet({ text, label }: { text: string; label: string }) {
  return <pre class="snippet" data-copy={label} tabindex={0}><code>{text}</code></pre>;
}
