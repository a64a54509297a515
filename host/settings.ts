import * as z from "zod";
import { describeError, UsageError } from "../common/errors.ts";
import { meantAs } from "../common/spelling.ts";
import { hostName } from "../protocol/dashboard_api.ts";
import { commitId, domainName, orgName, repoName } from "../protocol/params.ts";
import { subnetHolds } from "./subnets.ts";

/** Where the settings of a host lie. */
export const SETTINGS_FILE = "/etc/cc-ci/host.json";
/** Where its secrets lie, each in a file of its name. */
export const SECRETS_FOLDER = "/etc/cc-ci/secrets";

const folder = z.string().startsWith("/", "must be an absolute path");
const port = z.int().min(1).max(65_535);
/** An address of the web that names a place and nothing else: programs put paths behind it, and people see it. */
const address = z.string().refine((text) => {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, search, hash } = new URL(text);
  return /^https?:$/.test(protocol) && username + password + search + hash === "";
}, "must be an address such as https://git.example.org, without user, query and fragment");
const hostAndPort = z.string().refine((text) => {
  const [, digits = ""] = /^[^\s,]+:([0-9]{1,5})$/.exec(text) ?? [];
  return port.safeParse(Number(digits)).success;
}, "must be host:port");
/** A published version of a recipe, as its tag is called. */
const version = z.string().regex(
  /^[0-9A-Za-z][0-9A-Za-z.+_-]*$/,
  "must be a published version, such as 1.9.0+2.26.0",
);

/** What a host is to be. None of it is secret. */
const schema = z.strictObject({
  /** The domain that people see: the dashboard's; apps under test and our own apps live below it. */
  domain: domainName,
  /** What people call this host: its name for Drone and at `/status`. A further host has another one than the others. */
  name: hostName.optional(),
  /**
   * The first host, where this one is a further host: it has a runner of that host's Drone and reports to that host's
   * dashboard. Apps under test live below its own domain, and it has neither Drone nor dashboard nor bridge.
   */
  runnerOf: z.strictObject({
    /** The first host's domain. */
    domain: domainName,
    /** Where runners reach its Drone, if that is not `drone.` and its domain. */
    drone: domainName.optional(),
    /**
     * The first host's pipelines: the runner takes builds of this repository alone. Nothing holds where it is not said,
     * since a runner says to nobody that it refuses a build.
     */
    repository: z.string('must name the first host\'s pipelines, as its "drone.repository" does').pipe(
      repoName,
    ),
  }).optional(),
  forge: z.strictObject({
    /** Where people and Drone find it. */
    url: address,
    /** The organisation whose members may start runs. */
    org: orgName,
  }),
  /** Docker's bridge between containers and the host. The host's own services listen on its address. */
  gateway: z.strictObject({
    address: z.ipv4().default("172.18.0.1"),
    subnet: z.cidrv4().default("172.18.0.0/16"),
    /** Where containers publish ports; unset: on every address of the host. */
    publish: z.ipv4().optional(),
  }).prefault({}),
  /** A Swarm of this one node. */
  swarm: z.strictObject({
    advertise: z.ipv4().default("127.0.0.1"),
  }).prefault({}),
  /** The folder with `fullchain.pem` and `privkey.pem` of a certificate for the domain and everything below it. */
  certificates: folder.default("/var/lib/ci-certs/live"),
  /** PEM file of the authority that signed it; unset: one that everybody trusts. */
  ca: folder.optional(),
  proxy: z.strictObject({
    domain: domainName.optional(),
    version: version.optional(),
    /** `host:port` where the proxy answers. */
    ingress: hostAndPort.default("127.0.0.1:443"),
  }).prefault({}),
  dashboard: z.strictObject({ port: port.default(3181) }).prefault({}),
  bridge: z.strictObject({ port: port.default(3182) }).prefault({}),
  /** The engine that starts runs; without it the host has none of its own. */
  drone: z.strictObject({
    domain: domainName.optional(),
    version: version.optional(),
    /** Builds of this repository alone reach the host, and its owner or the owner's members log in to Drone. */
    repository: repoName.default("cc-ci/cc-ci"),
    /** The commit of that repository whose `.drone.yml` the bridge has builds run. */
    commit: commitId.optional(),
    /** Addresses of runners on other hosts; everybody else is kept from what runners ask. */
    runners: z.array(z.ipv4()).default([]),
  }).optional(),
  /** Parts that the host is to do without, although everything else here would give it them. */
  without: z.array(z.enum(["dashboard", "bridge", "runner"])).default([]),
  /** What saves and restores apps; without it runs cannot test that. */
  backupBot: z.strictObject({
    /** A name; it serves nothing. */
    domain: z.string().regex(/^[a-z0-9][a-z0-9.-]*$/, "must be a name in lower case").default(
      "backup-bot",
    ),
    version: version.optional(),
    /** The restic repository. */
    repository: z.string().min(1).default("/backups/restic"),
  }).optional(),
  /** Where the recipes of these apps are published: `<address>/<recipe>.git`. */
  recipes: z.url().default("https://git.coopcloud.tech/coop-cloud"),
  /** The folder that abra works in. */
  abraDir: folder.default("/var/lib/cc-ci/abra"),
  /** The folder for what the host's program makes: the certificate of the services behind the proxy. */
  made: folder.default("/var/lib/cc-ci/host"),
  abra: z.string().default("abra"),
  /** A version of abra, as it states it, to work with although cc-ci does not know it. */
  trustAbra: z.string().optional(),
  docker: folder.default("/var/run/docker.sock"),
  /** Gigabytes that have to be free before a run begins, and below which the dashboard warns. */
  minFreeGb: z.number().nonnegative().default(10),
  /** Percent of Docker's disk above which the janitor removes images that runs pulled and nobody uses; 100: never. */
  imagesAbove: z.number().min(0).max(100).default(80),
  /** Folder of run folders. */
  runs: folder.default("/var/lib/cc-ci/runs"),
  /** Folder with a file for each secret, where systemd hands over no credentials. */
  secrets: folder.default(SECRETS_FOLDER),
  /** Home of the account that runs recipes; log-ins of Docker and git are written there. */
  home: folder.default("/root"),
  /** The registry that `registry_auth` logs in to. */
  registry: z.string().default("https://index.docker.io/v1/"),
}).superRefine((settings, { addIssue }) => {
  const { name, runnerOf, drone, gateway, dashboard, bridge, backupBot } = settings;
  const wrong = (path: string, message: string) =>
    addIssue({ code: "custom", path: path.split("."), message });
  if (!subnetHolds(gateway.subnet, gateway.address)) {
    wrong("gateway.address", `must lie in "gateway.subnet", which is ${gateway.subnet}`);
  }
  if (dashboard.port === bridge.port) wrong("bridge.port", 'must be another one than "dashboard.port"');
  const apps: [setting: string, domain: string][] = [
    ["domain", settings.domain],
    ["proxy.domain", proxyDomain(settings)],
    ...drone === undefined ? [] : [["drone.domain", droneDomain(settings)] as [string, string]],
    ...backupBot === undefined ? [] : [["backupBot.domain", backupBot.domain] as [string, string]],
  ];
  for (const [index, [setting, domain]] of apps.entries()) {
    const other = apps.slice(0, index).find(([, one]) => one === domain);
    if (other !== undefined) wrong(setting, `must be another one than "${other[0]}", which is ${domain}`);
  }
  if (runnerOf === undefined) return;
  if (name === undefined) wrong("name", "a further host needs one, another than that of the other hosts");
  if (drone !== undefined) {
    wrong("drone", "a further host takes builds of the first host's Drone, and has none");
  }
});
export type HostSettings = z.infer<typeof schema>;

