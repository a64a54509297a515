import { passOn, relay } from "./relay.ts";

/** `deno run relay_main.ts CERT KEY ADDRESS VISITORS PORT…`, see {@linkcode relay} and {@linkcode passOn}. */
const [cert = "", key = "", hostname = "", visitors = "", ...ports] = Deno.args;
const tls = { cert: await Deno.readTextFile(cert), key: await Deno.readTextFile(key) };
for (const port of ports.map(Number)) relay({ hostname, port, ...tls }, { hostname: "127.0.0.1", port });
try {
  passOn({ hostname, port: Number(visitors) }, { hostname: "127.0.0.1", port: Number(visitors) });
} catch (error) {
  // Not everybody may listen there. Only apps that need others, or themselves by their own domain, miss it.
  const text = `Apps cannot find the proxy at ${hostname}:${visitors}: ${error}\n`;
  await Deno.stderr.write(new TextEncoder().encode(text));
}
