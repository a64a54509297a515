import type { Context } from "hono";
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { pagePolicy, safe, safeOfData } from "./headers.ts";
import type { Clock } from "../common/time.ts";

/** How long a page may be served as it is while nothing was written: its "3 min ago" must stay true. */
const FRESH_MS = 10_000;
/** Below this many bytes packing saves less than its header costs. */
const WORTH_PACKING = 1_000;
/** Addresses remembered besides: more than there are pages worth keeping. */
const MOST_ADDRESSES = 4_000;
/** Bytes of all pages kept. */
const ROOM = 24 * 1024 * 1024;

const asPage: Record<string, string> = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": pagePolicy,
};

interface Kept {
  revision: number;
  madeAt: number;
  plain: Uint8Array<ArrayBuffer>;
  packed: Uint8Array<ArrayBuffer>;
  tag: string;
}

/** An address whose answer is a kept page. */
interface Address {
  key: string;
  tag: string;
  route: string;
  plain: Headers;
  packed: Headers;
}

/**
 * Pages as they were last rendered, plain and packed. One is served again only while nothing at all was written since
 * it was made, so that nobody ever sees less than was there when they asked.
 */
export class PageCache {
  readonly #pages = new Map<string, Kept>();
  readonly #revision: () => number;
  readonly #clock: Clock;
  readonly #addresses = new Map<string, Address>();
  #size = 0;

  constructor(options: { revision: () => number; clock: Clock }) {
    this.#revision = options.revision;
    this.#clock = options.clock;
  }

  /** Answers with the page of that key, rendering it only if need be. What `render` throws is not kept. */
  async answer(
    c: Context,
    options: { key: string; render: () => unknown; headers?: Record<string, string> },
  ): Promise<Response> {
    const page = await this.#page(options.key, options.render);
    const { plain, packed } = this.#remember(c, { page, ...options });
    if (c.req.header("if-none-match")?.includes(page.tag)) {
      return new Response(null, { status: 304, headers: plain });
    }
    return wantsPacked(c.req.raw)
      ? new Response(page.packed, { headers: packed })
      : new Response(page.plain, { headers: plain });
  }

  /**
   * The answer to a request that was answered before and would be answered the same, without asking any route again:
   * a page in the cache costs little more than the least a server can do.
   */
  recall(request: Request): { response: Response; route: string } | undefined {
    if (request.method !== "GET") return undefined;
    const address = this.#addresses.get(pathOf(request.url));
    if (address === undefined || !this.holds(address.key) || request.headers.has("if-none-match")) {
      return undefined;
    }
    const page = this.#pages.get(address.key);
    if (page?.tag !== address.tag) return undefined;
    const response = wantsPacked(request)
      ? new Response(page.packed, { headers: address.packed })
      : new Response(page.plain, { headers: address.plain });
    return { response, route: address.route };
  }

  #remember(
    c: Context,
    { page, key, headers = asPage }: { page: Kept; key: string; headers?: Record<string, string> },
  ): Address {
    const packed = page.packed !== page.plain;
    const all = {
      ...headers === asPage ? safe : safeOfData,
      ...headers,
      etag: page.tag,
      ...packed ? { vary: "accept-encoding" } : {},
    };
    const address: Address = {
      key,
      tag: page.tag,
      route: c.req.routePath,
      plain: new Headers(all),
      packed: new Headers(packed ? { ...all, "content-encoding": "gzip" } : all),
    };
    const path = pathOf(c.req.url);
    this.#addresses.delete(path);
    this.#addresses.set(path, address);
    for (const oldest of this.#addresses.keys()) {
      if (this.#addresses.size <= MOST_ADDRESSES) break;
      this.#addresses.delete(oldest);
    }
    return address;
  }

  /** Whether the page of that key can be served without rendering it. */
  holds(key: string): boolean {
    const known = this.#pages.get(key);
    return known !== undefined && known.revision === this.#revision() &&
      this.#clock.now() - known.madeAt < FRESH_MS;
  }

  async #page(key: string, render: () => unknown): Promise<Kept> {
    const known = this.#pages.get(key);
    if (known !== undefined && this.holds(key)) return known;
    const revision = this.#revision();
    const now = this.#clock.now();
    const plain = new TextEncoder().encode(String(await render()));
    const packed = plain.length < WORTH_PACKING ? plain : new Uint8Array(gzipSync(plain, { level: 3 }));
    const tag = `W/"${createHash("sha256").update(plain).digest("base64url").slice(0, 20)}"`;
    const page = { revision, madeAt: now, plain, packed, tag };
    this.#forget(key);
    this.#pages.set(key, page);
    this.#size += plain.length + packed.length;
    for (const oldest of this.#pages.keys()) {
      if (this.#size <= ROOM) break;
      this.#forget(oldest);
    }
    return page;
  }

  #forget(key: string): void {
    const page = this.#pages.get(key);
    if (page === undefined) return;
    this.#size -= page.plain.length + page.packed.length;
    this.#pages.delete(key);
  }
}

function wantsPacked(request: Request): boolean {
  return /\bgzip\b/.test(request.headers.get("accept-encoding") ?? "");
}

/** Path and query of an address, as they were asked for. */
function pathOf(url: string): string {
  return url.slice(url.indexOf("/", "https://".length));
}
