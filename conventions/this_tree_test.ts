import assert from "node:assert/strict";
import { exists } from "../common/files.ts";
import { faultsOfMap, findCircle, isForTests, roomOf, SHARED_ROOMS } from "./house_map.ts";
import { type Arrow, arrowsOf, filesOfTree, isSource, root, thisHouse } from "./testing/tree.ts";

const house = await thisHouse();
const files = await filesOfTree();
const arrows: Arrow[] = [];
for (const from of files.filter(isSource)) {
  arrows.push(...arrowsOf({ from, source: await Deno.readTextFile(`${root}${from}`) }, house.names));
}

Deno.test("map of this tree: rooms have one row each and import each other without a circle", () => {
  assert.ok(files.length > 700, "the files of the tree are listed some other way now");
  assert.ok(arrows.length > 2_000, "imports are found some other way now");
  assert.deepEqual(faultsOfMap(house.rooms), []);
});

Deno.test("map of this tree: every row has a folder with files, and the place to start at is there", async () => {
  for (const { name, start } of house.rooms) {
    assert.ok(
      files.some((file) => file === name || file.startsWith(`${name}/`)),
      `Nothing lies in "${name}"`,
    );
    for (const [, place = ""] of start.matchAll(/`([^`]+)`/g)) {
      const found = await exists(`${root}${name}/${place}`) || await exists(`${root}${place}`);
      assert.ok(found, `"${name}" has no "${place}" to start at`);
    }
  }
});

Deno.test("map of this tree: every file in a folder lies in a room", () => {
  const homeless = files.filter((file) => file.includes("/") && roomOf(file, house.rooms) === undefined);
  assert.deepEqual(homeless, []);
});

Deno.test("map of this tree: an arrow that no import uses any more is taken out of its row", () => {
  const used = new Set(
    arrows.filter(({ from }) => !isForTests(from))
      .map(({ from, to }) => `${roomOf(from, house.rooms)?.name} → ${roomOf(to, house.rooms)?.name}`),
  );
  const unused = house.rooms.flatMap(({ name, mayImport }) => mayImport.map((other) => `${name} → ${other}`))
    .filter((arrow) => !used.has(arrow));
  assert.deepEqual(unused, []);
});

Deno.test("files of this tree: what a name of several programs looks like is written once", async () => {
  const places = new Map<string, string[]>();
  for (const path of files.filter((path) => isSource(path) && !isForTests(path))) {
    const patterns = (await Deno.readTextFile(`${root}${path}`)).match(/\/\^[([][^/\s]{28,}\$\//g) ?? [];
    for (const pattern of patterns) places.set(pattern, [...places.get(pattern) ?? [], path]);
  }
  assert.ok(places.size > 5, "patterns are found some other way now");
  assert.deepEqual([...places].filter(([, { length }]) => length > 1), []);
});

Deno.test("files of this tree: none imports another in a circle", () => {
  const graph = new Map<string, string[]>();
  for (const { from, to, by } of arrows) {
    if (by === "import") graph.set(from, [...graph.get(from) ?? [], to]);
  }
  assert.equal(findCircle(graph)?.join(" → "), undefined);
});

Deno.test("files of this tree: every file of ours that is imported is there", () => {
  const there = new Set(files);
  const missing = arrows.filter(({ by, to }) => by === "import" && !there.has(to))
    .map(({ from, to }) => `${from} → ${to}`);
  assert.deepEqual(missing, [], "and the shared rooms are folders of this tree");
  for (const shared of SHARED_ROOMS) assert.ok(files.some((file) => file.startsWith(`${shared}/`)));
});
