import assert from "node:assert/strict";
import { parse } from "yaml";
import { join } from "node:path";
import { findDockerClient } from "../../common/docker_client.ts";
import { seededRandom } from "../../common/testing/seeded_random.ts";
import { readByDocker } from "../recipe/docker_reading.ts";
import { loadCompose } from "../recipe/compose.ts";
import { plainCopy } from "../recipe/plain_copy.ts";
import { difference } from "./difference.ts";

const words = [
  ..."a b y n ~ . .. - -- --- ... ? : # ! & * | > % @ , [ ] { } + = < \\ / $ ( )".split(" "),
  ..."<< ?a a? :a a: ::1 a:b a::b -a - ?- a#b &a *a !a !!str |- >- |+2 @a `a %a =".split(" "),
  ..."yes no on off true True TRUE false null Null NULL ~ .inf .Inf -.inf .nan .NaN".split(" "),
  ..."0 00 07 08 0o7 0x1F 0xg 0b11 1_000 1__0 _1 1_ +1 -1 +-1 1. .5 1.5 1e3 1e 1E+3 1:30 12:30:45 190:20:30"
    .split(" "),
  ..."2001-01-01 2001-01-01T00:00:00Z 2001-1-1 0x 0b 0o 9007199254740993 12345678901234567890 -0 0.0 1e400"
    .split(" "),
  ...'"a" \'a\' "a\\tb" "\\x41" "\\u0041" "a\\\nb" \'a\'\'b\' "" \'\' "a: b" \'a #b\' "<<" \'?a\' "\\e" "\\/" "\\N"'
    .split(" "),
  ..."\u0085 \u2028 \u2029 \ufeff \u00a0 \t \r \u0007 \u007f \u0080 \u200b é 😀 \ud7ff".split(" "),
  ..."v:/d v:../x c:\\d ${A} $A $$ 80:80 0400 1g 5m 1.2.3.4 ::".split(" "),
];

type Pick = <T>(items: readonly T[]) => T;

/** A value as people would hardly write it. */
function oddValue(pick: Pick, depth = 0): string {
  const word = () => pick(words);
  const inner = () => depth > 2 ? word() : oddValue(pick, depth + 1);
  const blank = () => pick([" ", " ", " ", "", "  ", "\t", "\n    ", " # c\n    "]);
  switch (pick([0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8])) {
    case 1:
      return `[${inner()}${blank()},${blank()}${inner()}]`;
    case 2:
      return `{${word()}:${blank()}${inner()},${blank()}${word()}: ${inner()}}`;
    case 3:
      return `{${pick(["?", "? ", ""])}${word()}${pick([":", ": ", " :", ""])}${inner()}}`;
    case 4:
      return `\n    ${word()}: ${inner()}\n    ${word()}:${blank()}${word()}`;
    case 5:
      return `\n    - ${inner()}\n    -${blank()}${word()}`;
    case 6:
      return `${pick(["|", ">", "|-", ">+", "|2"])}\n    ${word()} ${word()}\n\n     ${word()}`;
    case 7:
      return `{k: &a ${inner()}, l: *a}`;
    case 8:
      return `{<<: {k: ${word()}, j: ${word()}}, k: ${word()}}`;
    default:
      return `${word()}${pick(["", " ", ""])}${pick(["", word()])}`;
  }
}

/** A value as recipes have them, in quotes wherever that matters. */
function plainValue(pick: Pick): string {
  const scalar = () =>
    pick([
      "nginx:1.27",
      "true",
      "false",
      "3",
      "0.5",
      '"80"',
      "'a b'",
      "/data",
      "data:/data:ro",
      "10m",
      "1m30s",
      '"Host(`${DOMAIN}`)"',
      "${X:-y}",
      "node.role==manager",
      "a=b",
      "https://x.example/y?z=1#a",
      "",
      "0400",
      '"#ffcc00"',
      "-1",
      "curl -f http://localhost:80/ || exit 1",
    ]);
  return pick([
    () => scalar(),
    () => `\n    - ${scalar()}\n    - ${scalar()} # why`,
    () => `\n    one: ${scalar()}\n    two-x.y:\n      three: ${scalar()}`,
    () => `[a, "${pick(["b", "c: d", "{e}"])}", 1]`,
    () => `{a: ${pick(["1", "b", '"c"', "true"])}, b: [x, y]}`,
    () => `&m${Math.floor(pick([1, 2, 3]))} {a: b}`,
    () => "|\n    line one: x\n\n    line # two",
    () => ">-\n    folded\n    text",
  ])();
}

interface Figures {
  written: number;
  taken: number;
  /** Taken by us, refused by Docker. */
  refused: string[];
  /** Read differently, and seen to be. */
  different: string[];
  /** Read differently, and not seen to be. */
  missed: string[];
}

