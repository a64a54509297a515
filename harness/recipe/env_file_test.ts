import assert from "node:assert/strict";
import { parseEnvFile, toEnvironment } from "../../common/env_file.ts";
import { assignedNames, isInSample, missingLines, setEnv } from "./env_file.ts";

const sample = `TYPE=x
DOMAIN=x.example.com
#DOMAIN=other
LETS_ENCRYPT_ENV=production

COMPOSE_FILE="compose.yml"
COMPOSE_FILE="$COMPOSE_FILE:compose.smtp.yml"
SECRET_A_VERSION=v1 # length=64
`;

Deno.test("settings are written in one form, with modifiers, and comments are left out", () => {
  const text = setEnv(sample, { DOMAIN: "a.b", LETS_ENCRYPT_ENV: "", NEW: "1" });
  assert.equal(
    text,
    "TYPE=x\nDOMAIN=a.b\nLETS_ENCRYPT_ENV=\nCOMPOSE_FILE=compose.yml:compose.smtp.yml\n" +
      "SECRET_A_VERSION=v1 # length=64\nNEW=1\n",
  );
});

Deno.test("settings once written are read as they were, and written again stay the same", () => {
  const odd = `A="x y" # z\nB='$A'\nC=\${A}#\nD="#1"\nE=, \`x\`\nF="it's"\nG=\nA="$A:2"\n`;
  const written = setEnv(odd, {});
  assert.deepEqual(toEnvironment(parseEnvFile(written)), toEnvironment(parseEnvFile(odd)));
  assert.equal(setEnv(written, {}), written);
});

Deno.test("an empty value stands in quotes where a comment follows, which some readers take for the value", () => {
  assert.equal(
    setEnv('COMPOSE_FILE="" # file=compose.evil.yml\n', {}),
    "COMPOSE_FILE='' # file=compose.evil.yml\n",
  );
  assert.equal(setEnv("A=v1 # length=3\n", { A: "" }), "A='' # length=3\n");
});

Deno.test("a variable that is appended to becomes one assignment", () => {
  const text = setEnv(sample, { COMPOSE_FILE: "compose.yml:compose.db.yml" });
  assert.deepEqual(text.match(/COMPOSE_FILE=.*/g), ["COMPOSE_FILE=compose.yml:compose.db.yml"]);
});

Deno.test("a setting that refers to one further up gets what that is set to, as in an app's own file", () => {
  const text = setEnv("DOMAIN=wiki.org\nURL=https://$DOMAIN/a\nAPI=\"api.${DOMAIN}\"\nRAW='$DOMAIN'\n", {
    DOMAIN: "a.b",
  });
  assert.equal(text, "DOMAIN=a.b\nURL=https://a.b/a\nAPI=api.a.b\nRAW='$DOMAIN'\n");
});

Deno.test("values are quoted when an env file would read them otherwise", () => {
  assert.equal(setEnv("", { A: ", `www.x`" }), "A=', `www.x`'\n");
  assert.equal(setEnv("", { A: "it's" }), `A="it's"\n`);
  assert.throws(() => setEnv("", { A: "two\nlines" }), /"A" must be a single line of plain text/);
  assert.throws(() => setEnv("", { A: "it's `odd`" }), /mixes quotes/);
});

Deno.test("what a newer sample has and an app lacks comes along verbatim", () => {
  const newer = `${sample}SECRET_B_VERSION=v1 # charset=hex\n#OPTIONAL=1\n`;
  assert.deepEqual(missingLines(setEnv(sample, { DOMAIN: "a.b" }), newer), [
    "SECRET_B_VERSION=v1 # charset=hex",
  ]);
  assert.deepEqual(missingLines(sample, sample), []);
  assert.deepEqual(assignedNames("A=1\n#B=2\nC=3\nA=4"), ["A", "C"]);
});

Deno.test("a sample of nothing but comment signs is looked through once", () => {
  assert.equal(isInSample(`${"#\n".repeat(50_000)}# NAME=x\n`, "NAME"), true);
  assert.equal(isInSample("#".repeat(100_000), "NAME"), false);
});

Deno.test("a line is written as long as it is read, and no longer", () => {
  const fits = "x".repeat(4_094);
  const text = setEnv("", { A: fits });
  assert.deepEqual(toEnvironment(parseEnvFile(text)), { A: fits });
  assert.equal(setEnv(`A=${fits}\n`, {}), text);
  for (const [sample, values] of [["", { A: `${fits}x` }], [`B=${fits}\nA=x$B\n`, {}]] as const) {
    assert.throws(() => setEnv(sample, values), {
      code: "env.value",
      message: 'Value of "A" takes a line of 4097 characters, and none of more than 4096 is read',
    });
  }
});
