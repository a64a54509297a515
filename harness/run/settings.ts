import * as z from "zod";
import { resolvePath } from "../../common/files.ts";
import { readConfig, stringOr } from "../../common/config.ts";
import { UsageError } from "../../common/errors.ts";
import { besidePrograms, ownDeno } from "../../programs/start.ts";
import { hostName } from "../../protocol/dashboard_api.ts";
import { domainName } from "../../protocol/params.ts";

const seconds = z.coerce.number().positive();

/** Settings of the harness, each read from `CCCI_<NAME>`. None of them is secret: they are kept in the run folder. */
const settingsSchema = z.object({
  /** Domain below which the apps under test live. */
  BASE_DOMAIN: domainName,
  /** `host:port` of the reverse proxy in front of the apps. */
  INGRESS: z.string().regex(/^.+:[0-9]+$/, "must be host:port").default("127.0.0.1:443"),
  /** `host:port` where the proxy answers `http:`; unset: port 80 of the same host. */
  INGRESS_HTTP: z.string().regex(/^.+:[0-9]+$/, "must be host:port").optional(),
  /** PEM file of the CA that signed the proxy's certificate; without it the system's CAs are trusted. */
  CA_FILE: z.string().optional(),
  /** Base URL of the forge: repositories are cloned from `<forge>/<owner>/<name>.git`. */
  FORGE_URL: z.url().optional(),
  /** Folder with the enrolments. */
  RECIPES: stringOr(besidePrograms("recipes")),
  /** Folder of run folders. One run at a time works in it. */
  RUNS: z.string(),
  /**
   * Address at which the run's containers find the reverse proxy. With it they know the names of the run's apps by it;
   * unset: the DNS says where these are.
   */
  APP_INGRESS: z.ipv4().optional(),
  /** Apps of one run that may live at the same time; unset: 2 where free memory allows. */
  LANES: z.coerce.number().int().min(1).max(2).optional(),
  /**
   * Seconds between two looks of the reverse proxy at Swarm (`providers.swarm.refreshSeconds`). By default it is 15, as
   * with Traefik.
   */
  PROXY_REFRESH_S: z.coerce.number().nonnegative().default(15),
  /** Base URL at which this host reaches Traefik's API; unset: after a change, its next look is waited for. */
  TRAEFIK_API: z.url().optional(),
  /** The abra that runs call: a path, or a name on the PATH. */
  ABRA: z.string().default("abra"),
  /** The deno binary that recipe tests run with. */
  DENO: stringOr(ownDeno()),
  /** A docker client of version 23 or later, which shows how it reads compose files; unset: one is looked for. */
  DOCKER: z.string().optional(),
  /** Socket of the Docker Engine. */
  DOCKER_SOCKET: z.string().default("/var/run/docker.sock"),
  /** Gigabytes; a run that finds less free space ends before it deploys anything. */
  MIN_FREE_GB: z.coerce.number().nonnegative().default(10),
  /** Files that a disk must still take, where it counts them; one large image has as many. */
  MIN_FREE_INODES: z.coerce.number().int().nonnegative().default(20_000),
  /** Percent of Docker's disk, in bytes or inodes, above which images that runs pulled and nobody uses are removed. */
  IMAGES_ABOVE: z.coerce.number().min(0).max(100).default(80),
  /** Megabytes of memory that an app may be given; unset: half of the machine's. */
  RUN_MEMORY: z.coerce.number().positive().optional(),
  /** Megabytes that an app may be given for volumes, writable layers and logs. */
  RUN_DISK: z.coerce.number().positive().default(10_000),
  /** Whether nothing may run where Docker gives containers no limits; unset: it may when a person asks. */
  REQUIRE_FLOOR: z.union([z.boolean(), z.stringbool()]).optional(),
  /** Seconds without a change after which the janitor removes a stack of ours that no run folder names. */
  JANITOR_MAX_AGE: z.coerce.number().nonnegative().default(10_800),
  /** Seconds that any stage may take unless recipe.yml says otherwise; unset: each stage has its own limit. */
  STAGE_DEADLINE_S: seconds.optional(),
  /** Seconds that pulling a run's images may take unless recipe.yml says otherwise. */
  PULL_DEADLINE_S: seconds.optional(),
  /** Seconds that a run may take unless recipe.yml says otherwise. */
  RUN_DEADLINE_S: seconds.default(2700),
  /** The most that recipe.yml may ask for. Drone ends a build after an hour, in which the teardown has its time as well. */
  RUN_DEADLINE_MAX_S: seconds.default(3300),
});
export type Settings = z.infer<typeof settingsSchema>;
export const storedSettings = settingsSchema;

/** @throws {UsageError} naming every variable that is missing or wrong */
export function readSettings(env: (name: string) => string | undefined = Deno.env.get): Settings {
  const settings = readConfig(settingsSchema, env);
  return {
    ...settings,
    RUNS: resolvePath(settings.RUNS),
    RECIPES: resolvePath(settings.RECIPES),
    ...(settings.CA_FILE === undefined ? {} : { CA_FILE: readable(resolvePath(settings.CA_FILE)) }),
  };
}

function readable(path: string): string {
  try {
    Deno.statSync(path);
    return path;
  } catch (cause) {
    throw new UsageError(`Could not read the configuration: CCCI_CA_FILE: there is no file "${path}"`, {
      cause,
    });
  }
}

/** What the courier needs. It is read in the keeper only, and never stored, because it holds a token. */
const courierSchema = z.object({
  /** Address of the dashboard; without it, or without a token, runs are reported to nobody. */
  DASHBOARD_URL: z.url().optional(),
  /** Token with which this host writes to the dashboard. */
  RUNNER_TOKEN: z.string().optional(),
  /** What people call this host; shown by a dashboard whose hosts have one token together. */
  HOST_NAME: hostName.optional(),
});

/** Where runs are reported to; null when no dashboard or no token is set. */
export function readCourierSettings(
  env: (name: string) => string | undefined = Deno.env.get,
): { url: string; token: string; host?: string } | null {
  const { DASHBOARD_URL: url, RUNNER_TOKEN: token, HOST_NAME: host } = readConfig(courierSchema, env);
  if (url === undefined || token === undefined) return null;
  return { url, token, ...(host === undefined ? {} : { host }) };
}

/** Where the dashboard is, for whoever only asks it; null where none is set. */
export function readDashboardUrl(env: (name: string) => string | undefined = Deno.env.get): string | null {
  return readConfig(courierSchema, env).DASHBOARD_URL ?? null;
}
