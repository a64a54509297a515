import { relay } from "./relay.ts";

/** `deno run relay_main.ts CERT KEY ADDRESS PORT…`, see {@linkcode relay}. */
const [cert = "", key = "", hostname = "", ...ports] = Deno.args;
const tls = { cert: await Deno.readTextFile(cert), key: await Deno.readTextFile(key) };
for (const port of ports.map(Number)) relay({ hostname, port, ...tls }, { hostname: "127.0.0.1", port });