/** @throws {UsageError} naming every setting that is missing or wrong */
export function parseSettings(value: unknown): HostSettings {
  const parsed = schema.safeParse(value, { error: inPlainWords });
  if (parsed.success) return parsed.data;
  const wrong = parsed.error.issues.map(({ path, message }) => `${path.join(".") || "the file"}: ${message}`);
  throw new UsageError(`Could not read the settings of this host: ${wrong.join("; ")}`, {
    hint: "Put that right in the file and start again.",
  });
}

/** What is wrong with a setting, where the schema says nothing of its own. */
function inPlainWords(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === "invalid_type" && issue.input === undefined) return "is missing";
  if (issue.code !== "unrecognized_keys") return undefined;
  const known = issue.inst instanceof z.ZodObject ? Object.keys(issue.inst.shape) : [];
  return issue.keys.map((key) => `there is no setting "${key}"${meantAs(key, known)}`).join("; ");
}

/** @throws {UsageError} when the file is not there, is no JSON, or has a setting that is missing or wrong */
export async function readSettings(path: string): Promise<HostSettings> {
  let value: unknown;
  try {
    value = JSON.parse(await Deno.readTextFile(path));
  } catch (cause) {
    throw new UsageError(`Could not read the settings of this host from "${path}": ${describeError(cause)}`, {
      hint: cause instanceof SyntaxError
        ? "Put that right in the file, which has to be JSON, and start again."
        : cause instanceof Deno.errors.NotFound
        ? "Write that file, or name another one with --settings."
        : "Look at that file, and whether this has to be started as root.",
    });
  }
  return parseSettings(value);
}

/** Where the proxy itself answers. */
export function proxyDomain({ domain, proxy }: Pick<HostSettings, "domain" | "proxy">): string {
  return proxy.domain ?? `traefik.${domain}`;
}

/** Where people see Drone, and runners reach it. */
export function droneDomain(
  { domain, drone, runnerOf }: Pick<HostSettings, "domain" | "drone" | "runnerOf">,
): string {
  if (runnerOf !== undefined) return runnerOf.drone ?? `drone.${runnerOf.domain}`;
  return drone?.domain ?? `drone.${domain}`;
}
