/** Variables by which programs change what they do, and which a recipe has no business with. */
const steering = {
  shell: /^(PATH|HOME|SHELL|IFS|PS4|TMPDIR|BASH_ENV|BASH_FUNC_.*|BASHOPTS|SHELLOPTS|CDPATH|GLOBIGNORE)$/,
  linker:
    /^(LD_(PRELOAD|LIBRARY_PATH|AUDIT|BIND_.*|DEBUG.*|PROFILE.*|ORIGIN_PATH|HWCAP_MASK|TRACE_.*|SHOW_AUXV|USE_.*|WARN|VERBOSE|ASSUME_KERNEL)|DYLD_.*|GLIBC_TUNABLES|GCONV_PATH)$/,
  docker:
    /^(DOCKER_(HOST|CONTEXT|CONFIG|TLS|TLS_VERIFY|CERT_PATH|API_VERSION|AUTH_CONFIG|BUILDKIT|CLI_.*|CONTENT_TRUST.*|CUSTOM_HEADERS|DEFAULT_PLATFORM|HIDE_LEGACY_COMMANDS|ORCHESTRATOR|STACK_ORCHESTRATOR|TMPDIR)|COMPOSE_(?!FILE$|PROFILES$).*)$/,
  git:
    /^GIT_(DIR|WORK_TREE|COMMON_DIR|INDEX_FILE|NAMESPACE|CONFIG.*|EXEC_PATH|SSH(_COMMAND|_VARIANT)?|ASKPASS|TERMINAL_PROMPT|PROXY_.*|EXTERNAL_DIFF|PAGER|EDITOR|SEQUENCE_EDITOR|TEMPLATE_DIR|OBJECT_DIRECTORY|ALTERNATE_OBJECT_DIRECTORIES|ALLOW_PROTOCOL|PROTOCOL.*|TRACE.*|SSL_.*|HTTP_.*|ATTR_.*|REDIRECT_.*|CEILING_DIRECTORIES|SHALLOW_FILE|GRAFT_FILE|QUARANTINE_PATH)$/,
  runtimes: /^(GODEBUG|GOGC|GOMAXPROCS|GOMEMLIMIT|GOTRACEBACK|GOCOVERDIR|SSL_CERT_(FILE|DIR))$/,
  /** abra takes the stack's name from the app's settings; the rest are ours and abra's own. */
  ours: /^(STACK_NAME|ABRA_(DIR|CI|DEBUG|SERVER|TEST_.*)|CCCI_.*)$/,
};

/**
 * The same for programs that never get an app's settings as their environment: Node, Deno, and shells, which read the
 * file that `ENV` names when somebody types into them.
 */
const elsewhere =
  /^(ENV|DENO_(DIR|CERT|AUTH_TOKENS|TLS_CA_STORE|V8_.*|NO_.*|COVERAGE.*|JOBS|REPL_.*|UNSTABLE.*|TRACE.*|PERMISSION.*)|NODE_OPTIONS|NODE_EXTRA_CA_CERTS)$/;

/** Whether programs, or abra, do something else where a variable of this name is set. */
export function isSteering(name: string): boolean {
  return steersDeploys(name) || elsewhere.test(name);
}

/**
 * Whether those programs do that get an app's settings as their environment: abra, Docker's client, and what these
 * start. What steers others may well be meant for the app, where somebody whom we trust says so.
 */
export function steersDeploys(name: string): boolean {
  return Object.values(steering).some((pattern) => pattern.test(name));
}
