import assert from "node:assert/strict";
import { join } from "node:path";
import { visibility } from "./visibility.ts";
import { FakeClock } from "../common/testing/fake_clock.ts";

Deno.test("enrolments are looked up again, and count as changed only when they say something else", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const write = async (name: string, text: string) => {
      await Deno.mkdir(join(folder, name), { recursive: true });
      await Deno.writeTextFile(join(folder, name, "recipe.yml"), text);
    };
    const clock = new FakeClock();
    const known = visibility(folder, clock);
    const revisions: number[] = [];
    const look = () => {
      clock.pass(31);
      revisions.push(known.revision());
      return known.names().map((name) => `${name} ${known.shown(name)}`);
    };
    await write("one", "public: true\n");
    await write("two", "public: false\n");
    assert.deepEqual(look(), ["one true", "two false"]);
    look();
    await write("one", "# the same\npublic: true\n");
    assert.deepEqual(look(), ["one true", "two false"]);
    assert.equal(new Set(revisions).size, 1);
    await write("one", "public: false\n");
    assert.deepEqual(look(), ["one false", "two false"]);
    await write("two", "no: [yaml\n");
    await write("three", "public: true\nhelth: {}\n");
    assert.deepEqual(look(), ["one false", "three true", "two false"]);
    await Deno.remove(join(folder, "three", "recipe.yml"));
    assert.deepEqual(look(), ["one false", "two false"]);
    assert.equal(known.shown("three"), false);
    assert.equal(new Set(revisions).size, 4);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
