import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { Buffer } from "node:buffer";
import { UsageError } from "./errors.ts";

/** Where HTTPS connections go, whatever the name in the URL says. */
export interface Ingress {
  /** `host:port` of the reverse proxy, e.g. `127.0.0.1:443`. */
  address: string;
  /** PEM text of the CA that signed its certificate; without it the system's. */
  ca?: string;
}

export interface IngressFetchOptions {
  /** Milliseconds until the whole answer must have arrived. @default 30000 */
  timeoutMs?: number;
  /** Bytes of body accepted; a longer one is an error. @default 64 MiB */
  maxBytes?: number;
}

/**
 * A `fetch` that connects to the ingress with SNI and Host set to the URL's own name: neither Deno's `fetch` nor
 * glibc resolves `*.localhost`, and a test domain must never be looked up in the DNS. Certificates are verified.
 * Redirects are answered as they are, never followed; the port of an `https:` URL is ignored.
 */
export function ingressFetch(ingress: Ingress, defaults: IngressFetchOptions = {}): typeof fetch {
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
    const secure = url.protocol === "https:";
    const common = {
      method: request.method,
      path: url.pathname + url.search,
      headers,
      agent: false as const,
    };
    return await new Promise<Response>((resolve, reject) => {
      const limit = defaults.maxBytes ?? 64 * 1024 * 1024;
      const outgoing = secure
        ? httpsRequest({
          ...common,
          host,
          port,
          servername: url.hostname,
          ...(ingress.ca === undefined ? {} : { ca: ingress.ca }),
        })
        : httpRequest({ ...common, host: url.hostname, port: url.port || 80 });
      const timer = setTimeout(
        () => outgoing.destroy(new Error(`No complete answer from ${url.host} within the time limit`)),
        defaults.timeoutMs ?? 30_000,
      );
      const abort = () => outgoing.destroy(new DOMException("The request was aborted", "AbortError"));
      const finish = () => {
        clearTimeout(timer);
        request.signal.removeEventListener("abort", abort);
      };
      if (request.signal.aborted) abort();
      request.signal.addEventListener("abort", abort, { once: true });
      outgoing.on("error", (cause) => {
        finish();
        reject(cause);
      });
      outgoing.on("response", (incoming) => {
        const chunks: Buffer[] = [];
        let size = 0;
        incoming.on("data", (chunk: Buffer) => {
          size += chunk.length;
          if (size > limit) {
            outgoing.destroy(new Error(`Answer of ${url.host} is larger than ${limit} bytes`));
          } else chunks.push(chunk);
        });
        incoming.on("error", (cause) => {
          finish();
          reject(cause);
        });
        incoming.on("end", () => {
          finish();
          const answered = new Headers();
          for (const [name, value] of Object.entries(incoming.headers)) {
            for (const one of Array.isArray(value) ? value : [value ?? ""]) answered.append(name, one);
          }
          const status = incoming.statusCode ?? 0;
          const empty = status === 204 || status === 304 || status < 200;
          const response = new Response(empty ? null : Buffer.concat(chunks), { status, headers: answered });
          Object.defineProperty(response, "url", { value: request.url });
          resolve(response);
        });
      });
      outgoing.end(body);
    });
  };
}

/** Which hosts are ours: those of this name and below it. */
export interface OwnHosts {
  /** `null`: none. */
  base: string | null;
  ingress: Ingress;
}

/**
 * A `fetch` for services that may be ours or somebody else's. Our own hosts are reached through the ingress; others as
 * everybody reaches them, with the port of the URL and the system's CAs. Redirects are not followed either way.
 */
export function serviceFetch({ base, ingress }: OwnHosts, options: IngressFetchOptions = {}): typeof fetch {
  const own = ingressFetch(ingress, options);
  const plain = plainFetch(options);
  return async (input, init) => {
    const request = new Request(input, init);
    const { hostname } = new URL(request.url);
    const isOwn = base !== null && (hostname === base || hostname.endsWith(`.${base}`));
    return await (isOwn ? own : plain)(request);
  };
}

/** `fetch` within the same limits, for hosts that are not ours. */
function plainFetch({ timeoutMs = 30_000, maxBytes = 64 * 1024 * 1024 }: IngressFetchOptions): typeof fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    const { host } = new URL(request.url);
    const limit = new AbortController();
    const signal = AbortSignal.any([request.signal, limit.signal]);
    const timer = setTimeout(
      () => limit.abort(new Error(`No complete answer from ${host} within the time limit`)),
      timeoutMs,
    );
    try {
      const response = await fetch(request, { redirect: "manual", signal });
      const chunks: Uint8Array<ArrayBuffer>[] = [];
      let size = 0;
      for await (const chunk of response.body ?? []) {
        size += chunk.length;
        if (size > maxBytes) throw new Error(`Answer of ${host} is larger than ${maxBytes} bytes`);
        chunks.push(chunk);
      }
      const { status, headers } = response;
      const whole = new Response(response.body === null ? null : new Blob(chunks), { status, headers });
      Object.defineProperty(whole, "url", { value: request.url });
      return whole;
    } finally {
      clearTimeout(timer);
    }
  };
}

/** The text of a CA file. @throws {UsageError} naming the file, since only its owner can put it there */
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
