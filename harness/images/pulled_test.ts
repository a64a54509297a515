import assert from "node:assert/strict";
import { join } from "node:path";
import type { UsedImage } from "../run/messages.ts";
import { isPublished, type Ledger, noteImage, readLedger, withImage } from "./pulled.ts";

const at = "2026-01-02T00:00:00.000Z";
const empty: Ledger = { images: [], latest: {} };

/** The ledger after these uses, one after the other. */
function after(...uses: (Partial<UsedImage> & { recipe?: string })[]): Ledger {
  return uses.reduce(
    (ledger, { recipe = "wiki", ...image }) =>
      withImage(ledger, {
        image: { id: "one", name: "x:1", was: null, published: null, ...image },
        recipe,
        at,
      }),
    empty,
  );
}

const ids = ({ images }: Ledger) => images.map(({ id }) => id);

const cases: [says: string, ledger: Ledger, ours: string[]][] = [
  ["a name that meant nothing before is the run's", after({ id: "one", was: null }), ["one"]],
  ["what was here already is not", after({ id: "one", was: "one" }), []],
  ["what runs have pulled stays theirs when it is used", after({}, { was: "one" }), ["one"]],
  ["a tag that is moved from an image of runs leads to one of runs", after({}, { id: "two", was: "one" }), [
    "one",
    "two",
  ]],
  [
    "a name that somebody else brought stays theirs when its tag is moved",
    after({ id: "two", was: "theirs" }),
    [],
  ],
  [
    "so it does where runs have the same image under another name",
    after({ id: "one", name: "y:1" }, { id: "two", name: "x:1", was: "one" }),
    ["one"],
  ],
];

for (const [says, ledger, ours] of cases) {
  Deno.test(`images that runs have pulled: ${says}`, () => assert.deepEqual(ids(ledger), ours));
}

Deno.test("names are kept that runs have given an image, and no others", () => {
  const ledger = after({ name: "x:1" }, { name: "x:2" }, { name: "theirs:1", was: "one" }, { name: "x:1" });
  assert.deepEqual(ledger.images.map(({ names }) => names), [["x:1", "x:2"]]);
});

Deno.test("an image is a published version's until its recipe has a later one", () => {
  const published = (ledger: Ledger) =>
    ledger.images.filter((one) => isPublished(one, ledger)).map((one) => one.id);
  const one = { id: "one", name: "x:1", published: "1.0.0+1" };
  const two = { id: "two", name: "x:2", published: "2.0.0+2" };
  assert.deepEqual(published(after(one, { ...two, published: null })), ["one"]);
  assert.deepEqual(published(after(one, two)), ["two"]);
  assert.deepEqual(published(after(one, { ...one, was: "one", recipe: "blog" }, two)), ["one", "two"]);
});

Deno.test("what is written down is read again, and a file that cannot be read says that nothing is ours", async () => {
  const runs = await Deno.makeTempDir();
  try {
    assert.deepEqual(await readLedger(runs), empty);
    const image = { id: "one", name: "x:1", was: null, published: null };
    await noteImage(runs, { image, recipe: "wiki", at });
    await noteImage(runs, { image: { ...image, id: "two", name: "y:1" }, recipe: "wiki", at });
    assert.deepEqual(ids(await readLedger(runs)), ["one", "two"]);
    await Deno.writeTextFile(join(runs, ".images.json"), "{");
    assert.deepEqual(await readLedger(runs), empty);
  } finally {
    await Deno.remove(runs, { recursive: true });
  }
});
