import { type ClientRequest, type IncomingMessage, request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { Buffer } from "node:buffer";
import { UsageError } from "./errors.ts";
import { type FetchLimits, type HalfAnswer, withinLimits } from "./fetch_limits.ts";

/** Bytes of an answer's headers that are taken, which are as many as Chromium takes. */
const MAX_HEADERS = 256 * 1024;

/** Where connections go, whatever the name in the URL says. */
export interface Ingress {
  /** `host:port` of the reverse proxy, e.g. `127.0.0.1:443`. */
  address: string;
  /**
   * `host:port` where the proxy answers `http:`, e.g. `127.0.0.1:80`; without it `http:` goes where the URL says.
   */
  http?: string;
  /** PEM text of the CA that signed its certificate; without it the system's CAs are trusted. */
  ca?: string;
}

/**
 * Makes a `fetch` that connects to the ingress with SNI and Host set to the URL's own name. Deno's `fetch` cannot be
 * used, because neither Deno nor glibc resolves `*.localhost`, and a test domain must never be looked up in the DNS.
 * Certificates are verified. A redirect is returned to the caller and not followed; the port of a URL that goes to the
 * ingress is ignored.
 */
export function ingressFetch(ingress: Ingress, limits: FetchLimits = {}): typeof fetch {
  const [host, port] = splitAddress(ingress.address);
  return async (input, init) => {
    const request = new Request(input, init);
    const url = new URL(request.url);
    const body = request.body === null ? undefined : Buffer.from(await request.arrayBuffer());
    const headers: Record<string, string> = {};
    request.headers.forEach((value, name) => headers[name] = value);
    headers.host ??= url.host;
    headers["accept-encoding"] ??= "identity";
    if (body !== undefined) headers["content-length"] = String(body.length);
    const common = {
      method: request.method,
      path: url.pathname + url.search,
      headers,
      agent: false as const,
      maxHeaderSize: MAX_HEADERS,
    };
    const outgoing = () =>
      url.protocol === "https:"
        ? httpsRequest({
          ...common,
          host,
          port,
          servername: url.hostname,
          ...(ingress.ca === undefined ? {} : { ca: ingress.ca }),
        })
        : httpRequest({ ...common, ...plainTarget(url, ingress) });
    return await withinLimits(request, { limits, call: (signal) => send(outgoing(), { body, signal }) });
  };
}

/** Where a connection for an `http:` URL goes. */
function plainTarget({ hostname, port }: URL, { http }: Ingress): { host: string; port: number } {
  if (http === undefined) return { host: hostname, port: Number(port || 80) };
  const [host, webPort] = splitAddress(http);
  return { host, port: webPort };
}

/**
 * Sends a request made with Node's client.
 * @returns the answer as soon as its head has arrived
 */
function send(
  outgoing: ClientRequest,
  { body, signal }: { body: Buffer | undefined; signal: AbortSignal },
): Promise<HalfAnswer> {
  return new Promise((resolve, reject) => {
    let answer: IncomingMessage | undefined;
    const abort = () => {
      outgoing.destroy(signal.reason);
      answer?.destroy(signal.reason); // otherwise a reader of the body would wait for ever
      reject(signal.reason); // a connection that was upgraded says nothing any more
    };
    signal.addEventListener("abort", abort, { once: true });
    outgoing.on("close", () => signal.removeEventListener("abort", abort));
    outgoing.on("error", reject);
    outgoing.on("response", (incoming) => {
      answer = incoming;
      // An error that leaves this function would end the process, so whatever the other side sent has to be caught.
      try {
        resolve({ status: incoming.statusCode ?? 0, headers: headersOf(incoming), body: incoming });
      } catch (error) {
        incoming.destroy();
        reject(error);
      }
    });
    outgoing.on("upgrade", (incoming, socket) => {
      socket.destroy();
      reject(
        new Error(`The answer has status ${incoming.statusCode}, though nobody asked for another protocol`),
      );
    });
    if (signal.aborted) abort();
    else outgoing.end(body);
  });
}

function headersOf(incoming: IncomingMessage): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers)) {
    for (const one of Array.isArray(value) ? value : [value ?? ""]) headers.append(name, one);
  }
  return headers;
}

/** Says which hosts are ours: the one called `base` and all below it. */
export interface OwnHosts {
  /** `null`: no host is ours. */
  base: string | null;
  ingress: Ingress;
}

/**
 * Makes a `fetch` for services that may be ours or somebody else's. It reaches our own hosts through the ingress, and
 * others in the usual way, with the port of the URL and the system's CAs. It follows no redirects in either case.
 */
export function serviceFetch({ base, ingress }: OwnHosts, limits: FetchLimits = {}): typeof fetch {
  const own = ingressFetch(ingress, limits);
  const plain = plainFetch(limits);
  return async (input, init) => {
    const request = new Request(input, init);
    return await (isOwn(new URL(request.url), base) ? own : plain)(request);
  };
}

function isOwn({ hostname }: URL, base: string | null): boolean {
  return base !== null && (hostname === base || hostname.endsWith(`.${base}`));
}

/** `host:port` to which {@linkcode serviceFetch} connects for a URL. */
export function reachedAt(url: URL, { base, ingress }: OwnHosts): string {
  if (url.protocol === "https:" && isOwn(url, base)) return ingress.address;
  return `${url.hostname}:${url.port || (url.protocol === "https:" ? 443 : 80)}`;
}

/** Makes a `fetch` with the same limits for hosts that are not ours. */
function plainFetch(limits: FetchLimits): typeof fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    const call = async (signal: AbortSignal): Promise<HalfAnswer> => {
      const { status, headers, body } = await fetch(request, { redirect: "manual", signal });
      return { status, headers, body: body ?? [] };
    };
    return await withinLimits(request, { limits, call });
  };
}

/** Reads from a program's settings how it reaches the proxy in front of the apps. */
export async function ingressOf(
  settings: { INGRESS: string; CA_FILE?: string | undefined },
): Promise<Ingress> {
  return {
    address: settings.INGRESS,
    ...(settings.CA_FILE === undefined ? {} : { ca: await readCa(settings.CA_FILE) }),
  };
}

/** Reads from the harness's settings how the apps under test are reached, as visitors reach them: by https and http. */
export async function appIngressOf(
  settings: { INGRESS: string; INGRESS_HTTP?: string | undefined; CA_FILE?: string | undefined },
): Promise<Ingress> {
  return { ...await ingressOf(settings), http: httpAddress(settings) };
}

/** `host:port` where the proxy in front of the apps answers `http:`. */
export function httpAddress(settings: { INGRESS: string; INGRESS_HTTP?: string | undefined }): string {
  return settings.INGRESS_HTTP ?? settings.INGRESS.replace(/:[0-9]+$/, ":80");
}

/**
 * Reads the text of a CA file.
 * @throws {UsageError} naming the file, because only the operator can put it there
 */
export async function readCa(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (cause) {
    throw new UsageError(`Could not read the CA file "${path}"`, {
      cause,
      hint: "CCCI_CA_FILE names it; without it the system's CAs are trusted",
    });
  }
}

/** Splits `host:port`, with `[v6]:port` allowed. */
export function splitAddress(address: string): [host: string, port: number] {
  const at = address.lastIndexOf(":");
  return [address.slice(0, at).replace(/^\[|\]$/g, ""), Number(address.slice(at + 1))];
}
