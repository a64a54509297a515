import * as z from "zod";
import { readConfig, stringOr } from "../../common/config.ts";
import { UsageError } from "../../common/errors.ts";
import { tlsSettings } from "../../common/tls.ts";
import { besidePrograms } from "../../programs/start.ts";
import { commitId, orgName, repoName } from "../../protocol/params.ts";

const address = z.string().regex(/^.+:[0-9]{1,5}$/, "must be host:port");

/** Whether an address names a place and nothing else: comments show it, so it must not hold a password. */
function isPlain(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { username, password, search, hash } = new URL(address);
  return username + password + search + hash === "";
}

const schema = z.object({
  /** Address of the forge. */
  FORGE_URL: z.url(),
  /** Token of the account that answers: read:organization, read:repository, write:issue. */
  FORGE_TOKEN: z.string().min(1),
  /** Token of an account that may push to the recipes (write:repository): commits get statuses. Without it none do. */
  STATUS_TOKEN: z.string().min(1).optional(),
  /** Organisation whose members may give commands. */
  MEMBERS_ORG: orgName,
  /** Folder with the enrolments. */
  RECIPES: stringOr(besidePrograms("recipes")),
  /** Folder for the database and the local engine's notes. */
  STATE: z.string(),
  /** `host:port` to listen on. */
  LISTEN: address.default("127.0.0.1:3182"),
  ...tlsSettings,
  /** Secret the forge signs webhooks with; without it they are refused and the poll does all the work. */
  WEBHOOK_SECRET: z.string().min(16, "must have 16 characters at least").optional(),
  /** Seconds between two looks at the forge. */
  POLL_S: z.coerce.number().min(0.2).max(3600).default(30),
  /** Whether default branches are tested without anybody asking: when they move, and every 14 days. */
  SCHEDULE: z.enum(["on", "off"]).default("on"),
  /** Seconds between two looks for default branches that moved. */
  SCHEDULE_POLL_S: z.coerce.number().min(1).max(86_400).default(900),
  /**
   * Domain of our own services; without it the dashboard's host. Names that are neither this domain nor below it belong
   * to somebody else.
   */
  BASE_DOMAIN: z.string().toLowerCase().optional(),
  /** Where our own services are reached, whatever their names resolve to. */
  INGRESS: address.default("127.0.0.1:443"),
  /** PEM file of the CA of their certificate; without it the system's CAs are trusted. */
  CA_FILE: z.string().optional(),
  /** Address of the dashboard; runs are told to it, and comments lead there. */
  DASHBOARD_URL: z.url().optional(),
  /** Token with which the bridge writes to the dashboard, which has the same. */
  BRIDGE_TOKEN: z.string().min(1).optional(),
  /** Who starts runs: `drone` as builds of a Drone server, `local` the bridge itself on its machine. */
  ENGINE: z.enum(["local", "drone"]).default("local"),
  /** Address of the Drone server. With https it is one for people, too: comments lead to the builds there. */
  DRONE_URL: z.url().refine(isPlain, "must be an address without user, query and fragment").optional(),
  /** Token of a machine account that is Drone's admin. */
  DRONE_TOKEN: z.string().min(1).optional(),
  /** Repository on the forge whose `.drone.yml` runs the harness, and where it is read. */
  DRONE_REPO: repoName.default("cc-ci/cc-ci"),
  /** Branch of that repository. */
  DRONE_BRANCH: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._/-]*$/).default("main"),
  /** Commit of that repository at which its `.drone.yml` is read: what is pushed later changes nothing by itself. */
  DRONE_COMMIT: commitId.optional(),
  /** Runs the engine may have at a time. */
  CAPACITY: z.coerce.number().int().min(1).max(16).default(1),
  /** The harness: a program, or a module for the Deno that runs the bridge; unset: the one beside the bridge. */
  HARNESS: z.string().optional(),
  /** The least that a message has to matter to be logged. */
  LOG_LEVEL: z.enum(["debug", "info", "warning", "error"]).default("info"),
});
export type Config = z.infer<typeof schema>;

/** @throws {UsageError} naming every variable that is missing or wrong */
export function bridgeConfig(env: (name: string) => string | undefined = Deno.env.get): Config {
  const config = readConfig(schema, env);
  if ((config.DASHBOARD_URL === undefined) !== (config.BRIDGE_TOKEN === undefined)) {
    throw new UsageError(
      "Could not read the configuration: CCCI_DASHBOARD_URL and CCCI_BRIDGE_TOKEN belong together: give both or neither",
    );
  }
  return config;
}

/** Domain of our own services, which are reached through the ingress; `null` if nothing says which that is. */
export function ownDomain({ BASE_DOMAIN, DASHBOARD_URL }: Config): string | null {
  return BASE_DOMAIN ?? (DASHBOARD_URL === undefined ? null : new URL(DASHBOARD_URL).hostname);
}

/** What the Drone engine needs. @throws {UsageError} naming what is missing */
export function droneConfig(config: Config): { url: string; token: string; commit: string } {
  const { DRONE_URL: url, DRONE_TOKEN: token, DRONE_COMMIT: commit } = config;
  if (url === undefined || token === undefined || commit === undefined) {
    const missing = Object.entries({ DRONE_URL: url, DRONE_TOKEN: token, DRONE_COMMIT: commit })
      .filter(([, value]) => value === undefined).map(([name]) => `CCCI_${name}`);
    throw new UsageError(`Could not read the configuration: engine "drone" needs ${missing.join(", ")}`);
  }
  return { url, token, commit };
}

/** What the settings leave out that will be missed, a sentence each. */
export function gapsOf(config: Config): string[] {
  if (config.ENGINE !== "drone" || config.DASHBOARD_URL !== undefined) return [];
  return [
    "Without a dashboard nobody hears the harness: a Drone runner that dies is noticed after 65 min only. " +
    "Set CCCI_DASHBOARD_URL and CCCI_BRIDGE_TOKEN",
  ];
}
