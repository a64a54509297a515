/** The report's only style sheet. Colours meet WCAG AA on their backgrounds, in light and in dark. */
export const style = `
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #ffffff; --text: #1b2330; --quiet: #5b6675; --line: #e2e6eb; --code: #f1f3f6;
  --good: #14713a; --good-soft: #e3f4e9; --bad: #b3261e; --bad-soft: #fdeceb; --warn: #8a5300; --warn-soft: #fff4df;
  --rest: #5b6675; --rest-soft: #eceff3; --link: #1a56b0; --bar-good: #2e9e5b; --bar-bad: #d8453c; --bar-warn: #d28a1d;
  --bar-rest: #aab3bf;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #10141a; --card: #181e26; --text: #e4e9f0; --quiet: #9ba7b6; --line: #2a323d; --code: #12171e;
    --good: #6fd695; --good-soft: #14301f; --bad: #ff8f86; --bad-soft: #3a1a19; --warn: #f2b65a; --warn-soft: #35270f;
    --rest: #9ba7b6; --rest-soft: #232b35; --link: #82b4ff; --bar-good: #3fae6c; --bar-bad: #e2655c;
    --bar-warn: #d99a3a; --bar-rest: #55606e;
  }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 5rem; }
body {
  margin: 0; background: var(--page); color: var(--text);
  font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
}
main { max-width: 960px; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
a { color: var(--link); }
h1 { font-size: 1.5rem; line-height: 1.3; margin: .1rem 0 0; letter-spacing: -.01em; overflow-wrap: anywhere; }
h2 { font-size: 1.05rem; margin: 2.25rem 0 .75rem; }
code, .log, pre { font-family: ui-monospace, "SF Mono", "Cascadia Mono", "DejaVu Sans Mono", Menlo, monospace; }
code { font-size: .92em; background: var(--code); border-radius: 4px; padding: .08em .35em; }
.quiet { color: var(--quiet); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 1.1rem 1.25rem; }
.hero { border-top: 5px solid var(--tone); padding: 1.4rem 1.5rem 1.3rem; }
.hero .sign {
  display: inline-grid; place-items: center; width: 1.7rem; height: 1.7rem; margin-right: .6rem; border-radius: 50%;
  background: var(--tone-soft); color: var(--tone); font-size: 1rem; font-weight: 700; vertical-align: .12em;
}
.hero .where { color: var(--quiet); margin: 0 0 .4rem; overflow-wrap: anywhere; }
.hero .cause { margin: .55rem 0 0; color: var(--tone); font-size: 1.08rem; font-weight: 600; overflow-wrap: anywhere; }
.tone-good { --tone: var(--good); --tone-soft: var(--good-soft); --bar: var(--bar-good); }
.tone-bad { --tone: var(--bad); --tone-soft: var(--bad-soft); --bar: var(--bar-bad); }
.tone-trouble { --tone: var(--warn); --tone-soft: var(--warn-soft); --bar: var(--bar-warn); }
.tone-live, .tone-quiet { --tone: var(--rest); --tone-soft: var(--rest-soft); --bar: var(--bar-rest); }
.facts { display: flex; flex-wrap: wrap; gap: .9rem 2.2rem; margin: 1.2rem 0 0; padding: 0; }
.facts div { min-width: 5rem; }
.facts dt { color: var(--quiet); font-size: .8rem; margin: 0; }
.facts dd { margin: 0; font-weight: 600; overflow-wrap: anywhere; }
.facts small { font-weight: 400; color: var(--quiet); }
.rungs { display: inline-flex; gap: 3px; margin-right: .5rem; vertical-align: .05em; }
.rungs i { width: 13px; height: 9px; border-radius: 2px; background: var(--rest-soft); }
.rungs i.on { background: var(--bar-good); }
.card > p:last-child { margin-bottom: 0; }
.hero h2 { font-size: .95rem; margin: 1.2rem 0 .5rem; }
.hero .log { border: 0; border-radius: 8px; }
.detail { margin: 1.1rem 0 0; padding: .9rem 1.1rem; background: var(--code); border-radius: 8px; white-space: pre-wrap;
  overflow-wrap: anywhere; }
.notes { margin: 1rem 0 0; padding: .7rem 1rem .7rem 2rem; background: var(--warn-soft); border-radius: 8px; }
.left { background: var(--bad-soft); }
table.stages { width: 100%; border-collapse: collapse; }
.stages td { padding: .6rem .6rem; border-top: 1px solid var(--line); vertical-align: top; }
.stages tr:first-child td { border-top: 0; }
.stages .mark { width: 1.9rem; padding-right: 0; }
.stages .mark span {
  display: inline-grid; place-items: center; width: 1.35rem; height: 1.35rem; border-radius: 50%; font-size: .8rem;
  font-weight: 700; background: var(--tone-soft); color: var(--tone);
}
.stages .name { width: 8.5rem; font-weight: 600; white-space: nowrap; }
.stages .text { overflow-wrap: anywhere; }
.stages .failed .text, .stages .infra .text { color: var(--tone); font-weight: 600; }
.stages .skipped .text, .stages .blocked .text { color: var(--quiet); }
.stages .note { color: var(--quiet); font-weight: 400; font-size: .92em; margin: .2rem 0 0; }
.stages .time { text-align: right; white-space: nowrap; color: var(--quiet); font-variant-numeric: tabular-nums; }
.stages .log-link { font-size: .88em; margin-left: .8rem; }
.wide { overflow-x: auto; }
.chip { display: inline-block; padding: .05rem .55rem; border-radius: 999px; font-size: .8rem; font-weight: 600;
  white-space: nowrap;
  background: var(--tone-soft); color: var(--tone); }
table.findings, table.numbers { width: 100%; border-collapse: collapse; }
.findings td { padding: .6rem .6rem; border-top: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
.findings tr:first-child td { border-top: 0; }
.findings .kind { width: 6.5rem; }
.findings .place { margin: 0; color: var(--quiet); font-size: .9em; }
.findings .note { margin: .2rem 0 0; color: var(--quiet); font-size: .92em; }
.findings .rule { text-align: right; color: var(--quiet); max-width: 14rem; font-size: .92em; }
.numbers th { text-align: left; font-weight: 600; padding: .3rem .6rem; }
.numbers thead th { color: var(--quiet); font-size: .85rem; font-weight: 400; }
.numbers td { padding: .3rem .6rem; }
.numbers thead th:nth-child(n+3), .numbers .number { text-align: right; white-space: nowrap;
  font-variant-numeric: tabular-nums; }
.numbers .first th, .numbers .first td { border-top: 1px solid var(--line); }
.numbers .meter { width: 30%; min-width: 5rem; }
.numbers .meter i { display: block; height: 9px; border-radius: 2px; background: var(--bar-rest); }
.card h3 { font-size: .95rem; margin: 1.2rem 0 .4rem; }
.card h3:first-child { margin-top: 0; }
.card h3 .quiet { font-weight: 400; font-size: .92em; margin-left: .4rem; }
.images { list-style: none; margin: 0; padding: 0; }
.images li { padding: .15rem 0; overflow-wrap: anywhere; }
.chart { width: 100%; min-width: 600px; height: auto; display: block; }
.chart text { font: 12px system-ui, sans-serif; fill: var(--text); dominant-baseline: middle; }
.chart .tick { fill: var(--quiet); font-size: 11px; }
.chart .grid { stroke: var(--line); }
.chart .bar { fill: var(--bar); }
.shots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 300px), 1fr)); gap: 1rem; }
.shots.three { grid-template-columns: repeat(auto-fit, minmax(min(100%, 240px), 1fr)); }
.shots.one { grid-template-columns: minmax(0, 620px); }
figure { margin: 0; background: var(--card); border: 1px solid var(--line); border-radius: 10px; overflow: hidden; }
figure img { display: block; width: 100%; height: auto; border-bottom: 1px solid var(--line); background: #fff; }
figcaption { padding: .5rem .8rem; color: var(--quiet); font-size: .88rem; overflow-wrap: anywhere; }
details { background: var(--card); border: 1px solid var(--line); border-radius: 10px; margin: .6rem 0; overflow: hidden; }
summary { padding: .7rem 1.1rem; cursor: pointer; font-weight: 600; }
summary:hover { background: var(--code); }
summary .quiet { font-weight: 400; margin-left: .6rem; font-size: .9em; }
details > p { margin: 0; padding: .5rem 1.1rem; }
.log { margin: 0; padding: .6rem 0; list-style: none; background: #12171e; color: #d7dee8; font-size: 12.5px; line-height: 1.5;
  overflow-x: auto; border-top: 1px solid var(--line); }
.log li { display: flex; }
.log li:target { background: #2c3a1e; }
.log a { flex: none; width: 3.6rem; padding-right: 1rem; text-align: right; color: #7d8a99; text-decoration: none;
  user-select: none; }
.log a:hover { color: #fff; }
.log span { white-space: pre-wrap; overflow-wrap: anywhere; padding-right: 1rem; }
.log span span { padding: 0; }
.ansi-black-fg { color: #7d8590; } .ansi-red-fg { color: #ff8f86; } .ansi-green-fg { color: #6fd695; }
.ansi-yellow-fg { color: #f2c76a; } .ansi-blue-fg { color: #82b4ff; } .ansi-magenta-fg { color: #e0a3f5; }
.ansi-cyan-fg { color: #6fd6d6; } .ansi-white-fg { color: #f0f3f7; } .ansi-bright-black-fg { color: #939ead; }
.ansi-bright-red-fg { color: #ffb0a9; } .ansi-bright-green-fg { color: #9ff0bb; } .ansi-bright-yellow-fg { color: #ffe08a; }
.ansi-bright-blue-fg { color: #aeceff; } .ansi-bright-magenta-fg { color: #f0c6ff; }
.ansi-bright-cyan-fg { color: #a3f0f0; } .ansi-bright-white-fg { color: #fff; }
.ansi-black-bg { background: #000; } .ansi-red-bg { background: #7a1f1a; } .ansi-green-bg { background: #17552f; }
.ansi-yellow-bg { background: #6b4a0c; } .ansi-blue-bg { background: #1c3f78; } .ansi-magenta-bg { background: #5b2a70; }
.ansi-cyan-bg { background: #155a5a; } .ansi-white-bg { background: #c9d1da; color: #12171e; }
footer { margin-top: 2.5rem; color: var(--quiet); font-size: .85rem; }
@media (max-width: 620px) {
  main { padding: 1rem .75rem 3rem; }
  .card { padding: .9rem 1rem; }
  .stages tr { display: grid; grid-template-columns: 2.1rem 1fr auto; border-top: 1px solid var(--line); padding: .5rem 0; }
  .stages tr:first-child { border-top: 0; }
  .stages td { border: 0; padding: .1rem 0; }
  .stages .name { width: auto; }
  .stages .text { grid-column: 2 / 4; grid-row: 2; }
  .findings tr { display: grid; grid-template-columns: 1fr auto; border-top: 1px solid var(--line); padding: .5rem 0; }
  .findings tr:first-child { border-top: 0; }
  .findings td, .findings .kind { border: 0; padding: .1rem 0; width: auto; }
  .numbers .meter { display: none; }
  table.numbers { font-size: .85rem; }
  .numbers th, .numbers td { padding: .3rem .2rem; }
  .findings td:nth-child(2) { grid-column: 1 / 3; grid-row: 2; }
}
@media print { details { break-inside: avoid; } .log { color: #000; background: #fff; } }
`;
