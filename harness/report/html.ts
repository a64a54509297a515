import { formatSeconds } from "../../common/time.ts";
import { levels, type RunResult, type StageName, type StageReport } from "../../protocol/result.ts";
import { runLists, uncleanText } from "../../wording/findings.ts";
import { timingChart } from "./html_chart.ts";
import { findings } from "./html_findings.ts";
import { logMarkup } from "./html_log.ts";
import { comparison, gallery, type Screenshots } from "./html_pictures.ts";
import { resources } from "./html_resources.ts";
import { style } from "./html_style.ts";
import { type Markup, markup, trusted } from "./markup.ts";
import { glyphOf, runLooks, stageLooks } from "../../wording/outcomes.ts";
import {
  blame,
  hasLevel,
  headline,
  judged,
  stageText,
  standInNote,
  subjectName,
  testedCommit,
  verdict,
} from "../../wording/verdict.ts";

export interface ReportInput {
  result: RunResult;
  /** Text of each stage's log, ANSI colours allowed. */
  logs: Partial<Record<StageName, string>>;
  screenshots: Screenshots;
  /** When each stage ran, for the timing chart, in seconds since the run's start. */
  timing?: Partial<Record<StageName, { from: number; to: number }>>;
}

/** Nothing is ever loaded, no script ever runs: the page holds texts and pictures of whatever was tested. */
const policy =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/** The whole report as one HTML file that needs nothing else. */
export function renderReport(input: ReportInput): string {
  const { result, logs, screenshots, timing } = input;
  const chart = timing === undefined ? null : timingChart(result.stages, timing);
  const rows = result.stages.map((stage) => stageRow(stage, logs));
  const folded = foldedLogs(result, logs);
  const page = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="referrer" content="no-referrer">
<title>${headline(result)}</title>
<style>${trusted(style)}</style>
</head>
<body>
<main>
${hero(result)}
${section("Stages", markup`<div class="card"><table class="stages">${rows}</table></div>`)}
${section("Findings", findings(result), "findings")}
${runLists(result).map(({ title, items }) => section(title, listOf(items)))}
${section("Before and after the upgrade", comparison(result, screenshots))}
${section("What it looked like", gallery(result, screenshots))}
${
    chart !== null &&
    section("Time", markup`<div class="card"><div class="wide">${chart}</div>${imposed(result)}</div>`)
  }
${section("What it used at most", resources(result))}
${section("Logs", folded.length === 0 ? null : markup`${folded}`)}
${footer(result)}
</main>
</body>
</html>
`;
  return page.text;
}

function hero(result: RunResult): Markup {
  const commit = testedCommit(result);
  const where = [subjectName(result.subject), result.base === null ? null : `over ${result.base}`].filter(
    Boolean,
  );
  const culprit = result.result === "passed"
    ? undefined
    : result.stages.find((stage) => stage.name === result.stage);
  const look = runLooks[result.result];
  const title = { ...result, cause: null };
  const blamed = blame(result);
  const unclean = uncleanText(result);
  return markup`<section class="card hero tone-${look.tone}">
<p class="where">${result.recipe} · ${where.join(" ")}</p>
<h1><span class="sign" aria-hidden="true">${glyphOf(look)}</span>${
    commit !== null && markup`<code>${commit}</code> of `
  }${result.recipe} ${verdict(title)}</h1>
${result.cause !== null && markup`<p class="cause">${sentence(result.cause)}</p>`}
${blamed !== null && markup`<p class="quiet">${blamed}.</p>`}
${
    culprit?.detail !== undefined && culprit.detail !== "" &&
    markup`<div class="detail">${culprit.detail}</div>`
  }
${
    culprit !== undefined && culprit.tail.length > 0 &&
    markup`<h2>Last log lines</h2>${logMarkup("tail", culprit.tail.join("\n")).rows}`
  }
<dl class="facts">
${hasLevel(result) && levelFact(result.level)}
${unclean !== null && markup`<div><dt>Not clean</dt><dd><a href="#findings">${unclean}</a></dd></div>`}
${
    typeof result.baseReason === "string" &&
    markup`<div><dt>Upgraded from</dt><dd>${result.base ?? "no version"}: ${result.baseReason}</dd></div>`
  }
<div><dt>Took</dt><dd>${formatSeconds(result.seconds * 1000)}</dd></div>
<div><dt>Started</dt><dd>${moment(result.startedAt)}</dd></div>
<div><dt>Run</dt><dd><code>${result.run}</code></dd></div>
</dl>
${noteList(result)}
</section>`;
}

/** Nothing at all without content. */
function section(title: string, content: Markup | null, id?: string): Markup | null {
  if (content === null) return null;
  return markup`<section${id !== undefined && markup` id="${id}"`}><h2>${title}</h2>${content}</section>`;
}

function levelFact(level: number): Markup {
  const rungs = levels.slice(1).map((_, below) => markup`<i class="${below < level ? "on" : "off"}"></i>`);
  return markup`<div><dt>Level</dt><dd><span class="rungs" aria-hidden="true">${rungs}</span>${level} <small>${
    levels[level]?.name
  }</small></dd></div>`;
}

function noteList(result: RunResult): Markup {
  const standIn = standInNote(result);
  const dirty = "Uncommitted changes were tested as they stood (+U).";
  const notes = [
    ...(standIn === null ? [] : [`${standIn}.`]),
    ...(result.dirty ? [dirty] : []),
    ...result.notes,
  ];
  return markup`${
    notes.length > 0 && markup`<ul class="notes">${notes.map((note) => markup`<li>${note}</li>`)}</ul>`
  }${
    result.leftovers.length > 0 &&
    markup`<ul class="notes left">${
      result.leftovers.map((left) => markup`<li>Left behind: ${left}</li>`)
    }</ul>`
  }`;
}

function stageRow(stage: StageReport, logs: ReportInput["logs"]): Markup {
  const ran = stage.result !== "skipped" && stage.result !== "blocked";
  const text = stage.result === "failed" || stage.result === "infra"
    ? sentence(stageText(stage))
    : stageText(stage);
  const time = ran ? formatSeconds(stage.seconds * 1000) : null;
  const link = logs[stage.name] === undefined
    ? null
    : markup`<a class="log-link" href="#log-${stage.name}">log</a>`;
  const before = stage.result === "failed" && stage.proofs.length > 0
    ? [`before that: ${stage.proofs.join(", ")}`]
    : [];
  const notes = [...before, ...stage.notes].map((note) => markup`<p class="note">${note}</p>`);
  const look = stageLooks[stage.result];
  return markup`<tr class="${stage.result} tone-${look.tone}">
<td class="mark"><span title="${look.word}">${glyphOf(look)}</span></td>
<td class="name">${stage.name}</td>
<td class="text">${text}${notes}</td>
<td class="time">${time}${link}</td>
</tr>`;
}

function listOf(items: readonly string[]): Markup {
  return markup`<div class="card"><ul class="notes">${
    items.map((item) => markup`<li>${item}</li>`)
  }</ul></div>`;
}

function imposed(result: RunResult): Markup | null {
  if (result.imposedSeconds <= 0 || !judged(result)) return null;
  const waiting = formatSeconds(result.imposedSeconds * 1000);
  const whole = formatSeconds(result.seconds * 1000);
  return markup`<p class="quiet">${waiting} of the ${whole} are waiting that the recipe's own health and update
settings impose on any deploy.</p>`;
}

/** Folded, save that of the stage that went wrong. */
function foldedLogs(result: RunResult, logs: ReportInput["logs"]): Markup[] {
  return result.stages.flatMap((stage) => {
    const text = logs[stage.name];
    if (text === undefined || text === "") return [];
    const { lines, rows } = logMarkup(stage.name, text);
    const open = result.result !== "passed" && stage.name === result.stage;
    const count = lines === 1 ? "1 line" : `${lines} lines`;
    return [markup`<details id="log-${stage.name}"${open && trusted(" open")}>
<summary>${stage.name}<span class="quiet">${count}</span></summary>${rows}</details>`];
  });
}

function footer({ versions, commit, subject }: RunResult): Markup {
  const src = "src" in subject ? ` · ${subject.src}` : "";
  return markup`<footer>
<p>cc-ci ${versions.suite} · abra ${versions.abra} · Docker ${versions.docker} · ${versions.browser}</p>
${commit !== null && markup`<p>Commit <code>${commit}</code>${src}</p>`}
</footer>`;
}

function moment(iso: string): string {
  return iso.replace("T", " ").replace(/:\d\d(\.\d+)?Z$/, " UTC");
}

/** Begins with a capital, unless it begins with a file's name. */
function sentence(text: string): string {
  const clean = text.trim();
  if (/^[\w-]+[./]\w/.test(clean)) return clean;
  // An address that begins a sentence stays as it is written.
  return /^https?:/.test(clean) ? clean : clean.charAt(0).toUpperCase() + clean.slice(1);
}
