import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { exec } from "../../common/exec.ts";
import { FileLock } from "../../common/file_lock.ts";
import { startCommand } from "../../programs/start.ts";
import { credentials, credentialsIn } from "../credentials.ts";
import { issue } from "../testing/certificates.ts";

const tmp = await Deno.makeTempDir({ prefix: "cc-ci-host-" });
globalThis.addEventListener("unload", () => Deno.removeSync(tmp, { recursive: true }));

async function host(...args: string[]) {
  const { code, stdout, stderr } = await exec([...startCommand("host"), ...args], { env: { NO_COLOR: "1" } });
  return { code, stdout, stderr };
}

/** Writes the settings of a host with a certificate for these names, and all of its secrets except some. */
async function settingsFile(
  { names = ["ci.example.org", "*.ci.example.org"], days = 90, without = [] as string[], more = {} } = {},
): Promise<string> {
  const folder = await Deno.makeTempDir({ dir: tmp });
  await Deno.mkdir(join(folder, "secrets"));
  for (const name of credentials) {
    if (!without.includes(name)) {
      await Deno.writeTextFile(join(folder, "secrets", name), `${name}-of-a-test\n`);
    }
  }
  await issue(folder, { names, days });
  const path = join(folder, "host.json");
  await Deno.writeTextFile(
    path,
    JSON.stringify({
      domain: "ci.example.org",
      forge: { url: "https://git.example.org", org: "recipes" },
      certificates: folder,
      secrets: join(folder, "secrets"),
      abra: join(folder, "abra"),
      abraDir: join(folder, "abra-dir"),
      docker: join(folder, "docker.sock"),
      runs: join(folder, "runs"),
      home: folder,
      made: join(folder, "made"),
      drone: {},
      backupBot: {},
      ...more,
    }),
  );
  return path;
}

Deno.test("the program says what it can do, and ends with 2 where it is called wrongly", async () => {
  const help = await host("--help");
  assert.equal(help.code, 0, help.stderr);
  assert.match(help.stdout, /Usage: cc-ci-host .*check/s);
  assert.deepEqual(await host("brew"), { code: 2, stdout: "", stderr: "Unknown command 'brew'\n" });
  assert.equal((await host()).code, 2);
});

Deno.test("settings that are missing or wrong are named, and the program ends with 2", async () => {
  const none = await host("check", "--settings", join(tmp, "none.json"));
  assert.match(
    none.stderr,
    /^Could not read the settings of this host from ".*none\.json": .*Write that file/,
  );
  const path = join(tmp, "wrong.json");
  await Deno.writeTextFile(path, JSON.stringify({ domain: "CI", forge: { url: "git" }, colour: "blue" }));
  const wrong = await host("check", "--settings", path, "--json");
  assert.equal(wrong.code, 2);
  assert.match(
    wrong.stderr,
    /domain: must be a domain name in lower case, .*; forge\.url: .*; forge\.org: is missing; .*"colour"/,
  );
  assert.equal(JSON.parse(wrong.stdout).outcome, "usage");
});

Deno.test("a look at a host names what is missing and what to do, one line each, and ends with 1", async () => {
  const path = await settingsFile({ names: ["ci.example.net"], without: ["drone_token"] });
  const { code, stdout } = await host("check", "--settings", path, "--json");
  const lines = stdout.trim().split("\n");
  const found = JSON.parse(lines.pop() ?? "");
  assert.equal(code, 1, stdout);
  assert.equal(found.outcome, "wrong");
  const about = (what: string) =>
    lines.find((line) => line.slice(2).startsWith(`${what}: `)) ?? assert.fail(what);
  assert.match(
    about("certificate"),
    /^✖ certificate: The certificate in ".*" is for ci\.example\.net, and not for ci\.example\.org and \*\.ci\.example\.org\. Put a certificate for/,
  );
  assert.match(
    about("secret drone_token"),
    /^✖ .* The secret "drone_token" is missing or empty in .*\. Write it to/,
  );
  assert.match(about("secret restic_password"), /^✔/);
  assert.match(about("Docker and Swarm"), /^✖ Docker and Swarm: Could not ask Docker about itself/);
  assert.match(about("abra"), /^✖ abra: There is no abra at ".*": .*\. Install abra/);
});

