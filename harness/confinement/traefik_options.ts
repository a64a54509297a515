import {
  duration,
  flag,
  matching,
  oneOf,
  regularExpression,
  text,
  type ValueCheck,
  whole,
} from "./label_values.ts";

/** Bytes that Traefik may keep of a request in memory, and on its disk. */
const IN_MEMORY = 16 * 1024 * 1024;
const ON_DISK = 1024 ** 3;
const MANY = 1_000_000;

/** Each request would cost Traefik as much work as the hash says: the number in a bcrypt hash is an exponent. */
const users: ValueCheck = (value) => {
  const costs = [...value.matchAll(/\$2[abxy]?\$([0-9]+)\$/g)].map(([, cost]) => Number(cost));
  return Math.max(0, ...costs) > 12 ? "holds a hash that takes long to check" : text(8_000)(value);
};

const headers: [string, ValueCheck][] = [
  ["(customrequestheaders|sslproxyheaders)\\.[\\w-]+", text()],
  ["customresponseheaders\\.(?!set-cookie$)[\\w-]+", text()],
  ["accesscontrol(allowcredentials)", flag],
  ["accesscontrol(allowheaders|allowmethods|alloworiginlist|exposeheaders)", text()],
  ["accesscontrolalloworiginlistregex", regularExpression],
  ["accesscontrolmaxage", whole(0, MANY)],
  [
    "(addvaryheader|sslredirect|ssltemporaryredirect|sslforcehost|stsincludesubdomains|stspreload|forcestsheader)",
    flag,
  ],
  ["(framedeny|contenttypenosniff|browserxssfilter|isdevelopment)", flag],
  ["stsseconds", whole(0, 100_000_000)],
  [
    "(allowedhosts|hostsproxyheaders|sslhost|customframeoptionsvalue|custombrowserxssvalue|publickey)",
    text(),
  ],
  ["(contentsecuritypolicy(reportonly)?|referrerpolicy|featurepolicy|permissionspolicy)", text(8_000)],
];

/**
 * Kinds of middlewares that only look at or change requests to this app, by option, with bounds on what they may cost.
 * Not among them: `forwardauth`, `errors` and `plugin`, which hand requests to somebody else, lists of users in files of
 * Traefik's, and stores elsewhere.
 */
const middlewares: [pattern: RegExp, check: ValueCheck][] = ([
  ["addprefix\\.prefix", text()],
  ["(basicauth|digestauth)\\.users", users],
  ["(basicauth|digestauth)\\.(realm|headerfield)", text()],
  ["(basicauth|digestauth)\\.removeheader", flag],
  ["buffering\\.(mem(request|response)bodybytes)", whole(0, IN_MEMORY)],
  ["buffering\\.(max(request|response)bodybytes)", whole(1, ON_DISK)],
  ["chain\\.middlewares", text()],
  ["circuitbreaker\\.expression", text(200)],
  ["circuitbreaker\\.(checkperiod|fallbackduration|recoveryduration)", duration(3_600, 0.01)],
  ["circuitbreaker\\.responsecode", whole(100, 599)],
  ["compress", flag],
  ["compress\\.(excludedcontenttypes|includedcontenttypes|encodings|defaultencoding)", text()],
  ["compress\\.minresponsebodybytes", whole(0, IN_MEMORY)],
  ["contenttype(\\.autodetect)?", flag],
  ["grpcweb\\.alloworigins", text()],
  ...headers.map(([option, check]): [string, ValueCheck] => [`headers\\.${option}`, check]),
  ["(inflightconn|inflightreq)\\.amount", whole(1, MANY)],
  ["(ipallowlist|ipwhitelist)\\.sourcerange", text(8_000)],
  ["ipallowlist\\.rejectstatuscode", whole(400, 599)],
  ["(ipallowlist|ipwhitelist|(inflightreq|ratelimit)\\.sourcecriterion)\\.ipstrategy\\.depth", whole(0, 10)],
  ["(ipallowlist|ipwhitelist|(inflightreq|ratelimit)\\.sourcecriterion)\\.ipstrategy\\.excludedips", text()],
  ["(inflightreq|ratelimit)\\.sourcecriterion\\.requestheadername", text(200)],
  ["(inflightreq|ratelimit)\\.sourcecriterion\\.requesthost", flag],
  ["ratelimit\\.(average|burst)", whole(0, MANY)],
  ["ratelimit\\.period", duration(86_400)],
  ["(redirectregex|replacepathregex|stripprefixregex)\\.regex", regularExpression],
  ["(redirectregex|replacepathregex)\\.replacement", text()],
  ["redirectscheme\\.scheme", oneOf("http", "https")],
  ["redirectscheme\\.port", whole(1, 65_535)],
  ["(redirectregex|redirectscheme)\\.permanent", flag],
  ["replacepath\\.path", text()],
  ["retry\\.attempts", whole(1, 10)],
  ["retry\\.initialinterval", duration(60)],
  ["stripprefix\\.prefixes", text()],
  ["stripprefix\\.forceslash", flag],
] as [string, ValueCheck][]).map(([option, check]) => [new RegExp(`^${option}$`), check]);

