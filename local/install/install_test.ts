import assert from "node:assert/strict";
import { join } from "node:path";
import { engineConfiguration } from "../../harness/floor/engine.ts";
import { interruptible } from "./machine.ts";
import { announce, bringUp, installFiles, noteChanged } from "./install.ts";
import { contents, names, settings, someMachine, unitsBelow } from "./testing/machine.ts";

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
    ...["drone", "bridge", "runner"].map((name) => `/etc/systemd/system/cc-ci-${name}.service`),
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

Deno.test("another prefix does not take away by what Docker starts containers", async () => {
  const { root, installation } = await someMachine();
  await installFiles(await installation(), null);
  const configuration = join(root, "etc/docker/daemon.json");
  await Deno.mkdir(join(root, "etc/docker"));
  const tell = (path: string) => Deno.writeTextFile(configuration, JSON.stringify(engineConfiguration(path)));
  await tell("/opt/cc-ci/programs/floor/runtime.sh");
  const moved = await installation(settings, "/srv/cc-ci");
  const before = await contents(root);
  const refused = {
    message:
      'Could not install: Docker starts containers by "/opt/cc-ci/programs/floor/runtime.sh", which would go',
    hint:
      /^Name the folder of before .* name "\/srv\/cc-ci\/programs\/floor\/runtime\.sh" in the place of that/,
  };
  await assert.rejects(announce(moved), refused);
  const untouched = { run: () => Promise.reject(new Error("nothing is stopped")), units: unitsBelow(root) };
  await assert.rejects(installFiles(moved, untouched), refused);
  assert.deepEqual(await contents(root), before);

  await tell("/srv/cc-ci/programs/floor/runtime.sh");
  const { remove } = await installFiles(moved, null);
  assert.ok(remove.includes("/opt/cc-ci/programs/floor/runtime.sh"));
});

/** Notes what is called on a machine whose host program ends with this code, and whose runner runs or does not. */

function actorOn(codeOfHost: number, { running = false } = {}) {
  const calls: string[] = [];
  const run = (argv: readonly string[]) => {
    calls.push(argv.join(" "));
    if (argv[1] === "is-active") return Promise.resolve(running ? 0 : 3);
    return Promise.resolve(argv[1] === "all" ? codeOfHost : 0);
  };
  return { calls, run, units: () => Promise.resolve(null) };
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

Deno.test("units whose secrets have another value are started again once, also after a call that went wrong", async () => {
  const { root, installation } = await someMachine();
  const pieces = await installation();
  await noteChanged(root, ["cc-ci-bridge.service"]); // nothing is installed yet
  await installFiles(pieces, null);
  await bringUp(pieces, actorOn(0));
  await installFiles(pieces, null);
  await noteChanged(root, ["cc-ci-bridge.service", "cc-ci-drone.service", "cc-ci-runner.service"]);
  assert.equal(await bringUp(pieces, actorOn(1)), 1);
  const well = actorOn(0);
  await bringUp(pieces, well);
  assert.equal(well.calls.at(-1), "systemctl try-restart cc-ci-bridge.service");
  const again = actorOn(0);
  await bringUp(pieces, again);
  assert.deepEqual(again.calls, ["/opt/cc-ci/bin/cc-ci-host all", "systemctl start cc-ci.target"]);
});

Deno.test("on a further host nothing is started again that it does not have", async () => {
  const { installation } = await someMachine();
  const pieces = await installation({
    ...{ ...settings, drone: undefined, domain: "two.example.org", name: "second" },
    runnerOf: { domain: "ci.example.org", repository: "cc-ci/cc-ci" },
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
    runnerOf: { domain: "ci.example.org", repository: "cc-ci/cc-ci" },
  });
  const before = await contents(root);
  const units = unitsBelow(root);
  const stuck = { run: () => Promise.resolve(1), units };
  await assert.rejects(installFiles(second, stuck), {
    message: "Could not install: systemctl stop ended with exit code 1, so no file was changed",
  });
  assert.deepEqual(await contents(root), before);

  const stopped: string[] = [];
  const { remove } = await installFiles(second, {
    units,
    async run([program = "", verb = "", ...names]) {
      assert.deepEqual([program, verb], ["systemctl", "stop"]);
      for (const name of names) await Deno.stat(join(root, "etc/systemd/system", name));
      stopped.push(...names);
      return 0;
    },
  });
  assert.ok(stopped.includes("cc-ci-bridge.service") && stopped.includes("cc-ci-dashboard.service"));
  const gone = remove.map((path) => /^\/etc\/systemd\/system\/([^/]+)$/.exec(path)?.[1] ?? "");
  assert.deepEqual(stopped, gone.filter((name) => name !== ""));
  const calls: string[] = [];
  await installFiles(second, { units, run: (argv) => Promise.resolve(calls.push(argv.join(" "))) });
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
    "cc-ci-runner.service is not started again, as runs go on in it: it has what is new from its next start, " +
    'for which "systemctl restart cc-ci-runner.service" waits until they have ended',
  ]);
  await bringUp(await installation(), actorOn(0, { running: true }));
  assert.equal(told().length, 1, "nothing is new for it");
});

Deno.test("an installation that is interrupted starts nothing more, whatever the host's program came to, and the next one does", async () => {
  const { root, installation } = await someMachine();
  const asked = await installation();
  await installFiles(asked, null);
  const called: string[][] = [];
  const stop = new AbortController();
  const actor = {
    run: (argv: readonly string[]) => {
      called.push([...argv]);
      if (argv.at(-1) === "all" && !stop.signal.aborted) {
        stop.abort(new Error("interrupted"));
        return Promise.resolve(3);
      }
      return Promise.resolve(0);
    },
    units: unitsBelow(root),
  };
  await assert.rejects(bringUp(asked, interruptible(actor, stop.signal)), /interrupted/);
  assert.match(called.at(-1)?.join(" ") ?? "", /cc-ci-host all$/);
  assert.equal(await bringUp(asked, interruptible(actor, new AbortController().signal)), 0);
  assert.ok(
    called.some((argv) => argv.join(" ").startsWith("systemctl try-restart ")),
    "what is new is started again",
  );
});