/**
 * Has both readers read values, many in one document; where Docker refuses it, halves of it, so that the culprits are
 * found. What our reader made of a value goes to Docker written plainly, as in a real reading.
 */
async function compareReaders(
  values: readonly string[],
  { client, batch }: { client: string; batch: number },
): Promise<Figures> {
  const figures: Figures = { written: values.length, taken: 0, refused: [], different: [], missed: [] };
  const folder = await Deno.makeTempDir();
  const parsed: { text: string; value: unknown; copy: string }[] = [];
  for (const text of values) {
    await Deno.writeTextFile(join(folder, "compose.yml"), `${HEAD}x-v: ${text}\n`);
    const compose = await loadCompose(folder, env);
    const file = compose.ok ? compose.files[0] : undefined;
    if (file !== undefined) parsed.push({ text, value: file.doc["x-v"], copy: plainCopy(file) });
  }
  figures.taken = parsed.length;
  const read = async (texts: string[]) => {
    const path = join(folder, `${crypto.randomUUID()}.yml`);
    await Deno.writeTextFile(path, `${HEAD}${texts.map((text, index) => `x-${index}: ${text}\n`).join("")}`);
    return await readByDocker([path], { client, env });
  };
  const look = async (part: typeof parsed): Promise<void> => {
    if (part.length === 0) return;
    const copyOf = (copy: string) => JSON.stringify((parse(copy) as Record<string, unknown>)["x-v"]);
    const [original, copy] = await Promise.all([
      read(part.map(({ text }) => text)),
      read(part.map(({ copy }) => copyOf(copy))),
    ]);
    if (!original.ok || !copy.ok) {
      if (part.length > 1) {
        await look(part.slice(0, part.length / 2));
        await look(part.slice(part.length / 2));
      } else if (original.ok) figures.different.push(part[0]?.text ?? "");
      else figures.refused.push(part[0]?.text ?? "");
      return;
    }
    for (const [index, { text, value }] of part.entries()) {
      const [one, other] = [original.model[`x-${index}`], copy.model[`x-${index}`]];
      if (difference(one, other) !== null) figures.different.push(text);
      else if (difference(JSON.parse(JSON.stringify(value ?? null)), one ?? null) !== null) {
        figures.missed.push(text);
      }
    }
  };
  try {
    for (let at = 0; at < parsed.length; at += batch) await look(parsed.slice(at, at + batch));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  return figures;
}

const HEAD = 'version: "3.8"\nservices: {app: {image: a}}\n';
/** Values that one document holds: many where hardly any is refused, since Docker refuses whole documents only. */
const BATCH = { odd: 12, plain: 100 };
const env = { A: "b", DOMAIN: "some.example" };
const client = await findDockerClient();
const missing = client === null ? " (no docker client here has `stack config`)" : "";
const count = Number(Deno.env.get("CCCI_FUZZ") ?? 300);
const seed = Number(Deno.env.get("CCCI_FUZZ_SEED") ?? 20);

Deno.test({
  name: `fuzz: whatever Docker reads otherwise than we do is seen to be read otherwise${missing}`,
  ignore: client === null,
  fn: async () => {
    const next = seededRandom(seed);
    const pick: Pick = (items) => items[Math.floor(next() * items.length)] as typeof items[number];
    const figures = await compareReaders(Array.from({ length: count }, () => oddValue(pick)), {
      client: client ?? "",
      batch: BATCH.odd,
    });
    if (Deno.env.has("CCCI_FUZZ_SHOW")) {
      Deno.writeTextFileSync(Deno.env.get("CCCI_FUZZ_SHOW") ?? "", JSON.stringify(figures, null, 1));
    }
    assert.deepEqual(figures.missed, []);
    assert.ok(figures.taken > count / 5, "hardly anything is read at all");
    assert.ok(figures.different.length > 0, "nothing shows that a difference would be seen");
  },
});

Deno.test({
  name: `fuzz: what recipes write is read the same by both${missing}`,
  ignore: client === null,
  fn: async () => {
    const next = seededRandom(seed);
    const pick: Pick = (items) => items[Math.floor(next() * items.length)] as typeof items[number];
    const figures = await compareReaders(Array.from({ length: count }, () => plainValue(pick)), {
      client: client ?? "",
      batch: BATCH.plain,
    });
    if (Deno.env.has("CCCI_FUZZ_SHOW")) {
      Deno.writeTextFileSync(Deno.env.get("CCCI_FUZZ_SHOW") ?? "", JSON.stringify(figures, null, 1));
    }
    const { written, taken, refused, different, missed } = figures;
    assert.deepEqual({ taken, refused, different, missed }, {
      taken: written,
      refused: [],
      different: [],
      missed: [],
    });
  },
});
