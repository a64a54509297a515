/**
 * Kinds of middlewares that only look at or change requests to this app, by option. Not among them: `forwardauth` and
 * `plugin`, which hand requests to somebody else, lists of users in files of Traefik's, and stores elsewhere.
 */
const harmless = new RegExp(
  `^(${
    [
      "addprefix\\..+",
      "basicauth\\.(users|realm|headerfield|removeheader)",
      "buffering\\..+",
      "chain\\.middlewares",
      "circuitbreaker\\..+",
      "compress(\\..+)?",
      "contenttype(\\..+)?",
      "digestauth\\.(users|realm|headerfield|removeheader)",
      "errors\\.(status|service|query)",
      "grpcweb\\..+",
      "headers\\..+",
      "inflightconn\\..+",
      "inflightreq\\..+",
      "ipallowlist\\..+",
      "ipwhitelist\\..+",
      "ratelimit\\.(average|period|burst|sourcecriterion\\..+)",
      "redirectregex\\..+",
      "redirectscheme\\..+",
      "replacepath\\..+",
      "replacepathregex\\..+",
      "retry\\..+",
      "stripprefix\\..+",
      "stripprefixregex\\..+",
    ].join("|")
  })$`,
);

/** How to talk to the app's own containers; certificates would be read from files of Traefik's. */
const transportOptions =
  /^(servername|insecureskipverify|disablehttp2|maxidleconnsperhost|peercerturi|forwardingtimeouts\.[a-z]+|dialtimeout|dialkeepalive|terminationdelay|tls\.(servername|insecureskipverify|peercerturi))$/;

/** What is wrong with a middleware's option, if anything. Both in lower case. */
export function middlewareProblem(option: string): string | undefined {
  return harmless.test(option) ? undefined : `sets ${option}, which is not known to be safe`;
}

/** What is wrong with an option of a servers transport, if anything. */
export function transportProblem(option: string): string | undefined {
  return transportOptions.test(option) ? undefined : `sets ${option}, which is not known to be safe`;
}

/** Options whose value names other parts of Traefik's configuration. */
const references: Record<string, RegExp> = {
  routers: /^(service|middlewares|tls\.options)$/,
  services: /^loadbalancer\.serverstransport$/,
  middlewares: /^(chain\.middlewares|errors\.service)$/,
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
