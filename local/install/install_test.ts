import assert from "node:assert/strict";
import { join } from "node:path";
import { execOk } from "../../common/exec.ts";
import { letGitIn } from "../../host/logins.ts";
import { parseSettings } from "../../host/settings.ts";
import { announce, bringUp, type Installation, installFiles } from "./install.ts";
import { piecesOf } from "./pieces.ts";
import { uninstallFrom } from "./uninstall.ts";

const tmp = await Deno.makeTempDir({ prefix: "cc-ci-install-" });
globalThis.addEventListener("unload", () => Deno.removeSync(tmp, { recursive: true }));

const settings = {
  domain: "ci.example.org",
  forge: { url: "https://git.example.org", org: "recipe-maintainers" },
  drone: {},
  backupBot: {},
};

/** Something to install, and a root folder with what a machine has anyway. */
async function someMachine() {
  const folder = await Deno.makeTempDir({ dir: tmp });
  const root = join(folder, "root");
  for (
    const path of ["etc/systemd/system/multi-user.target.wants", "usr/local/bin", "etc/cc-ci/secrets", "opt"]
  ) {
    await Deno.mkdir(join(root, path), { recursive: true });
  }
  await Deno.writeTextFile(join(root, "etc/cc-ci/host.json"), JSON.stringify(settings));
  await Deno.writeTextFile(join(root, "usr/local/bin/abra"), "of the host");
  const programs = join(folder, "programs");
  await Deno.mkdir(join(programs, "floor"), { recursive: true });
  for (const name of ["bridge.js", "host.js", "deno", "runner"]) {
    await Deno.writeTextFile(join(programs, name), name);
  }
  await Deno.writeTextFile(join(programs, "floor", "runtime.sh"), "#!/bin/sh\n", { mode: 0o755 });
  const said: string[] = [];
  const installation = async (asked: object = settings, prefix = "/opt/cc-ci"): Promise<Installation> => ({
    ...{ root, prefix, say: (line) => void said.push(line) },
    pieces: await piecesOf(parseSettings(asked), {
      ...{ prefix, credentials: ["status_token"] },
      sources: { programs, deno: join(programs, "deno"), runner: join(programs, "runner") },
    }),
  });
  return { root, programs, said, installation };
}

/** Every path below a folder with what is there. */
async function contents(root: string): Promise<string[]> {
  const { stdout } = await execOk(["find", root, "-printf", "%P %y %m %l %T@\n"]);
  return stdout.trim().split("\n").toSorted();
}

/** The same without times, which folders change by themselves. */
async function names(root: string): Promise<string[]> {
  return (await contents(root)).map((line) => line.replace(/ \S+$/, ""));
}

Deno.test("an installation is made once, a second call changes nothing, and says so", async () => {
  const { root, said, installation } = await someMachine();
  const before = await names(root);
  const pieces = await installation();
  await announce(pieces);
  assert.ok(said.includes("Would write /etc/systemd/system/cc-ci-bridge.service"));
  assert.deepEqual(await names(root), before, "a dry run writes nothing");

  await installFiles(pieces, null);
  const bridge = await Deno.readTextFile(join(root, "etc/systemd/system/cc-ci-bridge.service"));
  assert.match(bridge, /^ExecStart=\/opt\/cc-ci\/bin\/deno run .* \/opt\/cc-ci\/programs\/bridge\.js$/m);
  assert.match(bridge, /^LoadCredential=status_token:\/etc\/cc-ci\/secrets\/status_token$/m);
  const link = (path: string) => Deno.readLink(join(root, path));
  assert.equal(
    await link("etc/systemd/system/multi-user.target.wants/cc-ci.target"),
    "/etc/systemd/system/cc-ci.target",
  );
  assert.equal(await link("usr/local/bin/cc-ci-host"), "/opt/cc-ci/bin/cc-ci-host");
  for (const path of ["bin/deno", "bin/cc-ci-harness", "programs/floor/runtime.sh"]) {
    assert.equal(((await Deno.stat(join(root, "opt/cc-ci", path))).mode ?? 0) & 0o777, 0o755, path);
  }

  const first = await contents(root);
  said.length = 0;
  const again = await installFiles(await installation(), null);
  assert.deepEqual(said, ["Every file is as it should be"]);
  assert.deepEqual(again, { write: [], remove: [] });
  assert.deepEqual(await contents(root), first, "not even a time of a file has changed");
});

Deno.test("what differs is put right, and what a host does not need any more goes", async () => {
  const { root, programs, said, installation } = await someMachine();
  await installFiles(await installation(), null);
  await Deno.writeTextFile(join(programs, "bridge.js"), "newer");
  await Deno.chmod(join(root, "opt/cc-ci/bin/deno"), 0o644);
  await Deno.remove(join(root, "usr/local/bin/cc-ci-host"));
  await Deno.symlink("/elsewhere", join(root, "usr/local/bin/cc-ci-host"));
  const { write, remove } = await installFiles(await installation({ ...settings, drone: undefined }), null);
  assert.deepEqual(write.map(({ path }) => path), [
    ...["/opt/cc-ci/bin/deno", "/opt/cc-ci/programs/bridge.js", "/usr/local/bin/cc-ci-host"],
  ]);
  assert.deepEqual(remove, [
    ...["/etc/systemd/system/cc-ci-drone.service", "/etc/systemd/system/cc-ci-runner.service"],
  ]);
  assert.ok(said.includes("Removed: /etc/systemd/system/cc-ci-runner.service"));
});

