import { longestWaitMs } from "../../common/answer.ts";
import { formatSeconds } from "../../common/time.ts";
import type { Reference } from "./reference.ts";

/** Why an image could not be had, and what follows from it. */
export interface Trouble {
  kind: TroubleKind;
  /** Who has to do something: whoever named the image, or whoever looks after this host and its ways to registries. */
  whose: "recipe" | "host";
  /** One sentence without a final period. */
  sentence: string;
  /** What the engine said. */
  said: string;
  /** How often it is worth to ask again within the run. */
  tries: number;
  /** Milliseconds after which the registry wants to be asked again, where it says so. */
  retryAfterMs: number | null;
}

/** What the engine said, and what was asked of it. */
export interface Refusal {
  reference: Reference;
  said: string;
  /** Whether the pull used a log-in of this host. */
  loggedIn: boolean;
}

interface Row {
  whose: Trouble["whose"];
  says: RegExp;
  /** The rest of the sentence, given the image in quotes and its registry. */
  words: (image: string, registry: string) => string;
  tries?: number;
  /** Further condition. */
  when?: (refusal: Refusal) => boolean;
}

/** Often enough to get over a restart; how long that takes is bounded by the time that pulling may take. */
const OFTEN = 4;

/**
 * What engines hand on of registries' answers, the first row that fits. A limit may come under any status and within
 * any other error, so it stands first. What this host's own proxy, its disk and whoever keeps the layers say stands
 * before what registries say of images, since it is worded alike; so do denials before absences.
 */
const table = {
  limit: {
    whose: "host",
    says: /toomanyrequests|too many requests|\bHTTP 429\b|status(?: code)?:? 429|rate limit|rate exceeded/i,
    words: (image, registry) =>
      `${registry} limits how much this host may pull, so ${image} could not be had`,
    tries: 1,
  },
  space: {
    whose: "host",
    says: /no space left on device|disk quota exceeded|ENOSPC/i,
    words: (image) => `There is no room on this host's disk for the image ${image}`,
  },
  proxy: {
    whose: "host",
    // Go gives the words of a proxy's status line alone, where it hands on a registry's own after a code in small letters.
    says: /proxyconnect|"…": (?!EOF|Bad Gateway|Service|Gateway|Internal)[A-Z][A-Za-z -]*\s*$/,
    words: (image, registry) =>
      `The proxy of this host does not lead to ${registry}, so ${image} could not be pulled`,
    tries: 1,
  },
  engine: {
    whose: "host",
    says:
      /[ :]\/\S+: (?:permission denied|operation not permitted|no such file)|read-only file system|input\/output error|executable file not found|\b(?:snapshot|lease)\b.* not found/i,
    words: (image) => `Docker on this host cannot store the image ${image}`,
    tries: 1,
  },
  layer: {
    whose: "host",
    says:
      /(?:blobs?…|httpReadSeeker|content (?:at|digest)|download failed).*(?:not found|\b4(?:0[1-9]|10)\b|(?<!permission )denied|forbidden|unauthorized)/i,
    words: (image, registry) => `${registry} names a part of ${image} that cannot be had`,
    tries: 1,
  },
  certificate: {
    whose: "host",
    says: /x509:|certificate|server gave HTTP response to HTTPS client|tls: (?!handshake timeout)/i,
    words: (image, registry) =>
      `This host does not trust the certificate of ${registry}, so ${image} could not be pulled`,
  },
  unnamed: {
    whose: "recipe",
    says:
      /invalid reference format|invalid (?:repository name|tag format|checksum digest)|must be lowercase/i,
    words: (image) => `${image} is not the name of an image`,
  },
  stranger: {
    whose: "host",
    says: /no basic auth credentials/i,
    when: ({ loggedIn }) => !loggedIn,
    words: (image, registry) => `${registry} gives ${image} only after a log-in, and this host has none`,
  },
  absent: {
    whose: "recipe",
    says: /repository does not exist or may require/i,
    words: (image, registry) => `There is no image ${image} at ${registry}, or not for everybody`,
  },
  login: {
    whose: "host",
    says:
      /no basic auth credentials|unauthorized|authentication required|incorrect username|denied|forbidden/i,
    when: ({ loggedIn }) => loggedIn,
    words: (image, registry) => `${registry} does not give ${image} to the log-in of this host`,
  },
  closed: {
    whose: "recipe",
    // A page in HTML is what something between this host and the registry answers.
    says:
      /^(?!.*error parsing HTTP).*(?:unauthorized|authentication required|(?<!permission )denied|forbidden)/is,
    words: (image, registry) => `There is no image ${image} at ${registry}, or not for everybody`,
  },
  machine: {
    whose: "recipe",
    says:
      /no matching manifest for|no match for platform|cannot be used on this platform|specified platform/i,
    words: (image) => `The image ${image} is not there for machines like this one`,
  },
  outdated: {
    whose: "recipe",
    says: /schema ?(?:version )?1\b|Image Format v1|unsupported manifest media type/i,
    words: (image) => `The image ${image} is stored in a form that Docker no longer takes`,
  },
  nowhere: {
    whose: "recipe",
    says: /no such host|server misbehaving/i,
    when: ({ reference }) => /\.invalid(?::\d+)?$/.test(reference.registry),
    words: (image, registry) => `There is no image ${image}, because nothing can be at ${registry}`,
  },
  broken: {
    whose: "host",
    says:
      /verification failed|unknown blob|blob unknown|unexpected EOF|error unmarshalling|failed to register layer|unsupported media type|invalid character|unexpected commit|failed size validation/i,
    words: (image, registry) => `What ${registry} sends of ${image} is damaged`,
    tries: 1,
  },
  missing: {
    whose: "recipe",
    says: /manifest unknown|name unknown|not found|does not exist/i,
    words: (image, registry) => `There is no image ${image} at ${registry}`,
  },
  failing: {
    whose: "host",
    says: /HTTP(?: status:?)? 5\d\d|status(?: code)?:? 5\d\d|internal server error|bad gateway|unavailable/i,
    words: (image, registry) => `${registry} has trouble of its own, so ${image} could not be pulled`,
    tries: OFTEN,
  },
  slow: {
    whose: "host",
    says: /timeout|timed out|deadline exceeded|context canceled/i,
    words: (image, registry) => `${registry} did not give ${image} in time`,
    tries: OFTEN,
  },
  away: {
    whose: "host",
    says:
      /no such host|connect: (?:permission denied|operation not permitted)|connection (?:refused|reset)|unreachable|no route to host|server misbehaving|EOF|broken pipe/i,
    words: (image, registry) =>
      `${registry} cannot be reached from this host, so ${image} could not be pulled`,
    tries: OFTEN,
  },
  unknown: {
    whose: "host",
    says: /(?:)/,
    words: (image, registry) => `${image} could not be pulled from ${registry}`,
    tries: 1,
  },
} satisfies Record<string, Row>;

