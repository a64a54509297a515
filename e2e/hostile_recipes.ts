import type { BrokenRecipe } from "./broken_recipes.ts";
import type { ComposeFile, FixtureOptions } from "./fixture_recipe.ts";

type App = Record<string, unknown> & { deploy: { labels: string[] }; volumes: unknown[] };

/** One thing that a pull request must not be able to ask for. */
interface Demand {
  /** The rule that must stop it. */
  rule: string;
  /** Part of what is said about it, by which it is told from the other demands of the same recipe. */
  says: string;
  compose?: (app: App, compose: ComposeFile) => void;
  env?: string;
  abraSh?: string;
  links?: Record<string, string>;
}

/** Each demand has its own finding; those of one group share one run, since a run takes seconds and a check does not. */
const groups: Record<string, Demand[]> = {
  "one bind mount of the host": [
    { rule: "bind", says: 'mounts "/etc"', compose: (app) => app.volumes.push("/etc:/host") },
  ],
  "a second compose file outside the checkout": [
    {
      rule: "compose-file",
      says: "Lies outside the recipe",
      env: 'COMPOSE_FILE="compose.yml:../../../../../../../../etc/hosts"\n',
    },
  ],
  "a second compose file that is not there, outside the checkout": [
    {
      rule: "compose-file",
      says: "Lies outside the recipe",
      env: 'COMPOSE_FILE="compose.yml:../../../../../../../../etc/no-such-file"\n',
    },
  ],
  "powers of the host": [
    { rule: "privileged", says: "privileged", compose: (app) => app.privileged = true },
    { rule: "capability", says: "SYS_ADMIN", compose: (app) => app.cap_add = ["SYS_ADMIN"] },
    { rule: "device", says: "/dev/kmsg", compose: (app) => app.devices = ["/dev/kmsg:/dev/kmsg"] },
    { rule: "host-network", says: "network_mode", compose: (app) => app.network_mode = "host" },
    { rule: "namespace", says: "pid", compose: (app) => app.pid = "host" },
    {
      rule: "security-opt",
      says: "unconfined",
      compose: (app) => app.security_opt = ["apparmor:unconfined"],
    },
    { rule: "sysctl", says: "ip_forward", compose: (app) => app.sysctls = { "net.ipv4.ip_forward": 1 } },
    { rule: "logging", says: "gelf", compose: (app) => app.logging = { driver: "gelf" } },
    { rule: "unknown-key", says: "new_power", compose: (app) => app.new_power = true },
    { rule: "socket", says: "docker.sock", compose: (app) => app.volumes.push("/run/docker.sock:/s") },
    {
      rule: "driver",
      says: "sshfs",
      compose: (_, compose) => compose.volumes = { ...compose.volumes, far: { driver: "sshfs" } },
    },
    {
      rule: "bind",
      says: 'Volume "root"',
      compose: (_, compose) =>
        compose.volumes = {
          ...compose.volumes,
          root: { driver_opts: { type: "none", o: "bind", device: "/" } },
        },
    },
    { rule: "port", says: "port 3181", compose: (app) => app.ports = ["3181:80"] },
  ],
  "what belongs to others": [
    {
      rule: "external",
      says: 'Network "outside"',
      compose: (_, compose) =>
        compose.networks = { ...compose.networks, outside: { external: true, name: "host" } },
    },
    {
      rule: "external",
      says: 'Secret "theirs"',
      compose: (_, compose) =>
        compose.secrets = { theirs: { external: true, name: "cc-ci-traefik_ssl_key" } },
    },
    {
      rule: "name",
      says: 'Volume "taken"',
      compose: (_, compose) => compose.volumes = { ...compose.volumes, taken: { name: "drone_ci_data" } },
    },
    {
      rule: "alias",
      says: "traefik",
      compose: (app) => app.networks = { proxy: { aliases: ["traefik"] } },
    },
    {
      rule: "label",
      says: "com.docker.stack.namespace",
      compose: (app) => app.deploy.labels.push("com.docker.stack.namespace=drone_ci"),
    },
    {
      rule: "router-name",
      says: '"drone_ci"',
      compose: (app) => app.deploy.labels.push("traefik.http.routers.drone_ci.rule=Host(`${DOMAIN}`)"),
    },
    {
      rule: "router",
      says: "git.ci.localhost",
      compose: (app) =>
        app.deploy.labels.push("traefik.http.routers.${STACK_NAME}-a.rule=Host(`git.ci.localhost`)"),
    },
    {
      rule: "router",
      says: "by pattern",
      compose: (app) => app.deploy.labels.push("traefik.http.routers.${STACK_NAME}-b.rule=HostRegexp(`.+`)"),
    },
    {
      rule: "router",
      says: "forwardauth",
      compose: (app) =>
        app.deploy.labels.push(
          "traefik.http.middlewares.${STACK_NAME}-c.forwardauth.address=http://10.0.0.1",
        ),
    },
    {
      rule: "router",
      says: "drone-auth@swarm",
      compose: (app) =>
        app.deploy.labels.push("traefik.http.routers.${STACK_NAME}.middlewares=drone-auth@swarm"),
    },
  ],
  "files and variables of the host": [
    {
      rule: "file",
      says: "shadow",
      compose: (_, compose) =>
        compose.configs = { ...compose.configs, a: { file: "../../../../etc/shadow" } },
    },
    {
      rule: "file",
      says: "innocent.conf",
      compose: (_, compose) => compose.configs = { ...compose.configs, b: { file: "./innocent.conf" } },
      links: { "innocent.conf": "/etc/shadow" },
    },
    { rule: "symlink", says: "not-there", links: { "note": "/run/not-there" } },
    { rule: "file", says: "environ", compose: (app) => app.env_file = ["/proc/self/environ"] },
    {
      rule: "environment",
      says: "CCCI_RUNNER_TOKEN",
      compose: (app) => app.environment = ["CCCI_RUNNER_TOKEN"],
    },
    { rule: "environment", says: '"HOME"', compose: (app) => app.volumes.push("${HOME:-data}:/h") },
    {
      rule: "bind",
      says: 'mounts "/opt"',
      compose: (app) => app.volumes.push("${PLAIN}:/plain"),
      env: "PLAIN=/opt\n",
    },
    {
      rule: "environment",
      says: 'line of "COLON"',
      compose: (app) => app.volumes.push("${COLON}:/colon"),
      env: "COLON=/etc\nCOLON: data\n",
    },
    {
      rule: "environment",
      says: 'line of "EXPORTED"',
      compose: (app) => app.volumes.push("${EXPORTED}:/exported"),
      env: "EXPORTED=/etc\nexport EXPORTED=data\n",
    },
    {
      rule: "environment",
      says: 'line of "QUOTED"',
      compose: (app) => app.volumes.push("${QUOTED}:/quoted"),
      env: "QUOTED=/etc\n",
      abraSh: "export QUOTED='data'\n",
    },
  ],
};

function recipeOf(demands: Demand[]): FixtureOptions {
  const joined = (part: "env" | "abraSh") => demands.map((demand) => demand[part] ?? "").join("");
  return {
    compose: (compose) => {
      for (const { compose: change } of demands) change?.(compose.services.app as App, compose);
    },
    env: joined("env"),
    files: { "abra.sh": joined("abraSh") },
    links: Object.assign({}, ...demands.map(({ links }) => links ?? {})),
  };
}

/** Recipes that ask for what confinement refuses: one for each group. */
export const hostileRecipes: BrokenRecipe[] = Object.entries(groups).map(([name, demands]) => ({
  name: `asks for ${name}`,
  recipe: recipeOf(demands),
  only: ["install", "upgrade"],
  stage: "lint",
  cause: new RegExp(demands.map(({ says }) => RegExp.escape(says)).join("|")),
  findings: demands.map(({ rule, says }) => ({ rule: `confine.${rule}`, says })),
}));
