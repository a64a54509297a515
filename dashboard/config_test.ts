import assert from "node:assert/strict";
import { readSettings } from "./config.ts";
import { enrolledRecipes } from "./enrolled.ts";
import { TestClock } from "./testing/clock.ts";

const sound: Record<string, string> = {
  CCCI_LISTEN: "127.0.0.1:3181",
  CCCI_STATE: "/var/lib/cc-ci",
  CCCI_DASHBOARD_URL: "https://ci.example.org/",
  CCCI_BRIDGE_TOKEN: "b".repeat(32),
  CCCI_RUNNER_TOKEN: "r".repeat(32),
};

function read(change: Record<string, string>) {
  const env = { ...sound, ...change };
  return readSettings((name) => env[name]);
}

Deno.test("readSettings() takes the public address without its slash", () => {
  assert.equal(read({}).DASHBOARD_URL, "https://ci.example.org");
});

Deno.test("readSettings() names every variable that is wrong", () => {
  const wrong: Record<string, string> = {
    CCCI_LISTEN: "3181",
    CCCI_STATE: "",
    CCCI_DASHBOARD_URL: "https://example.org/ci",
    CCCI_BRIDGE_TOKEN: "short",
    CCCI_RUNNER_TOKEN: "b".repeat(32),
  };
  for (const [name, value] of Object.entries(wrong)) {
    assert.throws(() => read({ [name]: value }), { code: "usage", message: new RegExp(name) });
  }
});

Deno.test("enrolledRecipes() lists folders with an enrolment, and looks again after a while", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const clock = new TestClock();
    const enrolled = enrolledRecipes(folder, clock);
    for (const name of ["miniflux", "empty", "Not-A-Name"]) await Deno.mkdir(`${folder}/${name}`);
    for (const name of ["miniflux", "Not-A-Name"]) {
      await Deno.writeTextFile(`${folder}/${name}/recipe.yml`, "");
    }
    assert.deepEqual(enrolled(), ["miniflux"]);
    await Deno.writeTextFile(`${folder}/empty/recipe.yml`, "");
    assert.deepEqual(enrolled(), ["miniflux"]);
    clock.forward(31);
    assert.deepEqual(enrolled(), ["empty", "miniflux"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  assert.deepEqual(enrolledRecipes(undefined, new TestClock())(), []);
  assert.deepEqual(enrolledRecipes("/nowhere", new TestClock())(), []);
});
