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

const usual =
  /^(_|PATH|HOME|LANG|LANGUAGE|TERM|COLORTERM|NO_COLOR|USER|LOGNAME|SHELL|SHLVL|PWD|OLDPWD|HOSTNAME|MAIL|TMPDIR|TMP|TEMP|TZ|(LC|XDG|SSH|SSL|DOCKER|ABRA|CCCI|DENO|NODE|NPM|GIT|LD|DYLD|BASH)_.*)$/i;

/** Whether abra's process may carry a variable of that name: then Docker would fill it in from the host. */
export function isHostVariable(name: string): boolean {
  return usual.test(name) || passedOn.includes(name);
}