export type TroubleKind = keyof typeof table;
export const troubleKinds = Object.keys(table) as TroubleKind[];

/** What the engine's words mean. Names of images and addresses among them mean nothing: they may hold any word. */
export function troubleOf(refusal: Refusal): Trouble {
  const { reference, said } = refusal;
  const words = withoutNames(said, reference);
  const seen = { ...refusal, said: words };
  const rows: [string, Row][] = Object.entries(table);
  const [kind, row] = rows.find(([, { says, when }]) => says.test(words) && (when?.(seen) ?? true)) ??
    ["unknown", table.unknown];
  return {
    kind: kind as TroubleKind,
    whose: row.whose,
    sentence: row.words(`"${reference.image}"`, reference.registry),
    said,
    tries: row.tries ?? 0,
    retryAfterMs: retryAfterOf(said),
  };
}

/** The words alone, with a mark in place of each name and address; those of layers stay known as such. */
function withoutNames(said: string, { registry, repository, version }: Reference): string {
  const path = repository.startsWith(`${registry}/`) ? repository.slice(registry.length + 1) : repository;
  const before = "(?<![\\w./-])(?:[\\w.-]+(?::\\d+)?/)";
  const after = "(?:[:@]\\w[\\w.:-]*)";
  const name = RegExp.escape(path);
  // One word alone could as well be the engine's own, unless something of a name stands before or behind it.
  const names = path.includes("/")
    ? `${before}*${name}${after}?`
    : `${before}+${name}${after}?|(?<![\\w./-])${name}${after}`;
  return said
    .replace(
      /https?:\/\/[^\s"]+/g,
      (url) => /\/manifests\//.test(url) || !/blobs|sha256/.test(url) ? "…" : "blob…",
    )
    .replace(/\bfor \S+/g, "for …")
    .replace(new RegExp(names, "g"), "…")
    .replaceAll(`"${version}"`, '"…"')
    .replaceAll(registry.replace(/:\d+$/, ""), "…");
}

/** The trouble of a pull for which there was no time left. */
export function outOfTime(reference: Reference, ms: number): Trouble {
  const said = `Pulling took longer than ${formatSeconds(ms)}`;
  const sentence = `${reference.registry} did not give "${reference.image}" within ${formatSeconds(ms)}`;
  return { kind: "slow", whose: "host", sentence, said, tries: 0, retryAfterMs: null };
}

/** The trouble of an image whose only variant is for another kind of machine; Docker pulls it all the same. */
export function otherMachine(reference: Reference, is: { image: string; host: string }): Trouble {
  const said = `The image is for ${is.image}, and this host is ${is.host}`;
  const sentence = table.machine.words(`"${reference.image}"`);
  return { kind: "machine", whose: "recipe", sentence, said, tries: 0, retryAfterMs: null };
}

const units: Record<string, number> = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1, "µs": 0.001, "us": 0.001 };

/** Some registries say in their words how long to wait: `retry-after: 1m30.5s`, as Go writes durations. */
function retryAfterOf(said: string): number | null {
  const duration = /retry[- ]after:?\s*((?:\d+(?:\.\d+)?(?:h|ms|µs|us|m|s)?)+)/i.exec(said)?.[1];
  if (duration === undefined) return null;
  if (/^\d+$/.test(duration)) return Math.min(1000 * Number(duration), longestWaitMs);
  const parts = [...duration.matchAll(/(\d+(?:\.\d+)?)(h|ms|µs|us|m|s)/g)];
  const ms = parts.reduce((sum, [, count, unit]) => sum + Number(count) * (units[unit ?? ""] ?? 0), 0);
  return Math.min(Math.ceil(ms), longestWaitMs);
}
