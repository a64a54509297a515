import { join } from "node:path";
import { BASE_DOMAIN, FORGE_HOST, type Paths, PORTS } from "../host/paths.ts";

/** What Gitea's settings depend on. */
export interface GiteaSetup {
  paths: Paths;
  gateway: string;
  /** Name of the user it runs as; Gitea refuses any other. */
  user: string;
  /** Folder with templates, locales and built assets; nothing when the binary holds them. */
  staticRoot: string | undefined;
}

export function giteaFiles(paths: Paths) {
  const root = join(paths.state, "gitea");
  return {
    root,
    config: join(root, "app.ini"),
    log: join(paths.logs, "gitea.log"),
    pidFile: join(paths.state, "pids", "gitea.json"),
  };
}

/** `app.ini`, without the secrets that Gitea adds to it at its first start. */
export function giteaConfig({ paths, gateway, user, staticRoot }: GiteaSetup): string {
  const { root } = giteaFiles(paths);
  const sections: [string, Record<string, string | number | boolean>][] = [
    ["", {
      APP_NAME: "cc-ci local forge",
      RUN_MODE: "prod",
      RUN_USER: user,
      WORK_PATH: root,
      ...(user === "root" ? { I_AM_BEING_UNSAFE_RUNNING_AS_ROOT: true } : {}),
    }],
    ["server", {
      HTTP_ADDR: gateway,
      HTTP_PORT: PORTS.gitea,
      DOMAIN: FORGE_HOST,
      ROOT_URL: `https://${FORGE_HOST}/`,
      // Links always name the forge as people reach it, also in answers to calls past the ingress.
      PUBLIC_URL_DETECTION: "never",
      LOCAL_ROOT_URL: `http://${gateway}:${PORTS.gitea}/`,
      ...(staticRoot === undefined ? {} : { STATIC_ROOT_PATH: staticRoot }),
      DISABLE_SSH: true,
      OFFLINE_MODE: true,
      GRACEFUL_HAMMER_TIME: "5s",
    }],
    ["database", { DB_TYPE: "sqlite3", PATH: join(root, "gitea.db"), SQLITE_JOURNAL_MODE: "WAL" }],
    // A cheap hash: these accounts exist on this machine only, and every API call with a password pays for it.
    ["security", { INSTALL_LOCK: true, PASSWORD_HASH_ALGO: "pbkdf2$1000$50" }],
    ["service", { DISABLE_REGISTRATION: true, DEFAULT_KEEP_EMAIL_PRIVATE: true }],
    ["repository", { DEFAULT_BRANCH: "main" }],
    // The bridge listens on this machine, which Gitea refuses to call unless told otherwise.
    ["webhook", { ALLOWED_HOST_LIST: `loopback,private,${BASE_DOMAIN}` }],
    ["actions", { ENABLED: false }],
    ["packages", { ENABLED: false }],
    ["indexer", { ISSUE_INDEXER_TYPE: "db" }],
    ["cron.update_checker", { ENABLED: false }],
    ["log", { MODE: "console", LEVEL: "Warn" }],
  ];
  return sections.map(([name, values]) =>
    (name === "" ? "" : `[${name}]\n`) +
    Object.entries(values).map(([key, value]) => `${key} = ${value}\n`).join("")
  ).join("\n");
}
