import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { info } from "../../harness/swarm/schema.ts";
import { engineConfiguration } from "../../harness/floor/engine.ts";
import { writeRecord } from "./record.ts";
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
  const settings = {
    domain: "ci.example.org",
    forge: { url: "https://git.example.org", org: "recipe-maintainers" },
    ...{ secrets: "/etc/cc-ci", made: "/var/lib/cc-ci", runs: "/srv/runs" },
  };
  await using at = await installedRoot({
    "/etc/cc-ci/host.json": JSON.stringify(settings),
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
