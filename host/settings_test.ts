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

Deno.test("a setting that is wrong is named with what it has to be, and one that nobody knows with what was meant", () => {
  const told = (more: Record<string, unknown>, says: RegExp) =>
    assert.throws(() => parseSettings({ ...HOST, ...more }), { message: says });
  told({ domain: undefined }, /host: domain: is missing$/);
  told({ forge: {} }, /host: forge\.url: is missing; forge\.org: is missing$/);
  told({ backupbot: {} }, /the file: there is no setting "backupbot", probably meant as "backupBot"$/);
  told({ colour: "blue" }, /the file: there is no setting "colour"$/);
  told(
    { proxy: { ingres: "127.0.0.1:443" } },
    /proxy: there is no setting "ingres", probably meant as "ingress"$/,
  );
  told(
    { drone: { commit: "0123abc" } },
    /drone\.commit: must be a whole commit id, of 40 or 64 hexadecimal digits/,
  );
  told({ proxy: null }, /proxy: Invalid input: expected object, received null$/);
  const aDomain = /^[^;]*domain: must be a domain name in lower case, such as ci\.example\.org[^;]*$/;
  for (
    const domain of ["CI.example.org", "ci.example.org.", "*.ci.example.org", "ci.exämple.org", "localhost"]
  ) {
    told({ domain }, aDomain);
  }
  const forges = ["git.example.org:3000", "ftp://git.example.org", "https://me:word@git.example.org", "git"];
  for (const url of forges) {
    told({ forge: { ...HOST.forge, url } }, /forge\.url: must be an address such as https:/);
  }
  for (const ingress of ["127.0.0.1", "127.0.0.1:99999", ":443", "127.0.0.1:443,192.0.2.1:443"]) {
    told({ proxy: { ingress } }, /proxy\.ingress: must be host:port$/);
  }
});

Deno.test("no two services of a host are at one port or one domain", () => {
  const refused = (more: Record<string, unknown>, says: RegExp) =>
    assert.throws(() => parseSettings({ ...HOST, ...more }), { message: says });
  refused({ dashboard: { port: 3182 } }, /bridge\.port: must be another one than "dashboard\.port"$/);
  refused(
    { proxy: { domain: HOST.domain } },
    /proxy\.domain: must be another one than "domain", which is ci\.example\.org$/,
  );
  refused(
    { drone: { domain: "traefik.ci.example.org" } },
    /drone\.domain: must be another one than "proxy\.domain"/,
  );
  refused(
    { backupBot: { domain: "drone.ci.example.org" } },
    /backupBot\.domain: must be another one than "drone\.domain"/,
  );
  refused({ backupBot: { domain: "-rf" } }, /backupBot\.domain: must be a name in lower case$/);
});
