import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { requireWriter } from "../model/auth.ts";
import { readSettings } from "./config.ts";
import { visibility } from "../../enrolment/visibility.ts";
import { FakeClock } from "../../common/testing/fake_clock.ts";

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

const digest = createHash("sha256").update("token-of-host-two").digest("hex");

Deno.test("readSettings() keeps digests of tokens alone, one for each runner host", () => {
  const { tokens, ...others } = read({
    CCCI_RUNNER_TOKENS: `# hosts\none  ${"a1".repeat(32)}\n\ntwo ${digest} # new\n`,
  });
  assert.deepEqual(tokens.map(({ writer, name }) => `${writer} ${name}`), [
    "bridge bridge",
    "runner runner",
    "runner one",
    "runner two",
  ]);
  assert.doesNotMatch(JSON.stringify(others), /bbbb|rrrr/);
  assert.equal(requireWriter(tokens, { writer: "runner", authorization: "Bearer token-of-host-two" }), "two");
});

Deno.test("readSettings() takes hosts without a single runner's token, and refuses hosts it cannot tell apart", () => {
  assert.equal(read({ CCCI_RUNNER_TOKEN: "", CCCI_RUNNER_TOKENS: `two ${digest}` }).tokens.length, 2);
  const wrong: [hosts: string, why: RegExp][] = [
    ["", /CCCI_RUNNER_TOKEN: missing/],
    ["two clear-text-token", /CCCI_RUNNER_TOKENS: line 1 is not/],
    [`two ${digest}\ntwo ${"0".repeat(64)}`, /line 2 names "two" again/],
    [`two ${digest}\nthree ${digest}`, /"three" has the token of "two"/],
    [
      `two ${createHash("sha256").update("b".repeat(32)).digest("hex")}`,
      /must differ from CCCI_BRIDGE_TOKEN/,
    ],
  ];
  for (const [hosts, message] of wrong) {
    assert.throws(() => read({ CCCI_RUNNER_TOKEN: "", CCCI_RUNNER_TOKENS: hosts }), {
      code: "usage",
      message,
    });
  }
});

Deno.test("enrolments are looked up again after a while; only those that say so are public", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const clock = new FakeClock();
    const known = visibility(folder, clock);
    const write = (name: string, text: string) => Deno.writeTextFile(`${folder}/${name}/recipe.yml`, text);
    for (const name of ["miniflux", "empty", "Not-A-Name", "broken"]) await Deno.mkdir(`${folder}/${name}`);
    await write("miniflux", "repo: a/b\npublic: true\n");
    await write("Not-A-Name", "public: true");
    await write("broken", "public: true\n]");
    assert.deepEqual(known.names(), ["broken", "miniflux"]);
    await write("empty", 'public: "true"');
    assert.deepEqual(known.names(), ["broken", "miniflux"]);
    clock.pass(31);
    assert.deepEqual(known.names(), ["broken", "empty", "miniflux"]);
    assert.deepEqual(["miniflux", "broken", "empty", "gone", "Not-A-Name"].filter(known.shown), ["miniflux"]);
    await Deno.remove(`${folder}/miniflux`, { recursive: true });
    clock.pass(31);
    assert.equal(known.shown("miniflux"), false);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  assert.deepEqual(visibility(undefined, new FakeClock()).names(), []);
  assert.equal(visibility(undefined, new FakeClock()).shown("any"), true);
  assert.deepEqual(visibility("/nowhere", new FakeClock()).names(), []);
  assert.equal(visibility("/nowhere", new FakeClock()).shown("any"), false);
});
