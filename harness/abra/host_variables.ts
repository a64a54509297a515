/** What any program needs on this machine; from CCCI_CACHE on for the stand-in, which runs on Deno. */
export const passedOn: readonly string[] = [
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

/** What a deploy does without, so that recipes may have settings of these names. */
export const notForDeploys: readonly string[] = ["LC_ALL", "LANG", "TERM", "NO_COLOR", "USER"];

/** Whether abra's process carries a variable of that name at a deploy: then Docker would fill it in from the host. */
export function isHostVariable(name: string): boolean {
  if (notForDeploys.includes(name)) return false;
  return passedOn.includes(name) || /^(CCCI|DOCKER)_/.test(name) || name === "ABRA_DIR";
}
