import assert from "node:assert/strict";
import { UsageError } from "../../common/errors.ts";
import { bridgeConfig, droneConfig, gapsOf, ownDomain } from "./config.ts";

const settings: Record<string, string> = {
  CCCI_FORGE_URL: "https://git.example",
  CCCI_FORGE_TOKEN: "forge-secret",
  CCCI_MEMBERS_ORG: "recipe-maintainers",
  CCCI_STATE: "/state",
  CCCI_DASHBOARD_URL: "https://ci.example",
  CCCI_BRIDGE_TOKEN: "bridge-secret",
};
const lookup = (name: string) => settings[name];

Deno.test("bridgeConfig() names every setting that is missing", () => {
  assert.throws(() => bridgeConfig(() => undefined), (error) => {
    assert.ok(error instanceof UsageError);
    for (const name of ["CCCI_FORGE_URL", "CCCI_FORGE_TOKEN", "CCCI_MEMBERS_ORG", "CCCI_STATE"]) {
      assert.ok(error.message.includes(name), name);
    }
    return true;
  });
});

Deno.test("bridgeConfig() wants the dashboard's address and token together", () => {
  const half = (name: string) => name === "CCCI_BRIDGE_TOKEN" ? undefined : lookup(name);
  assert.throws(() => bridgeConfig(half), /belong together/);
  assert.equal(bridgeConfig(lookup).POLL_S, 30);
});

Deno.test("ownDomain() is what is set, else the dashboard's host, else none", () => {
  const domain = (changes: Record<string, string | undefined>) =>
    ownDomain(bridgeConfig((name) => name in changes ? changes[name] : lookup(name)));
  assert.equal(domain({}), "ci.example");
  assert.equal(domain({ CCCI_BASE_DOMAIN: "Example.org" }), "example.org");
  assert.equal(domain({ CCCI_DASHBOARD_URL: undefined, CCCI_BRIDGE_TOKEN: undefined }), null);
});

Deno.test("droneConfig() wants an address, a token and the commit that is pinned", () => {
  assert.throws(
    () => droneConfig(bridgeConfig(lookup)),
    /CCCI_DRONE_URL, CCCI_DRONE_TOKEN, CCCI_DRONE_COMMIT/,
  );
  const drone: Record<string, string> = {
    CCCI_ENGINE: "drone",
    CCCI_DRONE_URL: "https://drone.example",
    CCCI_DRONE_TOKEN: "drone-secret",
    CCCI_DRONE_COMMIT: "d".repeat(40),
  };
  const config = droneConfig(bridgeConfig((name) => drone[name] ?? lookup(name)));
  assert.deepEqual(config, { url: "https://drone.example", token: "drone-secret", commit: "d".repeat(40) });
});

Deno.test("Drone's address, which comments show, holds no secret", () => {
  const read = (address: string) =>
    bridgeConfig((name) => name === "CCCI_DRONE_URL" ? address : lookup(name)).DRONE_URL;
  for (
    const address of ["https://bot:secret@drone.example", "https://drone.example/?token=secret", "nonsense"]
  ) {
    assert.throws(() => read(address), { message: /CCCI_DRONE_URL: (?!.*secret)/ }, address);
  }
  assert.equal(read("https://ci.example/drone/"), "https://ci.example/drone/");
});

Deno.test("gapsOf() warns of Drone without a dashboard, and of nothing else", () => {
  const gaps = (changes: Record<string, string | undefined>) =>
    gapsOf(bridgeConfig((name) => name in changes ? changes[name] : lookup(name)));
  const alone = { CCCI_DASHBOARD_URL: undefined, CCCI_BRIDGE_TOKEN: undefined };
  const drone = {
    ...{ CCCI_ENGINE: "drone", CCCI_DRONE_URL: "https://drone.example", CCCI_DRONE_TOKEN: "drone-secret" },
    CCCI_DRONE_COMMIT: "a".repeat(40),
  };
  assert.deepEqual(gaps(alone), []);
  assert.deepEqual(gaps(drone), []);
  assert.match(gaps({ ...drone, ...alone }).join(), /noticed after 65 min only\. Set CCCI_DASHBOARD_URL/);
});
