import assert from "node:assert/strict";
import { SaxesParser } from "saxes";
import type { RunResult } from "../../protocol/result.ts";
import { renderJUnit } from "./junit.ts";
import { sampleFailure, sampleResult, sampleStage } from "../../protocol/testing/sample_result.ts";

interface Element {
  name: string;
  attributes: Record<string, string>;
  children: Element[];
  text: string;
}

/** Parses as strictly as XML demands. */
function parse(xml: string): Element {
  const root: Element = { name: "", attributes: {}, children: [], text: "" };
  const open = [root];
  const parser = new SaxesParser();
  parser.on("error", (error) => {
    throw error;
  });
  parser.on("opentag", ({ name, attributes }) => {
    const element = { name, attributes: { ...attributes }, children: [], text: "" };
    open.at(-1)?.children.push(element);
    open.push(element);
  });
  parser.on("text", (text) => {
    const element = open.at(-1);
    if (element !== undefined) element.text += text;
  });
  parser.on("closetag", () => void open.pop());
  parser.write(xml).close();
  const [top] = root.children;
  assert.ok(top !== undefined);
  return top;
}

/** Attributes of each element as Apache Ant's schema, the strictest, demands them. */
const token = /^\S+( \S+)*$/;
const anything = /^/;
const count = /^\d+$/;
const decimal = /^\d+(\.\d+)?$/;
const trouble = { type: anything, message: anything };
const grammar: Record<string, { attributes: Record<string, RegExp>; children: RegExp }> = {
  testsuites: { attributes: {}, children: /^testsuite,$/ },
  testsuite: {
    attributes: {
      name: token,
      package: token,
      id: count,
      timestamp: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/,
      hostname: token,
      tests: count,
      failures: count,
      errors: count,
      skipped: count,
      time: decimal,
    },
    children: /^properties,(testcase,)*system-out,system-err,$/,
  },
  properties: { attributes: {}, children: /^(property,)*$/ },
  property: { attributes: { name: token, value: anything }, children: /^$/ },
  testcase: {
    attributes: { name: token, classname: token, time: decimal },
    children: /^((skipped|error|failure),)?$/,
  },
  skipped: { attributes: { message: anything }, children: /^$/ },
  error: { attributes: trouble, children: /^$/ },
  failure: { attributes: trouble, children: /^$/ },
  "system-out": { attributes: {}, children: /^$/ },
  "system-err": { attributes: {}, children: /^$/ },
};

function check(element: Element): void {
  const rule = grammar[element.name];
  assert.ok(rule !== undefined, `Element "${element.name}"`);
  assert.deepEqual(Object.keys(element.attributes).sort(), Object.keys(rule.attributes).sort());
  for (const [name, pattern] of Object.entries(rule.attributes)) {
    assert.match(element.attributes[name] ?? "", pattern, `${element.name} ${name}`);
  }
  assert.match(element.children.map(({ name }) => `${name},`).join(""), rule.children);
  for (const child of element.children) check(child);
}

function suiteOf(result: RunResult): Element {
  const root = parse(renderJUnit(result));
  check(root);
  const [suite] = root.children;
  assert.ok(suite !== undefined);
  return suite;
}

const everything = sampleFailure({
  stages: [
    ...sampleFailure().stages,
    sampleStage({ name: "backup", result: "skipped", reason: "no backup labels" }),
    sampleStage({ name: "restore", result: "blocked", reason: "backup" }),
    sampleStage({ name: "tests", result: "infra", cause: "no namespace" }),
  ],
});

Deno.test("every outcome has its place, and the counts agree with it", () => {
  const suite = suiteOf(everything);
  const cases = suite.children.filter(({ name }) => name === "testcase");
  const outcomes = cases.map(({ attributes, children }) => [attributes.name, children[0]?.name ?? "passed"]);
  assert.deepEqual(Object.fromEntries(outcomes), {
    fetch: "passed",
    lint: "passed",
    install: "passed",
    upgrade: "failure",
    teardown: "passed",
    backup: "skipped",
    restore: "skipped",
    "tests": "error",
  });
  const { tests, failures, errors, skipped } = suite.attributes;
  assert.deepEqual({ tests, failures, errors, skipped }, {
    tests: "8",
    failures: "1",
    errors: "1",
    skipped: "2",
  });
});

Deno.test("a failure carries its cause, its detail, what lint found and the service's last words", () => {
  const stage = sampleStage({
    name: "lint",
    result: "failed",
    cause: "abra refuses",
    detail: "two lines\nof detail",
    findings: [{
      rule: "lint.tag",
      severity: "error",
      file: "compose.yml",
      line: 4,
      message: "Image without tag",
    }],
    tail: ["last words"],
  });
  const failure = suiteOf(sampleResult({ stages: [stage] })).children
    .find(({ name }) => name === "testcase")?.children[0];
  assert.equal(failure?.attributes.message, "abra refuses");
  assert.equal(
    failure?.text,
    "two lines\nof detail\ncompose.yml:4: Image without tag [lint.tag]\nlast words",
  );
});

Deno.test("whatever a text holds, the file is XML that says it", () => {
  const attack =
    `"'><failure/>]]> & \u0000\u0008\u001b[31mred\u001b[0m \ud800 \uffff \u{1f600} &#0; \r\n end`;
  const stages = everything.stages.map((stage) => ({
    ...stage,
    cause: attack,
    reason: attack,
    detail: attack,
    tail: [attack],
    blemishes: [attack],
  }));
  const suite = suiteOf(sampleFailure({ stages, cause: attack, notes: [attack], base: attack }));
  const failure = suite.children.flatMap(({ children }) => children).find(({ name }) => name === "failure");
  assert.match(failure?.text ?? "", /^"'><failure\/>\]\]> & red/);
  assert.match(failure?.attributes.message ?? "", /\u{1f600} &#0; end$/u);
});
