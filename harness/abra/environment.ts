import type { Settings } from "../run/settings.ts";

/**
 * Variables that are handed on from our environment. The stand-in, which runs on Deno, needs those from CCCI_CACHE on.
 */
const passedOn: readonly string[] = [
  "PATH",
  "HOME",
  "USER",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
  "CCCI_CACHE",
  "XDG_CACHE_HOME",
  "DENO_DIR",
  "DENO_CERT",
  "DENO_TLS_CA_STORE",
  "NODE_EXTRA_CA_CERTS",
  "NPM_CONFIG_REGISTRY",
];

/** Variables that a shell between us and abra adds by itself. */
const ofShells = ["PWD", "OLDPWD", "SHLVL", "_"];

/** Variables that a deploy does not get, so that recipes may have settings of these names. */
const notForDeploys: readonly string[] = ["LC_ALL", "LANG", "TERM", "NO_COLOR", "USER"];

/**
 * Whether abra's process has a variable of that name at a deploy. Docker would then fill it in from the host, whatever
 * the recipe's settings say.
 */
export function isHostVariable(name: string): boolean {
  if (notForDeploys.includes(name)) return false;
  return [...passedOn, ...ofShells, "ABRA_DIR"].includes(name) || /^(CCCI|DOCKER)_/.test(name);
}

/** All variables that abra's process gets. ABRA_DIR tells abra where its folder is. */
export function environment(
  settings: Pick<Settings, "DENO" | "DOCKER_SOCKET">,
  { dir, deploys }: { dir: string; deploys: boolean },
): Record<string, string> {
  const env: Record<string, string> = {
    ABRA_DIR: dir,
    LC_ALL: "C",
    LANG: "C",
    TERM: "dumb",
    NO_COLOR: "1",
    CCCI_DENO: settings.DENO,
  };
  for (const name of passedOn) {
    const value = Deno.env.get(name);
    if (value !== undefined) env[name] = value;
  }
  if (settings.DOCKER_SOCKET !== "/var/run/docker.sock") env.DOCKER_HOST = `unix://${settings.DOCKER_SOCKET}`;
  if (deploys) { for (const name of notForDeploys) delete env[name]; }
  return env;
}