Deno.test("what is in the way and not ours is named, and nothing is written", async () => {
  const { root, installation } = await someMachine();
  await Deno.writeTextFile(join(root, "usr/local/bin/cc-ci-host"), "somebody else's");
  const before = await contents(root);
  await assert.rejects(installFiles(await installation(), null), {
    message: 'Could not install: something else is in the way: "/usr/local/bin/cc-ci-host"',
  });
  assert.deepEqual(await contents(root), before);
});

Deno.test("an installation that broke off is finished by the next call, and removed whole", async () => {
  const { root, programs, installation } = await someMachine();
  const before = await names(root);
  const whole = await installation();
  await Deno.remove(join(programs, "host.js")); // gone while it is copied
  await assert.rejects(installFiles(whole, null), Deno.errors.NotFound);
  assert.notDeepEqual(await names(root), before);
  await Deno.writeTextFile(join(programs, "host.js"), "host.js");
  await installFiles(whole, null);
  await uninstallFrom(root, { purge: false, dryRun: false, actor: null, engineAt: null, say: () => {} });
  assert.deepEqual(await names(root), before);
});

Deno.test("uninstalling removes exactly what installing made, and state only when it is asked to", async () => {
  const { root, said, installation } = await someMachine();
  const before = await names(root);
  await installFiles(await installation(settings, "/opt/ci/one"), null);
  await Deno.mkdir(join(root, "var/lib/cc-ci"), { recursive: true });
  await Deno.mkdir(join(root, "var/lib/private/cc-ci/bridge"), { recursive: true });
  await Deno.symlink("../private/cc-ci/bridge", join(root, "var/lib/cc-ci/bridge"));
  const installed = await contents(root);
  const say = (line: string) => void said.push(line);
  const call = { purge: false, dryRun: false, actor: null, engineAt: null, say };

  await uninstallFrom(root, { ...call, purge: true, dryRun: true });
  assert.ok(said.includes("Would remove /opt/ci/one/bin/deno"));
  assert.ok(said.includes("Would remove /var/lib/cc-ci with all it holds"));
  assert.deepEqual(await contents(root), installed, "a dry run removes nothing");

  await uninstallFrom(root, call);
  assert.deepEqual(
    (await names(root)).filter((line) => !line.startsWith("var")),
    before,
  );
  assert.ok(said.includes("Kept: /var/lib/cc-ci"));
  said.length = 0;
  await uninstallFrom(root, call);
  assert.deepEqual(said, ["Nothing is installed"]);
  await uninstallFrom(root, { ...call, purge: true });
  assert.deepEqual((await names(root)).filter((line) => line.includes("cc-ci")), []);
});

Deno.test("a purge removes the log-ins that the host's program wrote, and leaves those of others", async () => {
  const { root, said, installation } = await someMachine();
  await installFiles(await installation(), null);
  const netrc = join(root, "root/.netrc");
  await Deno.mkdir(join(root, "root"));
  await Deno.writeTextFile(netrc, "machine other.example.org login x password y\n");
  const made = join(root, "var/lib/cc-ci/host");
  await letGitIn({ home: join(root, "root"), made }, { host: "git.example.org", token: "ours" });
  // What the program notes it notes as the machine has it.
  const notes = join(made, "logins.json");
  await Deno.writeTextFile(notes, (await Deno.readTextFile(notes)).replaceAll(root, ""));
  const call = { dryRun: false, actor: null, engineAt: null, say: (line: string) => void said.push(line) };
  await uninstallFrom(root, { ...call, purge: false });
  assert.match(await Deno.readTextFile(netrc), /git\.example\.org/);
  await uninstallFrom(root, { ...call, purge: true });
  assert.equal(await Deno.readTextFile(netrc), "machine other.example.org login x password y\n");
  assert.ok(said.includes('Removed: the log-in for "git.example.org" in /root/.netrc'), said.join("\n"));
});

/** Notes what is called on a machine whose host program ends with this code, and whose runner runs or does not. */
function actorOn(codeOfHost: number, { running = false } = {}) {
  const calls: string[] = [];
  const run = (argv: readonly string[]) => {
    calls.push(argv.join(" "));
    if (argv[1] === "is-active") return Promise.resolve(running ? 0 : 3);
    return Promise.resolve(argv[1] === "all" ? codeOfHost : 0);
  };
  return { calls, run };
}

const RESTARTED = "try-restart cc-ci-dashboard.service cc-ci-bridge.service";

