import type { Difference, Tree } from "./tree.ts";

/** What is known of a deploy apart from the model. */
export interface DeployFacts {
  stack: string;
  /** The app's settings as the deploy read them. */
  env: Readonly<Record<string, string>>;
  /** What `TYPE` was when the model was made: abra writes the version behind it. */
  type: string;
}

/** A place, its names joined by blanks, and what may be there. */
type Permit = readonly [path: RegExp, fits: (seen: { actual: Tree; path: string } & DeployFacts) => boolean];

const anything = () => true;
const text = (fits: (text: string) => boolean): Permit[1] => ({ actual }) =>
  typeof actual === "string" && fits(actual);
const word = (pattern: RegExp) => text((value) => pattern.test(value));

/** What the engine may hold though no compose file says it, by who puts it there. */
const additions: readonly Permit[] = [
  // The engine fills in what it does by itself.
  [/^TaskTemplate Runtime$/, word(/^container$/)],
  [/^TaskTemplate ForceUpdate$/, anything],
  [/^TaskTemplate ContainerSpec Isolation$/, word(/^default$/)],
  [/^(Update|Rollback)Config FailureAction$/, word(/^pause$/)],
  [/^(Update|Rollback)Config Order$/, word(/^stop-first$/)],
  [/^TaskTemplate RestartPolicy Condition$/, word(/^any$/)],
  [/^EndpointSpec Mode$/, word(/^(vip|dnsrr)$/)],
  [/^Mode JobIteration$/, anything],
  // The client asks the registry what an image can run on.
  [/^TaskTemplate Placement Platforms( |$)/, anything],
];

/** The same, of service `app` alone: abra writes there what it deployed, and gives the container its settings. */
const abraAdditions: readonly Permit[] = [
  [/^Labels coop-cloud\./, ({ actual, path, stack }) => isStamp(path, stack) && isShort(actual)],
  [/^TaskTemplate ContainerSpec Env /, ({ actual, path, env }) => {
    const name = path.split(" ").slice(3).join(" ");
    return Object.hasOwn(env, name) && actual === `=${env[name]}`;
  }],
];

const stamps = ["recipe", "version", "chaos", "chaos-version", "autoupdate", "auto-update"];

function isStamp(path: string, stack: string): boolean {
  return stamps.some((stamp) => path === `Labels coop-cloud.${stack}.${stamp}`);
}

function isShort(value: Tree): boolean {
  return typeof value === "string" && /^[\w.+:\/-]{0,200}$/.test(value);
}

/**
 * What holds a container back, so that there must be no less of it. Of anything else there may be less: older engines do
 * not know every limit, and the floor sets those of processes and files whatever a service has.
 */
const restraints =
  /^(TaskTemplate (Resources Limits (NanoCPUs|MemoryBytes)|LogDriver|RestartPolicy|Placement (Constraints|MaxReplicas)|ContainerSpec (CapabilityDrop|ReadOnly|User|Privileges|Mounts .* (ReadOnly|TmpfsOptions SizeBytes)))|Mode|Internal|Options encrypted)( |$)/;

/** Whether a service may differ in one place from what its compose files say. */
export function isPermittedInService(
  { path: parts, expected, actual }: Difference,
  { service, dnsrr, ...facts }: DeployFacts & { service: string; dnsrr: boolean },
): boolean {
  const path = parts.join(" ");
  if (actual === undefined) return !restraints.test(path);
  const permits = service === "app" ? [...additions, ...abraAdditions] : additions;
  if (expected === undefined) {
    return permits.some(([place, fits]) => place.test(path) && fits({ actual, path, ...facts }));
  }
  if (typeof expected !== "string" || typeof actual !== "string") return false;
  if (path === "TaskTemplate ContainerSpec Image") return isSameImage(expected, actual);
  if (path === "EndpointSpec Mode") return /^(vip|dnsrr)$/.test(actual);
  // Where the kernel has no IPVS ports are published on the host.
  if (/^EndpointSpec Ports .* PublishMode$/.test(path)) return dnsrr && actual === "host";
  if (service === "app" && isStamp(path, facts.stack) && isShort(actual)) return true;
  return saysTheSame({ expected, actual }, facts);
}

/** Whether an object apart from services may differ in one place from what the compose files say. */
export function isPermittedInObject(
  { path: parts, expected, actual }: Difference,
  facts: DeployFacts,
): boolean {
  const path = parts.join(" ");
  if (actual === undefined) return !restraints.test(path);
  if (expected === undefined) {
    return ownOfObjects.some(([place, fits]) => place.test(path) && fits({ actual, path, ...facts }));
  }
  return typeof expected === "string" && typeof actual === "string" &&
    saysTheSame({ expected, actual }, facts);
}

/** What engines write into networks, volumes, secrets and configs by themselves. */
const ownOfObjects: readonly Permit[] = [
  [/^Options com\.docker\.network\.driver\.overlay\.vxlanid_list$/, anything],
  [
    /^IPAM (Driver|Config \d+ (Subnet|Gateway|IPRange))$/,
    word(/^(default|10\..*|172\..*|192\.168\..*|fd.*)$/),
  ],
  [/^EnableIPv4$/, anything],
  [/^Driver$/, word(/^(local|overlay)$/)],
  // Secrets that abra makes carry the stack's label or none.
  [/^Labels com\.docker\.stack\.namespace$/, ({ actual, stack }) => actual === stack],
];

/** abra notes in the settings which version it deployed, `TYPE=recipe:version`, where the model was made without. */
function saysTheSame(
  { expected, actual }: { expected: string; actual: string },
  { env, type }: DeployFacts,
): boolean {
  const noted = env.TYPE ?? "";
  return noted.startsWith(`${type}:`) && type !== "" && actual.replaceAll(noted, type) === expected;
}

/** Docker writes an image's name out, and with its digest once it has asked the registry. */
function isSameImage(expected: string, actual: string): boolean {
  const [name = "", digest] = expected.split("@");
  const [actualName = "", actualDigest] = actual.split("@");
  if (digest !== undefined && digest !== actualDigest) return false;
  return familiar(name, digest) === familiar(actualName, digest);
}

function familiar(name: string, digest: string | undefined): string {
  const short = name.replace(/^(index\.)?docker\.io\//, "").replace(/^library\/(?=[^/]+$)/, "");
  return digest !== undefined || /:[^/]*$/.test(short) ? short : `${short}:latest`;
}