/** How to talk to the app's own containers; certificates would be read from files of Traefik's. */
const transports: [pattern: RegExp, check: ValueCheck][] = [
  [/^(tls\.)?(servername|peercerturi)$/, text(300)],
  [/^((tls\.)?insecureskipverify|disablehttp2)$/, flag],
  [/^maxidleconnsperhost$/, whole(-1, 1_000)],
  [/^forwardingtimeouts\.(dialtimeout|responseheadertimeout|idleconntimeout)$/, duration(86_400)],
  [/^forwardingtimeouts\.(readidletimeout|pingtimeout)$/, duration(86_400, 1)], // how often Traefik asks of its own
  [/^(dialtimeout|dialkeepalive|terminationdelay)$/, duration(3_600)],
];

/** How requests reach the service's own containers. Not among it: `healthcheck`, by which Traefik asks of its own. */
function services(domains: readonly string[]): [pattern: RegExp, check: ValueCheck][] {
  return [
    [/^loadbalancer\.server\.port$/, whole(1, 65_535)],
    [/^loadbalancer\.server\.scheme$/, oneOf("http", "https", "h2c")],
    [/^loadbalancer\.server\.weight$/, whole(0, 1_000)],
    [/^loadbalancer\.(server\.(preservepath|tls)|passhostheader|sticky|sticky\.cookie)$/, flag],
    [/^loadbalancer\.strategy$/, oneOf("wrr", "p2c", "hrw", "leasttime")],
    [/^loadbalancer\.serverstransport$/, text(300)],
    [/^loadbalancer\.terminationdelay$/, whole(-1, 60_000)],
    [/^loadbalancer\.sticky\.cookie\.(secure|httponly)$/, flag],
    [/^loadbalancer\.sticky\.cookie\.samesite$/, oneOf("none", "lax", "strict")],
    [/^loadbalancer\.sticky\.cookie\.name$/, matching(/^[A-Za-z0-9_-]{1,64}$/)],
    [/^loadbalancer\.sticky\.cookie\.path$/, matching(/^\/[\w.\/-]{0,200}$/)],
    [/^loadbalancer\.sticky\.cookie\.maxage$/, whole(-1, 100_000_000)],
    [
      /^loadbalancer\.sticky\.cookie\.domain$/,
      (value) => domains.includes(value.toLowerCase()) ? null : `${value} is no domain of this run`,
    ],
    [/^loadbalancer\.responseforwarding\.flushinterval$/, duration(60, 0.001)],
    [/^loadbalancer\.proxyprotocol$/, flag],
    [/^loadbalancer\.proxyprotocol\.version$/, whole(1, 2)],
  ];
}

/**
 * What is wrong with an option of a service, a middleware or a servers transport, if anything.
 * @param option in lower case
 */
export function optionProblem(
  kind: "services" | "middlewares" | "serverstransports",
  { option, value, domains }: { option: string; value: string; domains: readonly string[] },
): string | undefined {
  const known = { middlewares, serverstransports: transports, services: services(domains) }[kind];
  const check = known.find(([pattern]) => pattern.test(option))?.[1];
  if (check === undefined) return `sets ${option}, which is not known to be safe`;
  const problem = check(value);
  return problem === null ? undefined : `sets ${option} to a value that it must not have: ${problem}`;
}

/** Options whose value names other parts of Traefik's configuration. */
const references: Record<string, RegExp> = {
  routers: /^(service|middlewares|tls\.options)$/,
  services: /^loadbalancer\.serverstransport$/,
  middlewares: /^chain\.middlewares$/,
};

/** Defined by whoever runs Traefik, for all apps to use. */
const shared: Record<string, readonly string[]> = {
  "middlewares": ["security@file"],
  "chain.middlewares": ["security@file"],
  "tls.options": ["default"],
};

/** The first name in the option's value that is not this stack's own, if the option holds names at all. */
export function foreignReference(
  kind: string,
  { option, value, stack }: { option: string; value: string; stack: string },
): string | undefined {
  if (!Object.hasOwn(references, kind) || !references[kind]?.test(option)) return undefined;
  return value.split(",").map((name) => name.trim()).find((name) => {
    if (name === "" || shared[option]?.includes(name)) return false;
    const [own = "", provider] = name.split("@");
    const ours = provider === undefined || /^(swarm|docker)$/i.test(provider);
    return !ours || name.split("@").length > 2 || !own.toLowerCase().includes(stack.toLowerCase());
  });
}
