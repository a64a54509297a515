import assert from "node:assert/strict";
import { readSettings } from "./config.ts";
import { enrolments } from "./enrolled.ts";
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

Deno.test("enrolments are looked up again after a while; only those that say so are public", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const clock = new TestClock();
    const known = enrolments(folder, clock);
    const write = (name: string, text: string) => Deno.writeTextFile(`${folder}/${name}/recipe.yml`, text);
    for (const name of ["miniflux", "empty", "Not-A-Name", "broken"]) await Deno.mkdir(`${folder}/${name}`);
    await write("miniflux", "repo: a/b\npublic: true\n");
    await write("Not-A-Name", "public: true");
    await write("broken", "public: true\n]");
    assert.deepEqual(known.names(), ["broken", "miniflux"]);
    await write("empty", 'public: "true"');
    assert.deepEqual(known.names(), ["broken", "miniflux"]);
    clock.forward(31);
    assert.deepEqual(known.names(), ["broken", "empty", "miniflux"]);
    assert.deepEqual(["miniflux", "broken", "empty", "gone", "Not-A-Name"].filter(known.shown), ["miniflux"]);
    await Deno.remove(`${folder}/miniflux`, { recursive: true });
    clock.forward(31);
    assert.equal(known.shown("miniflux"), false);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  assert.deepEqual(enrolments(undefined, new TestClock()).names(), []);
  assert.equal(enrolments(undefined, new TestClock()).shown("any"), true);
  assert.deepEqual(enrolments("/nowhere", new TestClock()).names(), []);
  assert.equal(enrolments("/nowhere", new TestClock()).shown("any"), false);
});
