import type { LintFinding, RunResult } from "../../protocol/result.ts";
import type { Tone } from "../../wording/outcomes.ts";
import { findingsOf, otherBlemishes, placeOf } from "../../wording/findings.ts";
import { type Markup, markup } from "./markup.ts";

const tones: Record<LintFinding["severity"], Tone> = { error: "bad", warning: "trouble", note: "quiet" };

/** What lint found and what else keeps the run from being clean; null when there is nothing. */
export function findings(result: RunResult): Markup | null {
  const found = findingsOf(result);
  const blemishes = otherBlemishes(result);
  if (found.length + blemishes.length === 0) return null;
  return markup`<div class="card"><table class="findings">${found.map(findingRow)}${
    blemishes.map(({ where, text }) =>
      markup`<tr class="tone-trouble">
<td class="kind"><span class="chip">blemish</span></td>
<td>${text}</td>
<td class="rule">${where}</td>
</tr>`
    )
  }</table></div>`;
}

function findingRow(finding: LintFinding): Markup {
  const tone = tones[finding.severity];
  return markup`<tr class="tone-${tone}">
<td class="kind"><span class="chip">${finding.severity}</span></td>
<td><p class="place">${placeOf(finding)}</p>${finding.message}${
    finding.hint !== undefined && markup`<p class="note">${finding.hint}</p>`
  }</td>
<td class="rule"><code>${finding.rule}</code></td>
</tr>`;
}
