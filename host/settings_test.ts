import assert from "node:assert/strict";
import { bridgeConfig } from "../bridge/service/config.ts";
import { parseSettings } from "./settings.ts";

const HOST = {
  domain: "ci.example.org",
  forge: { url: "https://git.example.org", org: "people" },
  drone: {},
};
const BRIDGE: Record<string, string> = {
  CCCI_FORGE_URL: "https://git.example.org",
  CCCI_FORGE_TOKEN: "secret",
  CCCI_MEMBERS_ORG: "people",
  CCCI_STATE: "/state",
};

Deno.test("a host takes the names of repositories and organisations that its bridge takes, and no others", () => {
  const takes = (read: () => unknown) => {
    try {
      read();
      return true;
    } catch {
      return false;
    }
  };
  const bridge = (name: string, value: string) =>
    takes(() => bridgeConfig((asked) => asked === name ? value : BRIDGE[asked]));
  const names = ["people", "-people", ".people", "two people", "", "peo.ple_x-1"];
  const repositories = [...names.map((name) => `${name}/ci`), ...names.map((name) => `ci/${name}`), "a/b..c"];
  for (const repository of repositories) {
    const host = takes(() => parseSettings({ ...HOST, drone: { repository } }));
    assert.equal(host, bridge("CCCI_DRONE_REPO", repository), repository);
  }
  for (const org of names) {
    const host = takes(() => parseSettings({ ...HOST, forge: { ...HOST.forge, org } }));
    assert.equal(host, bridge("CCCI_MEMBERS_ORG", org), org);
  }
  assert.throws(
    () => parseSettings({ ...HOST, drone: { repository: "-ops/ci" } }),
    /drone\.repository: must be "owner\/name"/,
  );
});

Deno.test("the gateway's address has to lie in its subnet", () => {
  const gateway = (given: unknown) => () => parseSettings({ ...HOST, gateway: given });
  assert.doesNotThrow(gateway({ address: "10.1.0.1", subnet: "10.1.0.0/24" }));
  for (const given of [{ address: "10.1.0.1" }, { subnet: "10.1.0.0/24" }]) {
    assert.throws(gateway(given), /gateway\.address: must lie in "gateway\.subnet", which is /);
  }
});

Deno.test("a further host without a name or the first host's pipelines, or with a Drone of its own, is refused", () => {
  const further = {
    ...HOST,
    ...{ name: "second", drone: undefined },
    runnerOf: { domain: "ci.example.com", repository: "ops/ci" },
  };
  assert.doesNotThrow(() => parseSettings(further));
  assert.throws(
    () => parseSettings({ ...further, name: undefined, drone: {} }),
    /name: a further host needs one.*; drone: a further host takes/,
  );
  assert.throws(
    () => parseSettings({ ...further, runnerOf: { domain: "ci.example.org" } }),
    /runnerOf\.repository: must name the first host's pipelines, as its "drone\.repository" does/,
  );
  assert.throws(
    () => parseSettings({ ...further, runnerOf: { domain: "ci.example.org", repository: "-ops/ci" } }),
    /runnerOf\.repository: must be "owner\/name"/,
  );
});
