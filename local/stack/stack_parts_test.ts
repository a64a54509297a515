import assert from "node:assert/strict";
import { join } from "node:path";
import { UsageError } from "../../common/errors.ts";
import { ensureCredentials, readCredentials, saveCredentials, tokenFile } from "../host/accounts.ts";
import { giteaConfig } from "../gitea/config.ts";
import { refuseFullDisk, requireDisk } from "../host/host.ts";
import { pathsBelow, pathsFromEnvironment } from "../host/paths.ts";
import { INSIDE } from "../traefik/tls.ts";
import { dynamicConfig } from "../traefik/traefik.ts";

Deno.test("everything lies below the cache folder that the environment names", () => {
  const from = (env: Record<string, string>) => pathsFromEnvironment((name) => env[name]).cache;
  assert.equal(from({ HOME: "/home/a" }), "/home/a/.cache/cc-ci");
  assert.equal(from({ HOME: "/home/a", XDG_CACHE_HOME: "/var/cache" }), "/var/cache/cc-ci");
  assert.equal(from({ HOME: "/home/a", XDG_CACHE_HOME: "/var/cache", CCCI_CACHE: "/c" }), "/c");
  const { cache, repo: _repo, programs: _programs, ...below } = pathsBelow("/c");
  assert.ok(Object.values(below).every((path) => path.startsWith(`${cache}/`)));
});

Deno.test("credentials are made once, kept to their owner, and taken up by the next start", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const paths = pathsBelow(folder);
    const made = await ensureCredentials(paths);
    made.accounts.bot.token = "the bot's";
    await saveCredentials(paths, made);
    assert.deepEqual(await ensureCredentials(paths), made);
    assert.equal(await Deno.readTextFile(tokenFile(paths, "forge")), "the bot's");
    for (const file of [join(paths.state, "credentials.json"), tokenFile(paths, "forge")]) {
      assert.equal(((await Deno.stat(file)).mode ?? 0) & 0o777, 0o600, file);
    }
    const secrets = [
      made.bridgeToken,
      made.runnerToken,
      ...Object.values(made.accounts).map((one) => one.password),
    ];
    assert.equal(new Set(secrets).size, secrets.length, "no secret may serve twice");
    await Deno.writeTextFile(join(paths.state, "credentials.json"), "{");
    assert.equal(await readCredentials(paths), undefined);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("Gitea is told that it runs as root only where it does", () => {
  const setup = { paths: pathsBelow("/c"), gateway: "172.18.0.1", staticRoot: "/c/assets" };
  const root = giteaConfig({ ...setup, user: "root" });
  assert.match(root, /^I_AM_BEING_UNSAFE_RUNNING_AS_ROOT = true$/m);
  assert.match(root, /^STATIC_ROOT_PATH = \/c\/assets$/m);
  assert.match(root, /^HTTP_ADDR = 172\.18\.0\.1$/m, "never on every address");
  const user = giteaConfig({ ...setup, user: "ada", staticRoot: undefined });
  assert.doesNotMatch(user, /UNSAFE|STATIC_ROOT_PATH/);
  assert.match(user, /^RUN_USER = ada$/m);
});

Deno.test("the proxy routes each name to one program and serves no name without its certificate", () => {
  const { http, tls } = JSON.parse(dynamicConfig("172.20.0.1"));
  const transports = new Set<string>();
  const target = (rule: string) => {
    const router = Object.values<{ rule: string; service: string }>(http.routers).find((one) =>
      one.rule === rule
    );
    const { servers, serversTransport } = http.services[router?.service ?? ""]?.loadBalancer ?? {};
    transports.add(serversTransport);
    return servers?.[0].url;
  };
  assert.equal(target("Host(`git.ci.localhost`)"), "https://172.20.0.1:3180");
  assert.equal(target("Host(`ci.localhost`)"), "https://172.20.0.1:3181");
  assert.equal(target("Host(`ci.localhost`) && Path(`/hook`)"), "https://172.20.0.1:3182");
  assert.equal(target("Host(`drone.ci.localhost`) && !PathPrefix(`/rpc`)"), "https://172.20.0.1:3183");
  assert.equal(tls.options.default.sniStrict, true);
  // To all of them Traefik speaks TLS, and believes one CA and one name.
  assert.deepEqual([...transports], ["cc-ci-inside"]);
  const { serverName, rootCAs, insecureSkipVerify } = http.serversTransports["cc-ci-inside"];
  assert.deepEqual([serverName, rootCAs.length, insecureSkipVerify], [INSIDE, 1, undefined]);
});

Deno.test("a full disk is refused with the numbers and the way out", () => {
  refuseFullDisk({ folder: "/c", freeGb: 6, wantedGb: 6 });
  assert.throws(() => refuseFullDisk({ folder: "/c", freeGb: 1.23, wantedGb: 6 }), (error) => {
    assert.ok(error instanceof UsageError);
    assert.match(error.message, /1\.2 GB are free below "\/c", and 6 GB are needed/);
    assert.match(error.hint ?? "", /CCCI_CACHE/);
    return true;
  });
});

Deno.test("a first start wants less room where a registry has what would be built, and a later one less still", async () => {
  const cache = await Deno.makeTempDir();
  try {
    const paths = pathsBelow(cache);
    await Deno.mkdir(paths.bin);
    const start = (pulls: boolean, freeGb: number) =>
      requireDisk(paths, { pulls: () => Promise.resolve(pulls), freeGb });
    await start(true, 3);
    await assert.rejects(start(true, 2.9), /2\.9 GB are free .* and 3 GB are needed/);
    await start(false, 9);
    await assert.rejects(start(false, 3), /3\.0 GB are free .* and 9 GB are needed/);
    await Deno.mkdir(paths.engineData);
    await Deno.writeTextFile(join(paths.bin, "dockerd"), "");
    const unasked = () => Promise.reject(new Error("It was asked of registries"));
    await requireDisk(paths, { pulls: unasked, freeGb: 2 });
    await assert.rejects(requireDisk(paths, { pulls: unasked, freeGb: 1 }), /and 2 GB are needed/);
  } finally {
    await Deno.remove(cache, { recursive: true });
  }
});
