/**
 * What a container of a run may speak to, as rules of iptables for its own network namespace. There they see all that
 * it sends, on every network: the host's chains see nothing of an overlay network, and its FORWARD chain nothing of
 * what is meant for the host itself. Only a container with NET_ADMIN could change them. Imports nothing, like
 * `runtime.ts`, which writes the rules for `network.sh` to load.
 */

/** The chain of what a container may send; it holds for new connections, answers always go out. */
const CHAIN = "CC-CI";
/** What is the app's own on networks of its own. `network.sh` fills it once Docker has made the interfaces. */
const OWN = "CC-CI-OWN";
/** The app's other containers on networks that it shares with others. `network.sh` renews it when one comes or goes. */
const PEERS = "CC-CI-PEERS";

/** Ports by which Swarm's nodes speak to each other: none of an app's business on any machine. */
const SWARM = "2377,4789,7946";
const WEB = "80,443";

/** Networks that are nobody's on the internet. */
const CLOSED = [
  ...["0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"],
  ...["192.0.0.0/24", "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/3"],
  "168.63.129.16/32", // is public, and one cloud's metadata service
];
const CLOSED_6 = [
  ...["::/96", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8", "64:ff9b:1::/48"],
  ...["2001::/32", "2002::/16"], // tunnels, to any IPv4 address
  ...CLOSED.map(translated),
];

/** What there is around the container. */
export interface Surroundings {
  /** Addresses that answer for names where Docker does not do so itself. */
  resolvers: readonly string[];
  /** The host's own addresses: what is on its ports for the web is for everybody, the rest for nobody here. */
  host: readonly string[];
}

/** An IPv4 network as a NAT64 gateway translates it. */
function translated(network: string): string {
  const [address = "", bits] = network.split("/");
  const [a = 0, b = 0, c = 0, d = 0] = address.split(".").map(Number);
  const group = (high: number, low: number) => (high * 256 + low).toString(16);
  return `64:ff9b::${group(a, b)}:${group(c, d)}/${96 + Number(bits)}`;
}

/**
 * The rules for `iptables-restore --noflush`, or `ip6tables-restore`, without the last line `COMMIT`: `network.sh` puts
 * what is the app's own before it.
 */
export function filterRules(family: 4 | 6, { resolvers, host }: Surroundings): string {
  const ofFamily = (addresses: readonly string[]) =>
    [...new Set(addresses)].filter((address) =>
      address.includes(":") === (family === 6) && isAddress(address)
    );
  const rules = [
    "-o lo -j ACCEPT",
    "-m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT",
    `-j ${OWN}`,
    `-j ${PEERS}`,
    ...ofFamily(resolvers).flatMap((address) =>
      ["udp", "tcp"].map((protocol) => `-d ${address} -p ${protocol} --dport 53 -j ACCEPT`)
    ),
    ...ofFamily(host).flatMap((address) => [
      `-d ${address} -p tcp -m multiport --dports ${WEB} -j ACCEPT`,
      `-d ${address} -p udp --dport 443 -j ACCEPT`,
      `-d ${address} -j REJECT`,
    ]),
    ...["tcp", "udp"].map((protocol) => `-p ${protocol} -m multiport --dports ${SWARM} -j REJECT`),
    // Neighbours on a link find each other by these.
    ...(family === 6
      ? [
        ...[135, 136].map((type) => `-p ipv6-icmp -m icmp6 --icmpv6-type ${type} -j ACCEPT`),
        "-d ff02::/16 -p ipv6-icmp -j ACCEPT",
      ]
      : []),
    ...(family === 6 ? CLOSED_6 : CLOSED).map((network) => `-d ${network} -j REJECT`),
  ];
  return [
    "*filter",
    ...[CHAIN, OWN, PEERS].map((chain) => `:${chain} - [0:0]`),
    `-A OUTPUT -j ${CHAIN}`,
    ...rules.map((rule) => `-A ${CHAIN} ${rule}`),
    "",
  ].join("\n");
}

/** Reads the addresses of resolvers from a `resolv.conf`. */
export function resolversIn(text: string): string[] {
  return text.split("\n")
    .map((line) => /^\s*nameserver\s+(\S+)/.exec(line)?.[1] ?? "")
    .filter(isAddress);
}

/** Where a container is to be reached. */
export interface Places {
  /** Its addresses on networks of its app alone. */
  own: string[];
  /** Those on networks that others are on as well. */
  shared: string[];
}

/**
 * Reads from Docker's record of a container where it is.
 * @param stack whose the container is
 */
export function placesIn(record: unknown, stack: string): Places {
  const places: Places = { own: [], shared: [] };
  const networks = at(at(record, "NetworkSettings"), "Networks");
  for (const name of Object.keys(isObject(networks) ? networks : {})) {
    const given = at(at(networks, name), "IPAMConfig");
    for (const key of ["IPv4Address", "IPv6Address"]) {
      const address = at(given, key);
      if (typeof address !== "string" || !isAddress(address)) continue;
      (name.startsWith(`${stack}_`) ? places.own : places.shared).push(address);
    }
  }
  return places;
}

/** Reads from what the engine says of a service the addresses that stand for it, whichever of its tasks answers. */
export function virtualAddressesIn(service: unknown): string[] {
  const addresses = at(at(service, "Endpoint"), "VirtualIPs");
  return (Array.isArray(addresses) ? addresses : [])
    .map((one) => String(at(one, "Addr") ?? "").split("/")[0] ?? "")
    .filter(isAddress);
}

/** Only what looks like an address gets into a rule. */
function isAddress(text: string): boolean {
  return /^[0-9]{1,3}(\.[0-9]{1,3}){3}$|^[0-9a-f:]*:[0-9a-f:.]*$/i.test(text);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function at(value: unknown, key: string): unknown {
  return isObject(value) ? value[key] : undefined;
}
