import assert from "node:assert/strict";
import fc from "fast-check";
import { interpolate, InterpolationError } from "./interpolate.ts";

/** Expected texts are what `docker stack config` 28.2.2 printed for the same template and `X=x`, `E=` (empty). */
const cases: [template: string, expected: string][] = [
  ["plain", "plain"],
  ["$X and ${X}", "x and x"],
  ["${E:-d}|${E-d}|${U:-d}|${U-d}", "d||d|d"],
  ["$$X $${X}", "$X ${X}"],
  ["$X-y", "x"],
  ["$U-y/z", "y/z"],
  ["${X:?m}${X?m}", "xx"],
  ["${U?a-b}", "b"],
  ["${U-a:-b}", "b"],
  ["${U:-Host(${X})}", "Host(${X)}"],
  ["Host(`${X}.org`)", "Host(`x.org`)"],
  ["$U", ""],
];

for (const [template, expected] of cases) {
  Deno.test(`interpolates ${JSON.stringify(template)} as Docker does`, () => {
    assert.equal(interpolate(template, { X: "x", E: "" }).text, expected);
  });
}

Deno.test("refuses what Docker calls an invalid template", () => {
  for (const bad of ["$", "100$", "${}", "${X", "${X:+alt}", "$1", "${-d}"]) {
    assert.throws(() => interpolate(bad, { X: "x" }), InterpolationError, bad);
  }
});

Deno.test("a required variable that is missing fails with the recipe's own words", () => {
  assert.throws(() => interpolate("${U:?set U}", {}), /Required variable "U" is missing a value: set U/);
  assert.throws(() => interpolate("${E:?set E}", { E: "" }), /"E" is missing/);
});

Deno.test("names variables that nobody sets", () => {
  assert.deepEqual(interpolate("$A ${B} ${C:-c} $$D ${X}", { X: "x" }).unset, ["A", "B"]);
});

Deno.test("names that every object has are no variables", () => {
  assert.deepEqual(interpolate("${constructor}${__proto__}${toString:-d}", {}).text, "d");
});

Deno.test({
  name: "never looks at the environment of the process",
  // Any look would throw here: no variable may be read.
  permissions: { env: false },
  fn() {
    const variable = fc.oneof(
      fc.constantFrom("PATH", "HOME", "USER", "PWD", "LANG", "CCCI_RUNNER_TOKEN", "_"),
      fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,12}$/),
    );
    const form = fc.constantFrom("$N", "${N}", "${N:-}", "${N-}");
    fc.assert(fc.property(variable, form, fc.string(), (name, shape, rest) => {
      const template = `${shape.replace("N", name)} ${rest.replaceAll("$", "").replaceAll("}", "")}`;
      const { text } = interpolate(template, {});
      assert.equal(text, ` ${rest.replaceAll("$", "").replaceAll("}", "")}`);
    }));
  },
});

Deno.test("what a variable holds is never interpolated again", () => {
  fc.assert(fc.property(fc.string(), (value) => {
    assert.equal(interpolate("<${X}>", { X: value }).text, `<${value}>`);
  }));
});

Deno.test("a default without its dash is told as what it is", () => {
  assert.throws(() => interpolate("port ${SMTP_PORT:25}", {}), /did you mean \$\{SMTP_PORT:-25\}\?/);
  assert.throws(() => interpolate("a ${b", {}), /write \$\$ for a plain \$/);
});