Deno.test("a look at a host whose authority's file is missing says so and what to do, and looks at the rest as well", async () => {
  const path = await settingsFile({ more: { ca: "/nowhere/ca.pem" } });
  const { code, stdout, stderr } = await host("check", "--settings", path);
  assert.equal(code, 1, stderr);
  assert.match(
    stdout,
    /^✖ authority: Could not read the authority from "\/nowhere\/ca\.pem": .*\. Put the PEM file/m,
  );
  assert.match(stdout, /^✔ certificate: /m);
});

Deno.test("a host without Docker is not ready yet: the program ends with 3 and touches nothing", async () => {
  const path = await settingsFile();
  const { code, stdout } = await host("all", "--settings", path, "--json");
  assert.equal(code, 3, stdout);
  const { outcome, changed, parts } = JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
  assert.deepEqual([outcome, changed, parts.length], ["not yet", false, 1]);
  assert.equal(parts[0].part, "swarm");
});

Deno.test("new runs are held back until somebody lets them start again", async () => {
  const path = await settingsFile({ more: { drone: undefined } });
  const state = join(dirname(path), "bridge");
  const drain = (...args: string[]) => host("drain", "--settings", path, "--state", state, ...args);
  const held = await drain("--why", "The disk is changed", "--minutes", "0", "--json");
  assert.equal(held.code, 0, held.stderr);
  const last = (text: string) => JSON.parse(text.trim().split("\n").at(-1) ?? "");
  assert.deepEqual(last(held.stdout), { outcome: "converged", held: true });
  const file = join(state, "maintenance");
  assert.equal(await Deno.readTextFile(file), "The disk is changed\n");
  const lock = join(dirname(path), "runs", "one", "lock");
  await Deno.mkdir(dirname(lock), { recursive: true });
  using _run = await FileLock.take(lock) ?? assert.fail();
  const busy = await drain("--minutes", "0", "--json");
  assert.equal(last(busy.stdout).outcome, "not yet");
  assert.equal(busy.code, 3);
  assert.match(
    busy.stderr,
    /Runs go on, as far as can be seen: .*\/runs\/one\. Wait for them or cancel them/,
  );
  const withDrone = await settingsFile();
  const asked = await host("drain", "--settings", withDrone, "--state", state, "--minutes", "0");
  assert.equal(asked.code, 3);
  assert.match(asked.stderr, /as far as can be seen: what is not known: Drone at "https:.*" did not answer/);
  const tokenless = await settingsFile({ without: ["drone_token"] });
  const unheld = join(dirname(tokenless), "bridge");
  const refused = await host("drain", "--settings", tokenless, "--state", unheld, "--minutes", "0");
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /The secret "drone_token" is missing/);
  await assert.rejects(Deno.stat(join(unheld, "maintenance")), Deno.errors.NotFound);
  const off = await drain("--off", "--json");
  assert.match(off.stdout, /^Runs start again$/m);
  assert.deepEqual(last(off.stdout), { outcome: "converged", held: false });
  await assert.rejects(Deno.stat(file), Deno.errors.NotFound);
  assert.match(
    (await host("drain", "--help")).stdout.replace(/\s+/g, " "),
    /default: "\/var\/lib\/cc-ci\/bridge"/,
  );
});

Deno.test("a further host holds nothing back, as another host's bridge starts its runs", async () => {
  const path = await settingsFile({
    more: {
      name: "second",
      runnerOf: { domain: "ci.example.com", repository: "cc-ci/cc-ci" },
      drone: undefined,
    },
  });
  const { code, stderr } = await host("drain", "--settings", path, "--state", join(dirname(path), "bridge"));
  assert.equal(code, 1);
  assert.match(stderr, /started by the bridge of ci\.example\.com\. Hold them back there/);
});

