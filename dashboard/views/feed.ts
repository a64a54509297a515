import { subjectName } from "../../wording/verdict.ts";
import { html } from "hono/html";
import { oneLine } from "../../common/plain_text.ts";
import type { Deps } from "./deps.ts";
import { testedAt } from "./recipe_standing.ts";
import type { LevelChange } from "../store/stats.ts";
import { hiddenRecipes } from "./visible.ts";
import { levelName } from "./words.ts";

const ENTRIES = 50;
/** Runs looked through: what lies further back is no news. */
const AMONG = 5_000;

/** Changes of recipes' levels as an Atom feed (RFC 4287). */
export function feed(deps: Deps): string {
  const changes = deps.store.stats.levelChanges({
    among: AMONG,
    limit: ENTRIES,
    except: hiddenRecipes(deps),
  });
  const newest = changes[0] === undefined ? deps.startedAt : testedAt(changes[0].run);
  return `<?xml version="1.0" encoding="utf-8"?>\n${html`
    <feed xmlns="http://www.w3.org/2005/Atom">
    <id>${deps.baseUrl}/feed.atom</id>
    <title>cc-ci: levels of recipes, as their branches and versions have them</title>
    <updated>${iso(newest)}</updated>
    <author><name>cc-ci</name></author>
    <link rel="self" type="application/atom+xml" href="${deps.baseUrl}/feed.atom"/>
    <link rel="alternate" type="text/html" href="${deps.baseUrl}/"/>
    ${changes.map((change) => entry(change, deps.baseUrl))}</feed>
  `}`;
}

function entry({ run, before }: LevelChange, baseUrl: string) {
  const page = `${baseUrl}/runs/${run.run}`;
  const verb = before === null ? "has" : (run.level ?? 0) > before ? "rose to" : "fell to";
  const from = before === null ? "" : ` from level ${before}`;
  const why = run.cause === null ? "" : `${run.stage === null ? "" : `${run.stage}: `}${run.cause}`;
  return html`
    <entry>
      <id>${page}</id>
      <title>${oneLine(`${run.recipe} ${verb} level ${run.level}${from}`)}</title>
      <updated>${iso(testedAt(run))}</updated>
      <link rel="alternate" type="text/html" href="${page}" />
      <category term="${run.recipe}" />
      <summary>${oneLine(
        [`${subjectName(run.subject)}: ${levelName(run.level)}`, why].filter(Boolean).join(". "),
      )}</summary>
    </entry>
  `;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
