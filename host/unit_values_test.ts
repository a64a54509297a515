import assert from "node:assert/strict";
import { parseSettings } from "./settings.ts";
import { secretsNeeded, unitsOf } from "./unit_values.ts";
import { neededBy } from "./units.ts";

const FURTHER = {
  ...{ domain: "two.example.org", name: "second" },
  runnerOf: { domain: "ci.example.org", repository: "cc-ci/cc-ci" },
  forge: { url: "https://git.example.org", org: "recipe-maintainers" },
};

Deno.test("a bridge that would end at its start is left out: without a Drone, or without a commit of its pipelines", () => {
  const bridge = (drone: unknown) =>
    unitsOf(parseSettings({ ...FURTHER, runnerOf: undefined, drone })).includes("cc-ci-bridge.service");
  assert.deepEqual([bridge(undefined), bridge({}), bridge({ commit: "a".repeat(40) })], [false, false, true]);
});

Deno.test("secrets of the bridge are needed before the commit of its pipelines is known, and none of a part left out", () => {
  const drone = { commit: "a".repeat(40) };
  const needed = (more: object) => secretsNeeded(parseSettings({ ...FURTHER, runnerOf: undefined, ...more }));
  const whole = needed({ drone });
  assert.ok(whole.includes("forge_token") && whole.includes("webhook_secret"));
  assert.deepEqual(needed({ drone: {} }), whole);
  assert.ok(!needed({}).includes("forge_token"), "without Drone there is no bridge");
  assert.deepEqual(
    whole.filter((name) => !needed({ drone, without: ["bridge", "runner"] }).includes(name)),
    ["forge_token", "webhook_secret"],
  );
  assert.deepEqual(needed(FURTHER), neededBy(unitsOf(parseSettings(FURTHER))));
});
