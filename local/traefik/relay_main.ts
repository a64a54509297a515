import { handOn, passOn, relay } from "./relay.ts";

/**
 * `deno run relay_main.ts CERT KEY ADDRESS PROXY PORT…`. PROXY says where the proxy listens: on "loopback", where apps
 * find it by {@linkcode passOn}, or on the "gateway" like that of a host, where people of this machine find it by
 * {@linkcode handOn}. For the ports see {@linkcode relay}.
 */
const [cert = "", key = "", hostname = "", proxy = "", ...ports] = Deno.args;
const [LOOPBACK, HTTP, HTTPS] = ["127.0.0.1", 80, 443];
const tls = { cert: await Deno.readTextFile(cert), key: await Deno.readTextFile(key) };
for (const port of ports.map(Number)) relay({ hostname, port, ...tls }, { hostname: LOOPBACK, port });
if (proxy === "gateway") {
  for (const port of [HTTP, HTTPS]) handOn({ hostname: LOOPBACK, port }, { hostname, port });
} else {
  try {
    passOn({ hostname, port: HTTPS }, { hostname: LOOPBACK, port: HTTPS });
  } catch (error) {
    // Not everybody may listen there. Only apps that need others, or themselves by their own domain, miss it.
    const text = `Apps cannot find the proxy at ${hostname}:${HTTPS}: ${error}\n`;
    await Deno.stderr.write(new TextEncoder().encode(text));
  }
}
