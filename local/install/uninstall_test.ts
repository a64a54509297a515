import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { letGitIn } from "../../host/logins.ts";
import { info } from "../../harness/swarm/schema.ts";
import { engineConfiguration } from "../../harness/floor/engine.ts";
import { installFiles } from "./install.ts";
import { writeRecord } from "./record.ts";
import { contents, names, settings, someMachine, unitsBelow } from "./testing/machine.ts";
import { uninstallFrom } from "./uninstall.ts";

const RUNTIME = "/opt/cc-ci/programs/floor/runtime.sh";

async function installedRoot(files: Record<string, string>) {
  const root = await Deno.makeTempDir({ prefix: "cc-ci-uninstall-" });
  const write = async (path: string, text: string) => {
    await Deno.mkdir(dirname(join(root, path)), { recursive: true });
    await Deno.writeTextFile(join(root, path), text);
  };
  for (const [path, text] of Object.entries({ [RUNTIME]: "", ...files })) await write(path, text);
  await writeRecord(root, { prefix: "/opt/cc-ci", paths: [RUNTIME], folders: [], pending: [] });
  const said: string[] = [];
  const call = { purge: false, dryRun: false, actor: null, engineAt: null };
  return {
    ...{ root, said, write },
    uninstall: (options: Partial<Parameters<typeof uninstallFrom>[1]> = {}) =>
      uninstallFrom(root, { ...call, say: (line) => void said.push(line), ...options }),
    isThere: () => Deno.stat(join(root, RUNTIME)).then(() => true, () => false),
    [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }),
  };
}

/** An engine that has this runtime, whatever its configuration says by now. */
function engineWith(path: string) {
  const swarm = { LocalNodeState: "active", ControlAvailable: true };
  const said = info.parse({ Swarm: swarm, DefaultRuntime: "cc-ci", Runtimes: { "cc-ci": { path } } });
  return () => ({ info: () => Promise.resolve(said) });
}

Deno.test("nothing is uninstalled by which Docker starts containers, nor before Docker was started again", async () => {
  const configuration = "/etc/docker/daemon.json";
  await using at = await installedRoot({ [configuration]: JSON.stringify(engineConfiguration(RUNTIME)) });
  const refused = {
    message: `Could not uninstall: Docker starts containers by "${RUNTIME}", which would go`,
    hint: /Take that runtime .* out of "\/etc\/docker\/daemon\.json" and restart Docker/,
  };
  for (const dryRun of [true, false]) await assert.rejects(at.uninstall({ dryRun }), refused);
  await at.write(configuration, "{}");
  await assert.rejects(at.uninstall({ engineAt: engineWith(RUNTIME) }), refused);
  assert.ok(await at.isThere());
  await at.uninstall({ engineAt: engineWith("/opt/another/runtime.sh") });
  assert.ok(!await at.isThere());
});

Deno.test("an engine that does not answer keeps nobody from uninstalling", async () => {
  await using at = await installedRoot({});
  await at.uninstall({ engineAt: () => ({ info: () => Promise.reject(new Error("away")) }) });
  assert.ok(!await at.isThere());
});

Deno.test("a purge keeps what the settings name elsewhere, and says of nothing it removes that it is kept", async () => {
  const asked = {
    domain: "ci.example.org",
    forge: { url: "https://git.example.org", org: "recipe-maintainers" },
    ...{ secrets: "/etc/cc-ci", made: "/var/lib/cc-ci", runs: "/srv/runs" },
  };
  await using at = await installedRoot({
    "/etc/cc-ci/host.json": JSON.stringify(asked),
    "/var/lib/cc-ci/logins.json": "{ broken",
    "/srv/runs/one": "",
  });
  await at.uninstall({ purge: true });
  const kept = at.said.filter((line) => line.startsWith("Kept: "));
  assert.match(
    kept[0] ?? "",
    /^Kept: log-ins\. Could not read from ".*\/logins\.json" which log-ins are ours: /,
  );
  assert.deepEqual(kept.slice(1), ["Kept: /srv/runs, which the settings name"]);
  assert.ok(at.said.includes("Removed: /var/lib/cc-ci with all it holds"));
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

Deno.test("what a call left that was killed while it wrote a file is removed with the installation", async () => {
  const { root, installation } = await someMachine();
  const before = await names(root);
  await installFiles(await installation(), null);
  await Deno.writeTextFile(join(root, "opt/cc-ci/bin/deno.new"), "half of it");
  await Deno.writeTextFile(join(root, "etc/systemd/system/cc-ci.target.new"), "half of it");
  await uninstallFrom(root, { purge: false, dryRun: false, actor: null, engineAt: null, say: () => {} });
  assert.deepEqual(await names(root), before);
});

/**
 * systemd below a root folder. It stops every unit that has a file or runs, and ends as failed where it is asked for one
 * that has none and does not run.
 */
function systemdBelow(root: string, { running = [] as string[] } = {}) {
  const units = unitsBelow(root, { running });
  const stopped: string[] = [];
  return {
    ...{ stopped, units },
    async run([, verb, ...asked]: readonly string[]) {
      if (verb !== "stop") return 0;
      const seen = Object.entries(await units(asked));
      const known = seen.filter(([, { loaded, state }]) => loaded || state !== "inactive").map(([name]) =>
        name
      );
      stopped.push(...known);
      return known.length === asked.length ? 0 : 5;
    },
  };
}

Deno.test("an installation that broke off is removed, by a call that broke off as well", async () => {
  const { root, programs, installation } = await someMachine();
  const before = await names(root);
  const whole = await installation();
  await Deno.remove(join(programs, "host.js")); // gone while it is copied, before any unit is written
  await assert.rejects(installFiles(whole, null), Deno.errors.NotFound);
  const call = { purge: false, dryRun: false, engineAt: null, say: () => {} };
  await uninstallFrom(root, { ...call, actor: systemdBelow(root) });
  assert.deepEqual(await names(root), before);

  await Deno.writeTextFile(join(programs, "host.js"), "host.js");
  await installFiles(whole, null);
  const [gone, running] = ["cc-ci-dashboard.service", "cc-ci-bridge.service"];
  for (const name of [gone, running]) await Deno.remove(join(root, "etc/systemd/system", name));
  const actor = systemdBelow(root, { running: [running] });
  await uninstallFrom(root, { ...call, actor });
  assert.deepEqual(await names(root), before);
  assert.ok(actor.stopped.includes(running), "a unit whose file is gone may run still");
  assert.ok(actor.stopped.includes("cc-ci-runner.service") && !actor.stopped.includes(gone));
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
