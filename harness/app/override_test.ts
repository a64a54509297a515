import assert from "node:assert/strict";
import { join } from "node:path";
import { parseEnrolment } from "../../enrolment/enrolment.ts";
import { loadCompose } from "../recipe/compose.ts";
import { composeFileWith, layDown, liftUp, overrideOf, settingsWith } from "./override.ts";

const compose = `
services:
  app: { image: "app:1", healthcheck: { test: [CMD, x], start_period: 30m } }
  db: { image: "db:1" }
  off: { image: "off:1", healthcheck: { disable: true } }
`;

async function override(recipeYml: string, version: string | null = null) {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(join(folder, "compose.yml"), compose);
    const read = await loadCompose(folder, {});
    assert.ok(read.ok);
    const said = parseEnrolment(`repo: a/b\n${recipeYml}`, "recipe.yml");
    return overrideOf(said, {
      compose: read,
      at: version === null ? "head" : { version, commit: "0".repeat(40) },
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a start is never made shorter, and no health check is given to a service that has switched it off", async () => {
  assert.equal(await override("grace: { app: 60, off: 600, gone: 600 }"), null);
  const longer = await override("grace: { app: 3600, db: 60 }");
  assert.deepEqual(longer?.applied, ["grace.app", "grace.db"]);
  assert.equal(
    longer?.text,
    '"services":\n  "app":\n    "healthcheck":\n      "start_period": "3600s"\n  "db":\n    "healthcheck":\n      "start_period": "60s"\n',
  );
});

Deno.test("an image is replaced for versions of the range, and never at the head", async () => {
  const repair = 'base: { repair: [{ service: db, image: "db:2", versions: ">=1.0.0 <1.2.0" }] }';
  for (const version of [null, "0.9.0+1", "1.2.0+1"]) assert.equal(await override(repair, version), null);
  for (const version of ["1.0.0+1", "1.1.9+3.4", "1.1.0-rc.1+2"]) {
    assert.deepEqual(
      (await override(repair, version))?.repaired,
      [{ service: "db", image: "db:1" }],
      version,
    );
  }
});

Deno.test("settings switch the file on behind what else there is, and off again", () => {
  const over = { text: "", applied: [], told: [], repaired: [] };
  assert.equal(settingsWith("A=1\n", null), "A=1\n");
  assert.equal(settingsWith("A=1\n", over), "A=1\nCOMPOSE_FILE=compose.yml:cc-ci.override.yml\n");
  const on = "COMPOSE_FILE=compose.yml:compose.a.yml:cc-ci.override.yml\n";
  assert.equal(settingsWith("COMPOSE_FILE=compose.yml:compose.a.yml\n", over), on);
  assert.equal(settingsWith(on, over), on);
  assert.equal(settingsWith(on, null), "COMPOSE_FILE=compose.yml:compose.a.yml\n");
  assert.equal(composeFileWith("", over), "compose.yml:cc-ci.override.yml");
});

Deno.test("a link of the recipe's with the name of our file leads nowhere", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(join(folder, "victim"), "mine");
    await Deno.symlink(join(folder, "victim"), join(folder, "cc-ci.override.yml"));
    await layDown(folder, { text: "ours", applied: [], told: [], repaired: [] });
    assert.equal(await Deno.readTextFile(join(folder, "victim")), "mine");
    assert.equal(await Deno.readTextFile(join(folder, "cc-ci.override.yml")), "ours");
    await liftUp(folder);
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), ["victim"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
