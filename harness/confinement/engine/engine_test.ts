import assert from "node:assert/strict";
import { part } from "./service_spec.ts";
import { surplusOf } from "./compare.ts";
import { app, asDeployed, folder, list, type Recorded, recorded, said } from "./testing/recorded.ts";

for await (const { name } of Deno.readDir(folder)) {
  if (!name.endsWith(".json")) continue;
  Deno.test(`what Docker makes of compose files is what they say: ${name}`, async () => {
    assert.deepEqual(await said(await recorded(name)), []);
  });
}

const surpluses: Record<string, [change: (stack: Recorded) => void, says: string]> = {
  "a field of the container that nobody knows": [
    (stack) => app(stack).container.NewPower = { Level: 1 },
    'Docker holds service "app" with "ContainerSpec.NewPower" "{"Level":"1"}", which nobody checked',
  ],
  "a field of the service that nobody knows": [
    (stack) => app(stack).spec.Extension = "x",
    'Docker holds service "app" with "Extension" "x", which nobody checked',
  ],
  "an alias": [
    (stack) => part(list(app(stack).template.Networks)[0]).Aliases = ["app", "git.ci.localhost"],
    'Docker holds service "app" with "Networks.ccrec_x_internal.Aliases.git.ci.localhost" "yes", which nobody checked',
  ],
  "a secret of others under the name of one's own": [
    (stack) => {
      stack.state.names.other = "theirs_key";
      part(list(app(stack).container.Secrets)[0]).SecretID = "other";
    },
    'Docker holds service "app" with "ContainerSpec.Secrets.theirs_key at x" "{"File":{"Name":"x","UID":"33","GID":"0","Mode":"256"},"SecretName":"theirs_key"}", which nobody checked',
  ],
  "a mount that can be written to": [
    (stack) => delete part(list(app(stack).container.Mounts)[1]).ReadOnly,
    'Docker holds service "app" without "ContainerSpec.Mounts./cache.ReadOnly" "true", which was checked',
  ],
  "a second mount in the place of one": [
    (stack) => list(app(stack).container.Mounts).push({ Type: "bind", Source: "/", Target: "/data" }),
    'Docker holds service "app" with "ContainerSpec.Mounts./data (2)" "{"Type":"bind","Source":"/","Target":"/data"}", which nobody checked',
  ],
  "no limits": [
    (stack) => app(stack).template.Resources = {},
    'Docker holds service "app" without "Resources.Limits.MemoryBytes" "1073741824", which was checked',
  ],
  "tasks on every node": [
    (stack) => app(stack).spec.Mode = { Global: {} },
    'Docker holds service "app" with "Mode.Kind" "Global", and "Replicated" was checked',
  ],
  "a stamp of abra's on another service": [
    ({ state }) => part(part(state.services.at(-1)?.Spec).Labels)["coop-cloud.ccrec_x.chaos"] = "true",
    'Docker holds service "off" with "Labels.coop-cloud.ccrec_x.chaos" "true", which nobody checked',
  ],
  "a setting of the app with another value": [
    (stack) => list(app(stack).container.Env).push("DOMAIN=evil.example.org"),
    'Docker holds service "app" with "ContainerSpec.Env.DOMAIN" "=evil.example.org", which nobody checked',
  ],
  "a network with what others use": [
    ({ state }) => part(state.objects.networks[0]).Ingress = true,
    'Docker holds network "internal" with "Ingress" "true", which nobody checked',
  ],
  "a secret that a driver makes": [
    ({ state }) => part(part(state.objects.secrets[0]).Spec).Driver = { Name: "x" },
    'Docker holds secret "own2" with "Driver" "{"Name":"x"}", which nobody checked',
  ],
};

for (const [what, [change, says]] of Object.entries(surpluses)) {
  Deno.test(`is a surplus: ${what}`, async () => {
    const stack = await recorded("rich.json");
    change(stack);
    const found = await said(stack, { settings: { DOMAIN: "x.example.org" } });
    assert.ok(found.includes(says), found.join("\n"));
  });
}

Deno.test("what abra, the engine and the client put there by themselves is no surplus", async () => {
  const stack = await recorded("rich.json");
  const { spec, template, container } = app(stack);
  container.Image = `nginx:1.27@sha256:${"0".repeat(64)}`;
  template.ForceUpdate = 3;
  part(template.Placement).Platforms = [{ Architecture: "amd64", OS: "linux" }];
  list(container.Env).push("DOMAIN=x.example.org", "TYPE=rich:1.0.0+1");
  Object.assign(part(spec.Labels), {
    "coop-cloud.ccrec_x.chaos": "true",
    "coop-cloud.ccrec_x.chaos-version": "0a1b2c3d+U",
    "coop-cloud.ccrec_x.recipe": "rich",
    "coop-cloud.ccrec_x.version": "1.0.0+1.27",
  });
  spec.EndpointSpec = {
    Mode: "dnsrr",
    Ports: list(part(spec.EndpointSpec).Ports).map((port) => ({ ...part(port), PublishMode: "host" })),
  };
  const settings = { DOMAIN: "x.example.org", TYPE: "rich:1.0.0+1" };
  assert.deepEqual(await said(stack, { settings }), []);
});

Deno.test("after an upgrade there may be what only the older version had", async () => {
  const stack = await recorded("rich.json");
  const older = stack.model;
  const { off: _, ...services } = part(older.services);
  const { conf2: __, ...configs } = part(older.configs);
  const newer = { ...stack, model: { ...older, services, configs } };
  assert.deepEqual(
    await said(newer),
    [
      'Docker holds a service "off" that is in no checked compose file',
      'Docker holds a config "conf2" that is in no checked compose file',
    ],
  );
  assert.deepEqual(await said(newer, { older: [older] }), []);
});

Deno.test("a file of the recipe that may be mounted is mounted from where it was deployed", async () => {
  const stack = await recorded("rich.json");
  const bind = list(app(stack).container.Mounts).map(part).find(({ Type }) => Type === "bind");
  assert.deepEqual(
    await asDeployed(stack, {
      use: (deployed, state) => {
        const [one] = deployed.checked;
        const services = part(one?.model.services);
        const mount = list(part(services.app).volumes).map(part).find(({ type }) => type === "bind");
        Object.assign(mount ?? {}, { source: `${one?.root}/nginx.conf` });
        Object.assign(bind ?? {}, { Source: "/elsewhere/nginx.conf" });
        const elsewhere = (checkout: string) => surplusOf(state, { ...deployed, checkout }).length;
        return [elsewhere("/elsewhere"), elsewhere("/nowhere")];
      },
    }),
    [0, 1],
  );
});
