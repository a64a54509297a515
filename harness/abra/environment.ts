import type { Settings } from "../run/settings.ts";

/** What any program needs on this machine; from CCCI_CACHE on for the stand-in, which runs on Deno. */
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

/** What a shell on the way adds by itself. */
const ofShells = ["PWD", "OLDPWD", "SHLVL", "_"];

/** What a deploy does without, so that recipes may have settings of these names. */
const notForDeploys: readonly string[] = ["LC_ALL", "LANG", "TERM", "NO_COLOR", "USER"];

/** Whether abra's process carries a variable of that name at a deploy: then Docker would fill it in from the host. */
export function isHostVariable(name: string): boolean {
  if (notForDeploys.includes(name)) return false;
  return [...passedOn, ...ofShells, "ABRA_DIR"].includes(name) || /^(CCCI|DOCKER)_/.test(name);
}

/** All variables that abra's process gets; by ABRA_DIR abra finds its folder. */
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
