import assert from "node:assert/strict";
import { type ComposeFile, type FixtureOptions, makeRecipe } from "./fixture_recipe.ts";
import { runRecipe, stackForRuns } from "./harness_cli.ts";
import { assertSameInventory, inventory } from "./inventory.ts";
import { onRealServices } from "./scene.ts";

type App = Record<string, unknown> & { deploy: { labels: string[] }; volumes: unknown[] };

function app(change: (app: App, compose: ComposeFile) => void): FixtureOptions {
  return { compose: (compose) => change(compose.services.app as App, compose) };
}

const rule = (text: string) =>
  app((app) => {
    app.deploy.labels = app.deploy.labels.map((label) =>
      label.includes(".rule=") ? `traefik.http.routers.\${STACK_NAME}.rule=${text}` : label
    );
  });

/** What a pull request must not be able to ask for, and the rule that stops it. */
const hostile: [name: string, rule: string, recipe: FixtureOptions][] = [
  ["a bind mount of the host", "confine.bind", app((app) => app.volumes.push("/etc:/host"))],
  [
    "a bind mount put together from .env.sample",
    "confine.bind",
    { ...app((app) => app.volumes.push("${WHERE}:/host")), env: "WHERE=/etc\n" },
  ],
  [
    "a volume whose driver options are a bind mount",
    "confine.bind",
    app((app, compose) => {
      app.volumes.push("root:/host");
      compose.volumes = {
        ...compose.volumes,
        root: { driver_opts: { type: "none", o: "bind", device: "/" } },
      };
    }),
  ],
  ["the Docker socket", "confine.socket", app((app) => app.volumes.push("/var/run/docker.sock:/s.sock"))],
  ["a device", "confine.device", app((app) => app.devices = ["/dev/kmsg:/dev/kmsg"])],
  ["an added capability", "confine.capability", app((app) => app.cap_add = ["SYS_ADMIN"])],
  ["the host's network", "confine.host-network", app((app) => app.network_mode = "host")],
  ["a privileged container", "confine.privileged", app((app) => app.privileged = true)],
  [
    "the host's network by its name",
    "confine.external",
    app((app, compose) => {
      app.networks = ["outside"];
      compose.networks = { ...compose.networks, outside: { external: true, name: "host" } };
    }),
  ],
  [
    "a config read from outside the checkout",
    "confine.file",
    app((app, compose) => {
      app.configs = [{ source: "stolen", target: "/stolen" }];
      compose.configs = { stolen: { file: "../../../../etc/shadow" } };
    }),
  ],
  [
    "a config read through a symbolic link",
    "confine.file",
    {
      ...app((app, compose) => {
        app.configs = [{ source: "stolen", target: "/stolen" }];
        compose.configs = { stolen: { file: "./innocent.conf" } };
      }),
      links: { "innocent.conf": "/etc/shadow" },
    },
  ],
  ["an env_file outside the checkout", "confine.file", app((app) => app.env_file = ["/proc/self/environ"])],
  [
    "another stack's secret",
    "confine.external",
    app((app, compose) => {
      app.secrets = ["theirs"];
      compose.secrets = { theirs: { external: true, name: "cc-ci-traefik_ssl_key" } };
    }),
  ],
  ["a router for somebody else's domain", "confine.router", rule("Host(`git.ci.localhost`)")],
  ["a router for every name", "confine.router", rule("HostRegexp(`.+`)")],
  [
    "a second compose file outside the checkout",
    "confine.compose-file",
    { env: 'COMPOSE_FILE="compose.yml:../../../../../../../../etc/hosts"\n' },
  ],
];

for (const [name, expected, recipe] of hostile) {
  onRealServices(
    `a recipe that asks for ${name} is stopped by ${expected} before anything is deployed`,
    async () => {
      const stack = await stackForRuns();
      const before = await inventory();
      const folder = await Deno.makeTempDir({ prefix: "cc-ci-hostile-" });
      try {
        const path = await makeRecipe(`${folder}/quick`, recipe);
        const { code, result, stderr } = await runRecipe(stack, { runs: `${folder}/runs`, args: [path] });
        assert.equal(code, 1, stderr);
        assert.equal(result?.result, "failed");
        assert.equal(result.stage, "lint");
        assert.match(
          `${result.cause} ${result.stages.find((stage) => stage.name === "lint")?.detail}`,
          new RegExp(expected),
        );
        for (const stage of result.stages.filter((one) => ["install", "upgrade"].includes(one.name))) {
          assert.equal(stage.result, "blocked");
        }
        await assertSameInventory(before);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  );
}