Deno.test("a secret that is no line of text is named by those who look and by those who need it, with what to do", async () => {
  const path = await settingsFile({ without: ["restic_password"] });
  const secrets = join(dirname(path), "secrets");
  await Deno.writeTextFile(join(secrets, "drone_token"), "one\ntwo\n");
  await Deno.writeTextFile(join(secrets, "git_token"), "one two");
  await Deno.mkdir(join(secrets, "restic_password"));
  const { code, stdout } = await host("check", "--settings", path);
  assert.equal(code, 1);
  assert.match(
    stdout,
    /^✖ secret drone_token: The secret "drone_token" in ".*" cannot be used: it has a line break or a control character\. Write its value/m,
  );
  assert.match(stdout, /^✖ secret restic_password: Is a directory: ".*restic_password"\. Look at that file/m);
  await assert.rejects(
    credentialsIn(secrets).find("git_token"),
    /cannot be used: it has a space, at which git would/,
  );
  const drained = await host("drain", "--settings", path, "--state", join(dirname(path), "bridge"));
  assert.equal(drained.code, 1);
  assert.match(drained.stderr, /has a line break .*as one line/);
});

Deno.test("a Docker that does not answer is no fault that a person puts right in the settings: a look ends with 3", async () => {
  const path = await settingsFile();
  await Deno.writeTextFile(join(dirname(path), "abra"), "#!/bin/sh\necho abra version 0.13.0-beta\n", {
    mode: 0o755,
  });
  const { stdout } = await host("check", "--settings", path, "--json");
  const { findings } = JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
  const docker = findings.find(({ what }: { what: string }) => what === "Docker and Swarm");
  assert.equal(docker.outcome, "not yet", docker.text);
  assert.match(docker.text, /^Could not ask Docker about itself: .*\. Look at "systemctl status docker"/);
});

Deno.test("a folder that cannot be made is told with what to do", async () => {
  const file = await Deno.makeTempFile({ dir: tmp });
  const path = await settingsFile({ more: { abraDir: join(file, "cc-ci", "abra") } });
  const { code, stderr } = await host("all", "--settings", path);
  assert.equal(code, 1, stderr);
  assert.match(stderr, /^Not a directory: .*\. Look at that file or folder/m);
});

Deno.test("a call that is ended by a signal ends as not yet, so that systemd starts a unit again that took too long", async () => {
  const path = await settingsFile();
  using _other = await FileLock.take(join(dirname(path), "abra-dir.lock")) ?? assert.fail();
  const stop = new AbortController();
  const { code, stderr } = await exec([...startCommand("host"), "all", "--settings", path], {
    env: { NO_COLOR: "1" },
    signal: stop.signal,
    onOutput: (chunk) => {
      if (new TextDecoder().decode(chunk).includes("Waiting for another call of this program")) stop.abort();
    },
  });
  assert.equal(code, 3, stderr);
  assert.match(stderr, /^Ended by SIGTERM\. Start again/m);
});

Deno.test("of two calls one waits until the other has ended, whoever made it", async () => {
  const path = await settingsFile();
  const lock = join(dirname(path), "abra-dir.lock");
  const other = await FileLock.take(lock) ?? assert.fail();
  const waits = Promise.withResolvers<void>();
  const call = exec([...startCommand("host"), "all", "--settings", path], {
    env: { NO_COLOR: "1" },
    onOutput: (chunk) => {
      if (new TextDecoder().decode(chunk).includes("Waiting for another call of this program")) {
        waits.resolve();
      }
    },
  });
  await Promise.race([waits.promise, call.then(({ stderr }) => assert.fail(`It did not wait: ${stderr}`))]);
  other[Symbol.dispose]();
  assert.equal((await call).code, 3);
});
