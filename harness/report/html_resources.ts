import { formatBytes } from "../../common/bytes.ts";
import { formatSeconds } from "../../common/time.ts";
import type { ResourceUse, RunResult, StageName } from "../../protocol/result.ts";
import { imageBytes } from "../../wording/findings.ts";
import { type Markup, markup } from "./markup.ts";

/** What the services used, stage by stage, and how large their images are; null when nobody measured. */
export function resources(result: RunResult): Markup | null {
  const stages = result.stages.filter((stage) => stage.resources.length > 0);
  if (stages.length + result.images.length === 0) return null;
  const most = Math.max(1, ...stages.flatMap((stage) => stage.resources.map((use) => use.peakMemoryBytes)));
  const rows = stages.flatMap(({ name, resources }) =>
    resources.map((use, index) => useRow(use, { stage: index === 0 ? name : null, most }))
  );
  return markup`<div class="card">${
    rows.length > 0 && markup`<div class="wide"><table class="numbers">
<thead><tr><th>Stage</th><th>Service</th><th>Memory</th><th class="meter"></th><th>CPU</th><th>Disk</th></tr></thead>
<tbody>${rows}</tbody></table></div>`
  }${imageList(result)}</div>`;
}

function useRow(use: ResourceUse, { stage, most }: { stage: StageName | null; most: number }): Markup {
  const width = Math.max(1, Math.round(100 * use.peakMemoryBytes / most));
  return markup`<tr${stage !== null && markup` class="first"`}>
<th>${stage !== null && stage}</th>
<td>${use.service}</td>
<td class="number">${formatBytes(use.peakMemoryBytes)}</td>
<td class="meter"><i style="width:${width}%"></i></td>
<td class="number">${formatSeconds(use.cpuSeconds * 1000)}</td>
<td class="number">${use.diskBytes === null ? "–" : formatBytes(use.diskBytes)}</td>
</tr>`;
}

function imageList(result: RunResult): Markup | null {
  if (result.images.length === 0) return null;
  const items = result.images.map(({ service, image, bytes }) =>
    markup`<li><b>${service}</b> <code>${image}</code> <span class="quiet">${formatBytes(bytes)}</span></li>`
  );
  const total = new Set(result.images.map(({ image }) => image)).size > 1 &&
    markup` <span class="quiet">${formatBytes(imageBytes(result))} together</span>`;
  return markup`<h3>Images${total}</h3><ul class="images">${items}</ul>`;
}
