/**
 * Settings of the harness, without the `CCCI_` that stands before each: whoever starts a harness in an environment of
 * its own hands on these. None of the bridge's tokens is among them.
 */
export const harnessSettings = [
  "BASE_DOMAIN",
  "INGRESS",
  "INGRESS_HTTP",
  "APP_INGRESS",
  "CA_FILE",
  "FORGE_URL",
  "RECIPES",
  "RUNS",
  "LANES",
  "PROXY_REFRESH_S",
  "PULL_DEADLINE_S",
  "TRAEFIK_API",
  "ABRA",
  "DENO",
  "DOCKER",
  "DOCKER_SOCKET",
  "MIN_FREE_GB",
  "MIN_FREE_INODES",
  "IMAGES_ABOVE",
  "RUN_MEMORY",
  "RUN_DISK",
  "REQUIRE_FLOOR",
  "JANITOR_MAX_AGE",
  "STAGE_DEADLINE_S",
  "RUN_DEADLINE_S",
  "RUN_DEADLINE_MAX_S",
  "DASHBOARD_URL",
  "RUNNER_TOKEN",
  "HOST_NAME",
  "DEBUG",
] as const;

/** What programs of any kind look for. */
const commonVariables = [
  "PATH",
  "HOME",
  "LANG",
  "TMPDIR",
  "XDG_CACHE_HOME",
  "XDG_RUNTIME_DIR",
  "DENO_DIR",
  "DOCKER_HOST",
];

/**
 * The part of an environment that a harness started from it should get: its own settings, each also as `…_FILE`, and
 * what programs of any kind look for.
 * @param env looks up one variable
 */
export function harnessEnv(env: (name: string) => string | undefined): Record<string, string> {
  const chosen: Record<string, string> = {};
  const own = harnessSettings.flatMap((name) => [`CCCI_${name}`, `CCCI_${name}_FILE`]);
  for (const name of [...commonVariables, ...own]) {
    const value = env(name);
    if (value !== undefined && value !== "") chosen[name] = value;
  }
  return chosen;
}
