import assert from "node:assert/strict";
import { ROUTES_FILE } from "../plan/routes.ts";
import type { HostSettings } from "../settings.ts";
import { bringingFrom } from "../testing/bring.ts";
import { issue } from "../testing/certificates.ts";
import { FakeHost } from "../testing/fake_host.ts";

const tmp = await Deno.makeTempDir({ prefix: "cc-ci-reconcile-" });
globalThis.addEventListener("unload", () => Deno.removeSync(tmp, { recursive: true }));
await issue(tmp);

const { settings, bring } = bringingFrom(tmp);
const PROXY = "traefik_ci_example_org";

async function whole(wanted: HostSettings): Promise<FakeHost> {
  const host = new FakeHost();
  await bring(host, { wanted });
  return host;
}

Deno.test("a runner is no longer led to the host's own proxy where the settings name that no more, or have no Drone", async () => {
  for (const changed of [{ proxy: { ...settings.proxy, ingress: "proxy:443" } }, { drone: undefined }]) {
    const host = await whole(settings);
    const wanted = { ...settings, ...changed };
    assert.deepEqual(await bring(host, { wanted, parts: ["swarm"] }), ["write-names"]);
    assert.equal(host.files.names, host.files.namesOfHost);
    assert.deepEqual(await bring(host, { wanted, parts: ["swarm"] }), []);
  }
});

Deno.test("where runners ask lets through whom the proxy sees coming as the runner does, and no gateway where it need not", async () => {
  const seenAs = {
    "127.0.0.1:443": "172.18.0.1",
    "172.18.0.1:443": "172.18.0.1",
    "proxy.example.org:443": "172.18.0.1",
    "203.0.113.5:443": "203.0.113.5",
  };
  for (const [ingress, address] of Object.entries(seenAs)) {
    const host = await whole({ ...settings, proxy: { ...settings.proxy, ingress } });
    const routes = host.volumes.get(`${PROXY}_file-providers`)?.[ROUTES_FILE] ?? "";
    const through = [...routes.matchAll(/!ClientIP\(`([^`]+)`\)/g)].map(([, one]) => one);
    assert.deepEqual(through, [address], ingress);
  }
});
