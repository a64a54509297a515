import assert from "node:assert/strict";
import { join } from "node:path";
import { HostError } from "../errors.ts";
import { type Bringing, bringingFrom } from "../testing/bring.ts";
import { issue } from "../testing/certificates.ts";
import { FakeHost } from "../testing/fake_host.ts";

const tmp = await Deno.makeTempDir({ prefix: "cc-ci-bad-" });
globalThis.addEventListener("unload", () => Deno.removeSync(tmp, { recursive: true }));
await issue(join(tmp, "good"));
await issue(join(tmp, "other"), { names: ["ci.example.net", "*.ci.example.net"] });
await issue(join(tmp, "narrow"), { names: ["ci.example.org"] });
await issue(join(tmp, "mixed"));
await Deno.copyFile(join(tmp, "good", "privkey.pem"), join(tmp, "mixed", "privkey.pem"));
await Deno.mkdir(join(tmp, "half"));
await Deno.copyFile(join(tmp, "good", "fullchain.pem"), join(tmp, "half", "fullchain.pem"));
await Deno.mkdir(join(tmp, "rubbish"));
await Deno.writeTextFile(join(tmp, "rubbish", "fullchain.pem"), "no certificate");
await Deno.copyFile(join(tmp, "good", "privkey.pem"), join(tmp, "rubbish", "privkey.pem"));
const pem = (folder: string) => Deno.readTextFileSync(join(tmp, folder, "fullchain.pem"));
for (
  const [folder, chain] of [["reversed", pem("other") + pem("good")], [
    "cut",
    pem("good") + pem("other").slice(0, 300),
  ]]
) {
  await Deno.mkdir(join(tmp, folder ?? ""));
  await Deno.writeTextFile(join(tmp, folder ?? "", "fullchain.pem"), chain ?? "");
  await Deno.copyFile(join(tmp, "good", "privkey.pem"), join(tmp, folder ?? "", "privkey.pem"));
}
const { settings, secretsOf, bring } = bringingFrom(join(tmp, "good"));

const HOUR = 3600 * 1000;
const DAY = 24 * HOUR;
const certified = (folder: string): Bringing => ({
  wanted: { ...settings, certificates: join(tmp, folder) },
});

interface Case {
  /** How the host differs from one that is ready for the part. */
  host?(host: FakeHost): void;
  options?: Bringing;
  part: "swarm" | "proxy" | "routes" | "backup-bot" | "drone";
  outcome: HostError["outcome"];
  says: RegExp;
  todo: RegExp;
}

