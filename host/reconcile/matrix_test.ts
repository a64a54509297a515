import assert from "node:assert/strict";
import { join } from "node:path";
import { setEnv } from "../../harness/recipe/env_file.ts";
import type { HostError } from "../errors.ts";
import { ROUTES_FILE } from "../plan/routes.ts";
import { type Bringing, bringingFrom, Killed } from "../testing/bring.ts";
import { issue } from "../testing/certificates.ts";
import { FakeHost } from "../testing/fake_host.ts";

const tmp = await Deno.makeTempDir({ prefix: "cc-ci-reconcile-" });
globalThis.addEventListener("unload", () => Deno.removeSync(tmp, { recursive: true }));
await issue(join(tmp, "first"));
await issue(join(tmp, "renewed"));

const { settings, secretsOf, bring } = bringingFrom(join(tmp, "first"));
const PROXY = "traefik_ci_example_org";
const DRONE = "drone_ci_example_org";

async function whole(options: Bringing = {}): Promise<FakeHost> {
  const host = new FakeHost();
  await bring(host, options);
  return host;
}

/** All that a host is made of. */
function stateOf(
  { engine, written, files, clones, settings, secrets, stacks, volumes, keys, repository }: FakeHost,
) {
  return structuredClone({
    engine,
    written,
    files,
    clones,
    settings,
    secrets,
    stacks,
    volumes,
    keys,
    repository,
  });
}

Deno.test("an empty host is brought to its settings, part by part in their order", async () => {
  const host = new FakeHost();
  const app = [
    "fetch-recipe",
    "new-app",
    "insert-secret",
    "write-settings",
    "deploy",
    "wait",
  ];
  assert.deepEqual(await bring(host, { parts: ["swarm"] }), [
    ...[
      "make-inside-certificate",
      "write-names",
      "make-bridge",
      "init-swarm",
      "make-proxy-network",
      "log-in-to-registry",
      "let-git-in",
    ],
  ]);
  assert.deepEqual(await bring(host, { parts: ["proxy"] }), [
    ...app.toSpliced(3, 0, "insert-secret"),
    "write-route",
  ]);
  assert.deepEqual(await bring(host, { parts: ["backup-bot"] }), app);
  assert.deepEqual(await bring(host, { parts: ["drone"] }), [
    ...app.toSpliced(3, 0, "insert-secret"),
    "set-repository",
  ]);
  assert.equal(host.engine.bridge?.gateway, "172.18.0.1");
  assert.equal(host.files.names, "127.0.0.1 localhost\n127.0.0.1 drone.ci.example.org\n");
  assert.match(host.settings.get("traefik.ci.example.org") ?? "", /^LETS_ENCRYPT_ENV=$/m);
  assert.equal(host.stacks.get(PROXY)?.version, "2.1.0+v3.7.13");
  assert.match(host.settings.get("drone.ci.example.org") ?? "", /^DRONE_USER_FILTER=cc-ci$/m);
  assert.equal(host.repository?.timeout, 60);
  assert.equal(host.repository?.visibility, "public");
  assert.match(
    host.volumes.get(`${PROXY}_file-providers`)?.[ROUTES_FILE] ?? "",
    /https:\/\/172\.18\.0\.1:3181/,
  );
});

Deno.test("a second call finds nothing to do", async () => {
  const host = await whole();
  const before = stateOf(host);
  assert.deepEqual(await bring(host), []);
  assert.deepEqual(stateOf(host), before);
});

Deno.test("a call that is killed after any step is made up for by the next one, which comes to the same host", async () => {
  const wanted = stateOf(await whole());
  const steps = (await whole()).done.length;
  for (let killedAfter = 0; killedAfter < steps; killedAfter++) {
    const host = new FakeHost();
    await assert.rejects(bring(host, { killedAfter }), Killed);
    await bring(host);
    assert.deepEqual(
      stateOf(host),
      wanted,
      `killed after step ${killedAfter}, "${host.done[killedAfter - 1]}"`,
    );
    assert.deepEqual(await bring(host), [], `killed after step ${killedAfter}`);
  }
  assert.ok(steps > 25, `only ${steps} steps were tried`);
});

Deno.test("what a change asks for is done also by a call that takes over from one killed after any step of it", async () => {
  const renewed = { ...settings, certificates: join(tmp, "renewed") };
  const credentials = secretsOf({ drone_rpc_secret: "another", restic_password: "another-password" });
  const change = { wanted: renewed, credentials };
  const after = await whole();
  const steps = await bring(after, change);
  for (let killedAfter = 0; killedAfter < steps.length; killedAfter++) {
    const host = await whole();
    await assert.rejects(bring(host, { ...change, killedAfter }), Killed);
    await bring(host, change);
    assert.deepEqual(stateOf(host), stateOf(after), `killed after step ${killedAfter} of ${steps.join()}`);
  }
  assert.ok(steps.length > 10, steps.join());
});

