import { deepEqual, equal } from "node:assert/strict";
import { oddEnvLines, parseEnvFile, toEnvironment } from "./env_file.ts";

function env(text: string) {
  return toEnvironment(parseEnvFile(text));
}

Deno.test("an overlay is appended to what stands further up", () => {
  const text =
    'COMPOSE_FILE="compose.yml"\nCOMPOSE_FILE="$COMPOSE_FILE:compose.smtp.yml"\n#COMPOSE_FILE="x"\n';
  equal(env(text).COMPOSE_FILE, "compose.yml:compose.smtp.yml");
  deepEqual(oddEnvLines(text), []);
});

Deno.test("a trailing comment is not part of the value but of the modifiers", () => {
  const [secret, plain] = parseEnvFile("SECRET_KEY_VERSION=v1 # length=64 charset=hex\nEMPTY= # x\n");
  deepEqual(secret, { name: "SECRET_KEY_VERSION", value: "v1", modifiers: { length: "64", charset: "hex" } });
  equal(plain?.value, "");
  equal(env("A=b#c\n").A, "b#c");
  equal(env("COLOUR=#fff\n").COLOUR, "#fff");
});

Deno.test("quotes are taken off, and single ones keep their content as it is", () => {
  equal(env("EXTRA_DOMAINS=', `www.$DOMAIN`' # more\n").EXTRA_DOMAINS, ", `www.$DOMAIN`");
  equal(env('GREETING="say \\"hi\\""\n').GREETING, 'say "hi"');
});

Deno.test("expands what stands further up and nothing of the process; every name is an ordinary one", () => {
  deepEqual(env("A=$B\nB=1\nC=${B}2\nP=$PATH"), { A: "", B: "1", C: "12", P: "" });
  equal(Object.hasOwn(env("__proto__=x"), "__proto__"), true);
});

Deno.test("only NAME=value assigns anything", () => {
  deepEqual(env("A=1\nA: 2\nexport A=3\n# A=4\n"), { A: "1" });
});

const plain = [
  "TYPE=miniflux\r\n\r\n# A remark\n  ## Another\nDOMAIN=m.example.com\n",
  "#EXTRA_DOMAINS=', `www.x`'\nEXTRA_DOMAINS=', `www.x`'\n",
  "A_VERSION=v1 # length=64 charset=hex\nEMPTY=\nB=\"x y\"  # z\nC='$x'\nD=two words\n",
  'A=1\nA=1\nB="$A/x"\nC=x\nC=${C}:y\n',
  "A=1\nA=2\nA='$A:3'\nB=https://x/#/y\nC=\"#fff\"\nD='#1'\n# \u00a0 \u2028 in a comment\n",
];
for (const text of plain) {
  Deno.test(`every reader agrees on ${JSON.stringify(text)}`, () => deepEqual(oddEnvLines(text), []));
}

Deno.test("the last of several assignments counts, and # is part of a word", () => {
  deepEqual(env('A=1\nA=2\nB=https://x/#/y # z\nC="#fff"\n'), { A: "2", B: "https://x/#/y", C: "#fff" });
});

Deno.test("what is too long, too many or too much to expand is not read, and is odd", () => {
  const problems = (text: string) => oddEnvLines(text).map(({ line, problem }) => `${line} ${problem}`);
  const slow = `A="${"\\".repeat(20_000)}`;
  deepEqual(env(`${slow}\nB=1\n`), { B: "1" });
  deepEqual(problems(`B=1\n${slow}\n`), ["2 is longer than 4096 characters"]);
  equal(env(`A="${"\\".repeat(4_000)}\n`).A?.length, 4_001);
  const doubling = `A=${"x".repeat(2_000)}\n${'A="$A$A"\n'.repeat(40)}`;
  equal(env(doubling).A?.length, 16_000);
  deepEqual(problems(doubling)[0], "5 comes to more than 16384 characters");
  const many = Array.from({ length: 1_001 }, (_, index) => `A${index}=1`).join("\n");
  equal(Object.keys(env(many)).length, 1_000);
  deepEqual(problems(many), ["1001 is one setting more than 1000"]);
  deepEqual(problems(`${"#".repeat(99_999)}\nA=1\n`), [
    "2 is not read: the file is longer than 100000 characters",
  ]);
});

const odd: [text: string, line: number, name: string | undefined][] = [
  ["WHERE=/etc\nWHERE: data", 2, "WHERE"],
  ["WHERE=/etc\nexport WHERE=data", 2, "WHERE"],
  ["WHERE=/etc\nWHERE=$WHEREVER:data", 2, "WHERE"],
  ["WHERE =data", 1, "WHERE"],
  ["WHERE= data", 1, undefined],
  [" WHERE=data", 1, "WHERE"],
  ["WHERE= # data", 1, "WHERE"],
  ["WHERE='x\nA=y'", 1, "WHERE"],
  ['WHERE="x"y', 1, "WHERE"],
  ["WHERE=x'y'", 1, "WHERE"],
  ["WHERE=x\\ty", 1, "WHERE"],
  ["WHERE=$HOME", 1, "WHERE"],
  ["WHERE=${X:-data}", 1, "WHERE"],
  ["WHERE=$(id)", 1, "WHERE"],
  ["A=x\rWHERE=/etc", 1, undefined],
  ["A=x\u2028WHERE=/etc", 1, undefined],
  ["\ufeffWHERE=/etc", 1, undefined],
  ["WHERE", 1, undefined],
];
for (const [text, line, name] of odd) {
  Deno.test(`readers may differ on ${JSON.stringify(text)}`, () => {
    const [first] = oddEnvLines(text);
    equal(first?.line, line);
    if (name !== undefined) equal(first?.name, name);
  });
}