const cases: Record<string, Case> = {
  "a log-in of the registry without its name": {
    options: { credentials: secretsOf({ registry_auth: "token-alone" }) },
    part: "swarm",
    outcome: "wrong",
    says: /^The secret "registry_auth" is not NAME:TOKEN$/,
    todo: /access token/,
  },
  "a certificate for another domain": {
    options: certified("other"),
    part: "proxy",
    outcome: "wrong",
    says:
      /is for ci\.example\.net, \*\.ci\.example\.net, and not for ci\.example\.org and \*\.ci\.example\.org$/,
    todo: /^Put a certificate for "ci\.example\.org"/,
  },
  "a certificate that covers no apps": {
    options: certified("narrow"),
    part: "proxy",
    outcome: "wrong",
    says: /and not for \*\.ci\.example\.org$/,
    todo: /"\*\.ci\.example\.org"/,
  },
  "a certificate that has run out": {
    options: { now: Date.now() + 100 * DAY },
    part: "proxy",
    outcome: "wrong",
    says: /ran out on \d{4}-\d\d-\d\d$/,
    todo: /^Renew it/,
  },
  "a certificate of tomorrow": {
    options: { now: Date.now() - 2 * DAY },
    part: "proxy",
    outcome: "not yet",
    says: /holds from \d{4}-\d\d-\d\d on$/,
    todo: /clock/,
  },
  "a key of another certificate, one of which was just written": {
    options: certified("mixed"),
    part: "proxy",
    outcome: "not yet",
    says: /^The key in ".*privkey\.pem" is not the one of the certificate beside it$/,
    todo: /^One of the two files is new, so the other may be on its way\. If it is not: Put a certificate/,
  },
  "a certificate whose key is still on its way": {
    options: certified("half"),
    part: "proxy",
    outcome: "not yet",
    says: /^Could not read the certificate from ".*half\/privkey\.pem"/,
    todo: /^One of the two files is new/,
  },
  "a key of another certificate": {
    options: { ...certified("mixed"), now: Date.now() + HOUR },
    part: "proxy",
    outcome: "wrong",
    says: /^The key in ".*privkey\.pem" is not the one of the certificate beside it$/,
    todo: /key there/,
  },
  "a file that is no certificate": {
    options: { ...certified("rubbish"), now: Date.now() + HOUR },
    part: "proxy",
    outcome: "wrong",
    says: /^Could not read ".*fullchain\.pem": it is no PEM file/,
    todo: /as the authority issued it/,
  },
  "a chain that ends in the middle of a certificate": {
    options: { ...certified("cut"), now: Date.now() + HOUR },
    part: "proxy",
    outcome: "wrong",
    says: /^Could not read ".*fullchain\.pem": it is no PEM file/,
    todo: /as the authority issued it/,
  },
  "a chain that is still being written": {
    options: certified("cut"),
    part: "proxy",
    outcome: "not yet",
    says: /^Could not read ".*fullchain\.pem": it is no PEM file/,
    todo: /^One of the two files is new/,
  },
  "a chain in the wrong order": {
    options: { ...certified("reversed"), now: Date.now() + HOUR },
    part: "proxy",
    outcome: "wrong",
    says: /^The certificates in ".*fullchain\.pem" are in the wrong order$/,
    todo: /^Put the one for "ci\.example\.org" first/,
  },
  "no certificate at all": {
    options: certified("nowhere"),
    part: "proxy",
    outcome: "wrong",
    says: /^Could not read the certificate from ".*nowhere\/fullchain\.pem"/,
    todo: /"privkey\.pem"/,
  },
  "a Swarm with another address": {
    host: (host) => void (host.engine.address = "192.0.2.7"),
    part: "swarm",
    outcome: "wrong",
    says: /^This host's Swarm has the address 192\.0\.2\.7, not 127\.0\.0\.1$/,
    todo: /"swarm\.advertise"/,
  },
  "a node that only works for another Swarm": {
    host: (host) => void (host.engine.manager = false),
    part: "swarm",
    outcome: "wrong",
    says: /worker of somebody else's Swarm/,
    todo: /docker swarm leave/,
  },
  "a Swarm of several nodes": {
    host: (host) => void (host.engine.nodes = 3),
    part: "swarm",
    outcome: "wrong",
    says: /^This host's Swarm has 3 nodes that take tasks, and apps of cc-ci have to be on this one$/,
    todo: /docker node rm/,
  },
  "a Docker whose containers outlive it": {
    host: (host) => Object.assign(host.engine, { state: "inactive", liveRestore: true }),
    part: "swarm",
    outcome: "wrong",
    says: /"live-restore" on/,
    todo: /daemon\.json and restart Docker/,
  },
  "a node that does not come up": {
    host: (host) => void (host.engine.state = "pending"),
    part: "swarm",
    outcome: "not yet",
    says: /is "pending"$/,
    todo: /docker info/,
  },
  "a bridge that other addresses were given to, and that is used": {
    host(host) {
      host.engine.bridge = { subnet: "172.19.0.0/16", gateway: "172.19.0.1", publish: null, used: true };
    },
    part: "swarm",
    outcome: "wrong",
    says: /has 172\.19\.0\.0\/16, this host is 172\.19\.0\.1 there/,
    todo: /"gateway"/,
  },
  "addresses that another network has": {
    host(host) {
      host.engine.bridge = null;
      host.engine.taken = [{ name: "bridge", subnet: "172.18.128.0/17" }];
    },
    part: "swarm",
    outcome: "wrong",
    says: /cannot have 172\.18\.0\.0\/16: "bridge" has 172\.18\.128\.0\/17$/,
    todo: /"gateway\.subnet"/,
  },
  "a network of the proxy's name that is another kind": {
    host: (host) => void (host.engine.proxy = { driver: "bridge", attachable: true }),
    part: "swarm",
    outcome: "wrong",
    says: /is no overlay network: its driver is "bridge"$/,
    todo: /docker network rm proxy/,
  },
  "a port that somebody else has": {
    host: (host) => void (host.taken = [443]),
    part: "proxy",
    outcome: "wrong",
    says: /^Port 443 is taken/,
    todo: /ss -ltnp/,
  },
  "an abra that nobody knows": {
    host: (host) => void (host.strange = 'abra "0.99.0" is none of the versions that cc-ci knows'),
    part: "proxy",
    outcome: "wrong",
    says: /^abra "0\.99\.0"/,
    todo: /"trustAbra"/,
  },
  "a secret that is missing": {
    options: { credentials: secretsOf({ drone_rpc_secret: "" }) },
    part: "drone",
    outcome: "wrong",
    says: /^The secret "drone_rpc_secret" is missing or empty/,
    todo: /Write it/,
  },
  "a backup bot without its password": {
    options: { credentials: secretsOf({ restic_password: "" }) },
    part: "backup-bot",
    outcome: "wrong",
    says: /^The secret "restic_password" is missing or empty/,
    todo: /Write it/,
  },
  "a forge that does not answer": {
    host: (host) => void (host.forge = "connection refused"),
    part: "drone",
    outcome: "not yet",
    says: /^The forge "https:\/\/git\.example\.org" does not answer: connection refused$/,
    todo: /"forge\.url"/,
  },
  "a version of a recipe that was never published": {
    options: { wanted: { ...settings, proxy: { ...settings.proxy, version: "9.9.9+v9" } } },
    part: "proxy",
    outcome: "wrong",
    says: /no version "9\.9\.9\+v9"/,
    todo: /Name/,
  },
  "pipelines that nobody has logged in for": {
    host: (host) => void (host.repository = null),
    part: "drone",
    outcome: "not yet",
    says: /^Drone does not know "cc-ci\/cc-ci"$/,
    todo: /^Log in at https:\/\/drone\.ci\.example\.org once as "cc-ci"/,
  },
  "pipelines that are not active": {
    host: (host) => void (host.repository = { active: false }),
    part: "drone",
    outcome: "not yet",
    says: /^"cc-ci\/cc-ci" is not active in Drone$/,
    todo: /activate it there/,
  },
  "routes without a proxy": {
    part: "routes",
    outcome: "not yet",
    says: /^The proxy has no folder for routes$/,
    todo: /"cc-ci-host proxy"/,
  },
};

