import assert from "node:assert/strict";
import { exec } from "./exec.ts";
import { parseJUnit } from "./junit.ts";

Deno.test("parseJUnit() tells passed, failed and skipped tests apart", () => {
  const xml = `<?xml version="1.0"?><testsuites name="deno test" tests="4" failures="1" errors="1">
    <testsuite name="a"><testcase name="one &amp; only" time="0.1"></testcase>
    <testcase name="two"><skipped/></testcase></testsuite>
    <testsuite name="b"><testcase name="three"><failure message="short">it &lt;broke&gt;</failure></testcase>
    <testcase name="four"><error message="only this"/></testcase></testsuite></testsuites>`;
  assert.deepEqual(parseJUnit(xml), [
    { name: "one & only", failure: null, skipped: false },
    { name: "two", failure: null, skipped: true },
    { name: "three", failure: "it <broke>", skipped: false },
    { name: "four", failure: "only this", skipped: false },
  ]);
});

Deno.test("parseJUnit() finds nothing in what is no report", () => {
  assert.deepEqual(parseJUnit("error: Module not found"), []);
});

Deno.test("parseJUnit() reads what deno test really writes, whatever tests are called", async () => {
  const folder = await Deno.makeTempDir({ prefix: "junit-" });
  try {
    const names = [
      `a <b> & " ' ]]> <testcase name='made up'/>`,
      "controls \u0001\u0000\u001b[31m red, half a pair \ud800, no character \ufffe\uffff",
      "&amp; &#0; &#x110000; &made; <!-- --> <![CDATA[ ]]>",
    ];
    const bodies = names.map((name) =>
      `Deno.test(${
        JSON.stringify(name)
      }, () => { throw new Error("</failure></testcase><testcase name='x'/> ]]>"); });`
    );
    await Deno.writeTextFile(
      `${folder}/names_test.js`,
      [...bodies, `Deno.test("last", () => {});`].join("\n"),
    );
    const ended = await exec(
      [Deno.execPath(), "test", "--no-config", "--junit-path=report.xml", "names_test.js"],
      { cwd: folder, timeoutMs: 60_000 },
    );
    assert.equal(ended.code, 1, ended.stderr);
    const cases = parseJUnit(await Deno.readTextFile(`${folder}/report.xml`));
    assert.deepEqual(cases.map(({ failure }) => failure !== null), [true, true, true, false]);
    assert.equal(cases[0]?.name, names[0]);
    assert.equal(cases[2]?.name, names[2]);
    assert.equal(cases[3]?.name, "last");
    for (const { failure } of cases.slice(0, 3)) {
      assert.match(failure ?? "", /^Error: <\/failure><\/testcase><testcase name='x'\/> \]\]>\n/);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("parseJUnit() takes no part of a name, a comment or a printed text for a test", () => {
  const xml = `<testsuites><testsuite><!-- <testcase name="commented"/> -->
    <testcase name="a > b"><system-out>&lt;testcase name="printed"/></system-out><system-err><![CDATA[
    <testcase name="quoted"><failure>no</failure></testcase>]]></system-err></testcase>
    <testcase name='single' classname="name=&quot;wrong&quot;"></testcase></testsuite></testsuites>`;
  assert.deepEqual(parseJUnit(xml), [
    { name: "a > b", failure: null, skipped: false },
    { name: "single", failure: null, skipped: false },
  ]);
});

Deno.test("parseJUnit() gives the tests that a report which breaks off had come to the end of", () => {
  const whole = `<testsuites><testsuite name="a"><testcase name="one"><failure>it broke</failure></testcase>`;
  for (
    const rest of [
      "",
      "<testcase name=",
      `<testcase name="two"><failure>it al`,
      "<testcase name='\u0001",
      "</a></b>",
    ]
  ) {
    assert.deepEqual(parseJUnit(whole + rest), [{ name: "one", failure: "it broke", skipped: false }], rest);
  }
});

Deno.test("parseJUnit() comes to an end with reports that are made to be hard to read", () => {
  const many = 200_000;
  const reports = {
    "tests that are never closed": "<testcase name='a'>".repeat(many),
    "elements in elements": "<a>".repeat(many * 5),
    "ends of what never began": "</a>".repeat(many),
    "no characters": "\u0001".repeat(many * 5),
    "signs of tags": "<".repeat(many * 5),
    "an attribute again and again": `<testcase ${`a="1" `.repeat(many)}`,
    "an attribute without end": `<testcase name='${"&".repeat(many * 5)}`,
    "entities made of entities":
      `<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><a>&b;&b;</a>`,
    "a file of the host": `<!DOCTYPE a [<!ENTITY a SYSTEM "file:///etc/passwd">]><a>&a;</a>`,
  };
  for (const [what, xml] of Object.entries(reports)) assert.deepEqual(parseJUnit(xml), [], what);
});