Deno.test("nothing is started while something is wrong, and once all is well what changed is started again", async () => {
  const { installation } = await someMachine();
  const pieces = await installation();
  await installFiles(pieces, null);
  const wrong = actorOn(1);
  assert.equal(await bringUp(pieces, wrong), 1);
  const asked = "systemctl is-active --quiet cc-ci-runner.service";
  assert.deepEqual(wrong.calls, ["systemctl daemon-reload", asked, "/opt/cc-ci/bin/cc-ci-host all"]);
  await installFiles(pieces, null); // a second call, which finds every file as it should be
  const well = actorOn(0);
  assert.equal(await bringUp(pieces, well), 0);
  assert.deepEqual(well.calls.slice(3), ["systemctl start cc-ci.target", `systemctl ${RESTARTED}`]);
  const again = actorOn(0);
  await bringUp(pieces, again);
  assert.deepEqual(again.calls, ["/opt/cc-ci/bin/cc-ci-host all", "systemctl start cc-ci.target"]);
});

Deno.test("a host that is not ready yet has its units started, which nobody waits for, and says what to do next", async () => {
  const { installation, said } = await someMachine();
  const pieces = await installation();
  await installFiles(pieces, null);
  const early = actorOn(3);
  assert.equal(await bringUp(pieces, early), 3);
  assert.deepEqual(early.calls.slice(3), [
    "systemctl --no-block start cc-ci.target",
    `systemctl --no-block ${RESTARTED}`,
  ]);
  assert.match(said.at(-1) ?? "", /^Everything is started that does not need what is said above\. Do that: /);
  const still = actorOn(3);
  assert.equal(await bringUp(pieces, still), 3);
  assert.deepEqual(still.calls.slice(1), ["systemctl --no-block start cc-ci.target"]);
});

Deno.test("on a further host nothing is started again that it does not have", async () => {
  const { installation } = await someMachine();
  const pieces = await installation({
    ...{ ...settings, drone: undefined, domain: "two.example.org", name: "second" },
    runnerOf: { domain: "ci.example.org" },
  });
  await installFiles(pieces, null);
  const well = actorOn(0);
  assert.equal(await bringUp(pieces, well), 0);
  assert.deepEqual(well.calls.slice(3), ["systemctl start cc-ci.target"]);
});

Deno.test("what was there before is never taken for a part of the installation, even where it is the same", async () => {
  const { root, programs, installation } = await someMachine();
  await Deno.copyFile(join(programs, "deno"), join(root, "usr/local/bin/deno"));
  await Deno.chmod(join(root, "usr/local/bin/deno"), 0o755);
  await assert.rejects(installFiles(await installation(settings, "/usr/local"), null), {
    message: 'Could not install: something else is in the way: "/usr/local/bin/deno"',
  });

  await Deno.remove(join(root, "usr/local/bin/deno"));
  await installFiles(await installation(settings, "/usr/local"), null);
  const host = await Deno.lstat(join(root, "usr/local/bin/cc-ci-host"));
  assert.ok(host.isFile, "a folder that people's shells look in needs no links");
  assert.deepEqual(await installFiles(await installation(settings, "/usr/local"), null), {
    write: [],
    remove: [],
  });
});

Deno.test("units that a host has no more are stopped before their files go, and nothing goes if they do not stop", async () => {
  const { root, installation } = await someMachine();
  await installFiles(await installation(), null);
  const second = await installation({
    ...{ ...settings, drone: undefined, domain: "two.example.org", name: "second" },
    runnerOf: { domain: "ci.example.org" },
  });
  const before = await contents(root);
  const stuck = { run: () => Promise.resolve(1) };
  await assert.rejects(installFiles(second, stuck), {
    message: "Could not install: systemctl stop ended with exit code 1, so no file was changed",
  });
  assert.deepEqual(await contents(root), before);

  const stopped: string[] = [];
  const { remove } = await installFiles(second, {
    async run([program = "", verb = "", ...units]) {
      assert.deepEqual([program, verb], ["systemctl", "stop"]);
      for (const unit of units) await Deno.stat(join(root, "etc/systemd/system", unit));
      stopped.push(...units);
      return 0;
    },
  });
  assert.ok(stopped.includes("cc-ci-bridge.service") && stopped.includes("cc-ci-dashboard.service"));
  const units = remove.map((path) => /^\/etc\/systemd\/system\/([^/]+)$/.exec(path)?.[1] ?? "");
  assert.deepEqual(stopped, units.filter((name) => name !== ""));
  const calls: string[] = [];
  await installFiles(second, { run: (argv) => Promise.resolve(calls.push(argv.join(" "))) });
  assert.deepEqual(calls, [], "a second call has nothing to stop");
});

Deno.test("a runner that goes on with what it had is told of, and none that was not there", async () => {
  const { programs, said, installation } = await someMachine();
  await installFiles(await installation(), null);
  const told = () => said.filter((line) => line.includes("is not started again"));
  await bringUp(await installation(), actorOn(0));
  assert.deepEqual(told(), []);
  await Deno.writeTextFile(join(programs, "runner"), "newer");
  await installFiles(await installation(), null);
  await bringUp(await installation(), actorOn(0, { running: true }));
  assert.deepEqual(told(), [
    "cc-ci-runner.service is not started again, as runs go on in it: it has what is new from its next start",
  ]);
  await bringUp(await installation(), actorOn(0, { running: true }));
  assert.equal(told().length, 1, "nothing is new for it");
});