/** What somebody does to a host, and what the next call does about it. */
const disturbances: Record<string, { by(host: FakeHost): void; steps: string[] }> = {
  "the proxy's settings are changed by hand": {
    by: (host) =>
      edit(host, "traefik.ci.example.org", { LETS_ENCRYPT_ENV: "production", WILDCARDS_ENABLED: "" }),
    steps: ["write-settings"],
  },
  "a setting that nobody asks for is changed and not deployed": {
    by: (host) => edit(host, "traefik.ci.example.org", { LOG_LEVEL: "DEBUG" }),
    steps: ["deploy", "wait"],
  },
  "a variable of the proxy is changed in Docker": {
    by: (host) => void (app(host, PROXY).env.LOG_LEVEL = "TRACE"),
    steps: ["deploy", "wait"],
  },
  "the proxy is scaled to nothing": {
    by: (host) => void (app(host, PROXY).replicas = 0),
    steps: ["deploy", "wait"],
  },
  "the proxy's service is removed": {
    by: (host) => void (delete stack(host, PROXY).services.app),
    steps: ["deploy", "wait"],
  },
  "a service beside the proxy is removed": {
    by: (host) => void (delete stack(host, PROXY).services["socket-proxy"]),
    steps: ["deploy", "wait"],
  },
  "the whole proxy is removed": {
    by: (host) => void host.stacks.delete(PROXY),
    steps: ["deploy", "wait"],
  },
  "the file with routes is changed": {
    by: (host) => void ((host.volumes.get(`${PROXY}_file-providers`) ?? assert.fail())[ROUTES_FILE] = "{}"),
    steps: ["write-route"],
  },
  "the volume with routes is removed with the proxy": {
    by(host) {
      host.stacks.delete(PROXY);
      host.volumes.delete(`${PROXY}_file-providers`);
    },
    steps: ["deploy", "wait", "write-route"],
  },
  "a secret of the proxy's is removed, and the proxy with it": {
    by(host) {
      host.stacks.delete(PROXY);
      for (const name of host.secrets.keys()) if (name.includes("_ssl_key_")) host.secrets.delete(name);
    },
    steps: ["insert-secret", "deploy", "wait"],
  },
  "the recipe's work tree stands elsewhere": {
    by: (host) => void host.clones.set("traefik", "2.0.0+v3.6.0"),
    steps: ["fetch-recipe"],
  },
  "the recipe's work tree is gone": {
    by: (host) => void host.clones.delete("traefik"),
    steps: ["fetch-recipe"],
  },
  "the proxy is deployed at another version": {
    by: (host) => void (stack(host, PROXY).version = "2.0.0+v3.6.0"),
    // Without a version in the settings the deployed one is meant, as after an upgrade by hand.
    steps: ["fetch-recipe"],
  },
  "Drone's settings file is removed": {
    by: (host) => void host.settings.delete("drone.ci.example.org"),
    steps: ["new-app", "write-settings"],
  },
  "Drone's service is removed": {
    by: (host) => void host.stacks.delete(DRONE),
    steps: ["deploy", "wait"],
  },
  "Drone's time limit is set by hand": {
    by: (host) => void (host.repository = { ...host.repository, timeout: 10 }),
    steps: ["set-repository"],
  },
  "Drone is starting": {
    by: (host) => void (stack(host, DRONE).starting = true),
    steps: ["wait"],
  },
  "the backup bot's service is removed": {
    by: (host) => void host.stacks.delete("backup-bot"),
    steps: ["deploy", "wait"],
  },
  "the backup bot's repository is changed in Docker": {
    by: (host) => void (app(host, "backup-bot").env.RESTIC_REPOSITORY = "/tmp"),
    steps: ["deploy", "wait"],
  },
  "the network of the proxy is removed": {
    by: (host) => void (host.engine.proxy = null),
    steps: ["make-proxy-network"],
  },
  "the certificate of the services behind the proxy is lost": {
    by: (host) => void (host.files.insideCa = null),
    steps: ["make-inside-certificate"],
  },
  "the host learns another name": {
    by: (host) => void (host.files.namesOfHost += "192.0.2.1 git.example.org\n"),
    steps: ["write-names"],
  },
  "the log-in at the registry is removed": {
    by: (host) => void (host.written.registry = null),
    steps: ["log-in-to-registry"],
  },
};

