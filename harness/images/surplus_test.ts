import assert from "node:assert/strict";
import type { Ledger, PulledImage } from "./pulled.ts";
import { type InUse, type StoredImage, surplusImages } from "./surplus.ts";

const NOW = Date.parse("2026-01-10T00:00:00Z");
const digest = `sha256:${"a".repeat(64)}`;

const none: InUse = { ids: new Set(), names: [] };

/** An image as the engine lists it; without a tag where its name has a digest. */
function stored(id: string, more: Partial<StoredImage> = {}): StoredImage {
  return { id, names: [`${id}:1`], digests: [`${id}@${digest}`], bytes: 1e6, parent: "", ...more };
}

function pulled(
  id: string,
  { hours = 1, ...more }: Partial<PulledImage> & { hours?: number } = {},
): PulledImage {
  const usedAt = new Date(NOW - hours * 3_600_000).toISOString();
  return { id, names: [`${id}:1`], usedAt, published: [], ...more };
}

function order(
  images: StoredImage[],
  { ours, used = none }: { ours: PulledImage[]; used?: InUse },
): string[] {
  const ledger: Ledger = { images: ours, latest: { wiki: "2.0.0+2" } };
  return surplusImages(images, { ledger, used, now: NOW }).map(({ image }) => image.id);
}

Deno.test("images go by their last use, those without a name first and published versions' last", () => {
  const lost = { names: [] };
  const images = [
    stored("recent"),
    stored("published"),
    stored("older"),
    stored("lost", lost),
    stored("just-lost", lost),
    stored("lost-longer", lost),
    stored("lost-published", lost),
    stored("superseded"),
  ];
  const ours = [
    pulled("recent", { hours: 2 }),
    pulled("published", { hours: 900, published: ["wiki 2.0.0+2"] }),
    pulled("older", { hours: 500 }),
    pulled("lost", { hours: 25 }),
    pulled("just-lost", { hours: 23 }),
    pulled("lost-longer", { hours: 100 }),
    pulled("lost-published", { hours: 26, published: ["wiki 2.0.0+2"] }),
    pulled("superseded", { hours: 600, published: ["wiki 1.0.0+1"] }),
  ];
  assert.deepEqual(order(images, { ours }), [
    ...["lost-longer", "lost-published", "lost"],
    ...["superseded", "older", "just-lost", "recent"],
    "published",
  ]);
});

const mine = [pulled("x", { hours: 500 })];
const cases: [says: string, images: StoredImage[], goes: boolean, used?: Partial<InUse>][] = [
  ["one that runs pulled and nobody uses", [stored("x")], true],
  ["one that no run pulled", [stored("theirs")], false],
  ["one that a container has, running or not", [stored("x")], false, { ids: new Set(["x"]) }],
  ["one that a service names", [stored("x")], false, { names: ["x:1"] }],
  ["one that a service names in full", [stored("x")], false, { names: [`docker.io/library/x:1@${digest}`] }],
  ["one that a service names by its digest", [stored("x", { names: [] })], false, { names: [`x@${digest}`] }],
  ["one whose neighbour a service names", [stored("x")], true, { names: ["x:2", "y/x:1"] }],
  ["one that somebody gave a name", [stored("x", { names: ["x:1", "theirs:1"] })], false],
  ["one that somebody gave another tag", [stored("x", { names: ["x:1", "x:latest"] })], false],
  ["one that somebody pulled from elsewhere", [
    stored("x", { digests: [`x@${digest}`, `ghcr.io/a/x@${digest}`] }),
  ], false],
  ["one upon which something was built here", [stored("x"), stored("theirs", { parent: "x" })], false],
];

for (const [says, images, goes, used] of cases) {
  Deno.test(`${says} ${goes ? "may go" : "stays"}`, () => {
    const found = order(images, { ours: mine, used: { ...none, ...used } });
    assert.deepEqual(found, goes ? ["x"] : []);
  });
}

Deno.test("what a recipe names by a digest has no tag and has not lost its name", () => {
  const name = `pinned@${digest}`;
  const images = [stored("pinned", { names: [], digests: [name] }), stored("older")];
  const ours = [pulled("pinned", { hours: 200, names: [name] }), pulled("older", { hours: 300 })];
  assert.deepEqual(order(images, { ours }), ["older", "pinned"]);
});