for (const [name, { host: change, options = {}, part, outcome, says, todo }] of Object.entries(cases)) {
  Deno.test(`${name}: the call says so and what to do, and once that is put right the next call does the rest`, async () => {
    const host = new FakeHost();
    await bring(host, { parts: ["swarm"] });
    const healthy = {
      engine: host.engine,
      taken: host.taken,
      strange: host.strange,
      repository: host.repository,
    };
    host.engine = structuredClone(healthy.engine);
    change?.(host);
    await assert.rejects(bring(host, { ...options, parts: [part] }), (error: HostError) => {
      assert.ok(error instanceof HostError, String(error));
      assert.match(error.message, says);
      assert.match(error.hint ?? "", todo);
      assert.equal(error.outcome, outcome);
      return true;
    });
    Object.assign(host, healthy, { forge: null });
    await bring(host);
    assert.deepEqual(await bring(host), []);
  });
}

Deno.test("a bridge with other addresses that nobody uses is made anew", async () => {
  const host = new FakeHost();
  host.engine.bridge = { subnet: "172.19.0.0/16", gateway: "172.19.0.1", publish: null, used: false };
  const done = await bring(host, { parts: ["swarm"] });
  assert.deepEqual(done.filter((kind) => kind.endsWith("-bridge")), ["remove-bridge", "make-bridge"]);
  assert.equal(host.engine.bridge?.gateway, "172.18.0.1");
});