function stack(host: FakeHost, name: string) {
  return host.stacks.get(name) ?? assert.fail(`no stack "${name}"`);
}

function app(host: FakeHost, name: string) {
  return stack(host, name).services.app ?? assert.fail(`no app in "${name}"`);
}

function edit(host: FakeHost, domain: string, values: Record<string, string>): void {
  host.settings.set(domain, setEnv(host.settings.get(domain) ?? "", values));
}

for (const [name, { by, steps }] of Object.entries(disturbances)) {
  Deno.test(`${name}: the next call puts that right with what it takes`, async () => {
    const host = await whole();
    by(host);
    assert.deepEqual(await bring(host), steps);
    assert.deepEqual(await bring(host), []);
  });
}

Deno.test("a renewed certificate is a new version of two secrets, and the old ones go once nothing uses them", async () => {
  const host = await whole();
  const before = [...host.secrets.keys()].filter((name) => name.startsWith(PROXY));
  const wanted = { ...settings, certificates: join(tmp, "renewed") };
  assert.deepEqual(await bring(host, { wanted, parts: ["proxy"] }), [
    ...[
      "insert-secret",
      "insert-secret",
      "write-settings",
      "deploy",
      "wait",
      "remove-secret",
      "remove-secret",
    ],
  ]);
  const after = [...host.secrets.keys()].filter((name) => name.startsWith(PROXY));
  assert.equal(after.length, 2);
  assert.ok(after.every((name) => !before.includes(name) && /_ssl_(cert|key)_v[0-9a-f]{8}$/.test(name)));
  assert.deepEqual(host.stacks.get(PROXY)?.services.app?.secrets, after.toSorted());
});

Deno.test("a rotated secret of Drone's reaches it, and the bridge's token as well", async () => {
  const host = await whole();
  const rotated = secretsOf({ drone_rpc_secret: "another", drone_token: "another-token" });
  assert.deepEqual(await bring(host, { credentials: rotated, parts: ["drone"] }), [
    ...["insert-secret", "write-settings", "deploy", "wait", "remove-secret"],
  ]);
  assert.match(host.stacks.get(DRONE)?.services.app?.env.DRONE_USER_CREATE ?? "", /token:another-token$/);
});

Deno.test("the backups' repository learns a rotated password before the bot gets it, and keeps the old one", async () => {
  const host = await whole();
  const rotated = secretsOf({ restic_password: "another-password" });
  await bring(host, { credentials: rotated, parts: ["backup-bot"] });
  assert.deepEqual(host.keys, ["restic_password-of-a-test", "another-password"]);
  assert.equal([...host.secrets.keys()].filter((name) => name.startsWith("backup-bot_")).length, 1);
});

Deno.test("another version of a recipe is deployed where the settings name it", async () => {
  const host = await whole();
  const wanted = { ...settings, proxy: { ...settings.proxy, version: "2.0.0+v3.6.0" } };
  assert.deepEqual(await bring(host, { wanted, parts: ["proxy"] }), ["fetch-recipe", "deploy", "wait"]);
  assert.equal(host.stacks.get(PROXY)?.version, "2.0.0+v3.6.0");
});

Deno.test("an app that was removed by hand comes back at the version that ran, and not at the newest one", async () => {
  const version = "2.0.0+v3.6.0";
  const host = await whole({ wanted: { ...settings, proxy: { ...settings.proxy, version } } });
  assert.deepEqual(await bring(host), [], "a version that the settings do not name any more stays");
  host.stacks.delete(PROXY);
  assert.deepEqual(await bring(host), ["deploy", "wait"]);
  assert.equal(host.stacks.get(PROXY)?.version, version);
  host.stacks.delete(PROXY);
  host.clones.delete("traefik");
  await bring(host);
  assert.equal(host.stacks.get(PROXY)?.version, version, "also where the recipe is fetched anew");
});

Deno.test("a step that brings nothing about ends the call instead of being done for ever", async () => {
  const host = await whole();
  host.taken = [];
  host.stacks.delete(PROXY);
  host.act = (action) => {
    host.done.push(action.kind);
    return Promise.resolve();
  };
  await assert.rejects(bring(host, { parts: ["proxy"] }), (error: HostError) => {
    assert.equal(error.outcome, "wrong");
    assert.match(
      error.message,
      /^Deploy "traefik\.ci\.example\.org": .* done 3 times, and is still to be done$/,
    );
    return true;
  });
});
