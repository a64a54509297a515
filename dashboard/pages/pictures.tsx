import { testedCommit } from "../../wording/verdict.ts";
import { pictureTitle, visualText } from "../../wording/findings.ts";
import type { RunResult } from "../../protocol/result.ts";
import { isPicture } from "../model/artefact_types.ts";
import type { Artefact, RunDetail } from "../model/run.ts";

/** The page before and after an upgrade, with the pictures that have arrived. */
export interface Comparison {
  run: string;
  /** How much changed, in words. */
  text: string;
  pictures: { name: string; caption: string }[];
}

/** What an upgrade changed to the eye; `null` when nobody compared or a picture is missing. */
export function comparisonOf(
  run: { run: string; commit: string; dirty: boolean; base: string | null },
  { result, artefacts }: { result: RunResult | null; artefacts: readonly Artefact[] },
): Comparison | null {
  const visual = result?.visual ?? null;
  const text = result === null ? null : visualText(result);
  if (visual === null || text === null) return null;
  const pictures = [
    { name: visual.before, caption: `Before: ${run.base ?? "the published version"}` },
    { name: visual.after, caption: `After: ${testedCommit(run)}` },
    { name: visual.difference, caption: "Difference, in red" },
  ];
  const there = pictures.every(({ name }) => artefacts.some((artefact) => artefact.name === name));
  return there ? { run: run.run, text, pictures } : null;
}

/** Before, after, and what differs, side by side. */
function Compared({ comparison }: { comparison: Comparison }) {
  return (
    <div class="pictures three">
      {comparison.pictures.map(({ name, caption }) => (
        <Picture run={comparison.run} name={name} caption={caption} />
      ))}
    </div>
  );
}

/** Everything a run's browser saw: what the upgrade changed, then a picture of each stage. */
export function Pictures({ run }: { run: RunDetail }) {
  const { result } = run.progress;
  const compared = comparisonOf(run, { result, artefacts: run.artefacts });
  const shown = compared?.pictures.map(({ name }) => name) ?? [];
  const others = run.artefacts.map(({ name }) => name).filter((name) =>
    isPicture(name) && name !== "thumb.png" && !shown.includes(name)
  ).map((name) => ({ name, ...placeOf(run, name) })).sort((a, b) => a.at - b.at);
  return (
    <>
      {compared !== null && (
        <section>
          <h2 id="upgrade-looks">Before and after the upgrade</h2>
          <p class="muted">{compared.text}.</p>
          <Compared comparison={compared} />
        </section>
      )}
      {others.length > 0 && (
        <section>
          <h2>Screenshots</h2>
          <div class="pictures">
            {others.map(({ name, caption }) => <Picture run={run.run} name={name} caption={caption} />)}
          </div>
        </section>
      )}
    </>
  );
}

function Picture({ run, name, caption }: { run: string; name: string; caption: string }) {
  const address = `/runs/${run}/artefacts/${name}`;
  return (
    <figure>
      <a href={address}>
        <img src={address} alt={`Screenshot: ${caption}`} loading="lazy" decoding="async" />
      </a>
      <figcaption>{caption}</figcaption>
    </figure>
  );
}

/** The stage a picture belongs to, by its report or, before there is one, by its name. */
function placeOf(run: RunDetail, name: string): { at: number; caption: string } {
  const { stages } = run.progress;
  const reported = stages.findIndex((stage) => stage.report?.screenshots.includes(name));
  const at = reported >= 0 ? reported : stages.findIndex((stage) => name.startsWith(stage.name));
  const stage = stages[at];
  return stage === undefined
    ? { at: stages.length, caption: name.replace(/\.png$/, "") }
    : { at, caption: pictureTitle(stage.name, name) };
}
