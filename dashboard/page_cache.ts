import type { Context } from "hono";
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { pagePolicy } from "./headers.ts";
import type { Clock } from "../common/time.ts";

/** How long a page may be served as it is while nothing was written: its "3 min ago" must stay true. */
const FRESH_MS = 10_000;
/** Bytes of all pages kept. */
const ROOM = 24 * 1024 * 1024;

const asPage = { "content-type": "text/html; charset=utf-8", "content-security-policy": pagePolicy };

interface Kept {
  revision: number;
  madeAt: number;
  plain: Uint8Array<ArrayBuffer>;
  packed: Uint8Array<ArrayBuffer>;
  tag: string;
}

/**
 * Pages as they were last rendered, plain and packed. One is served again only while nothing at all was written since
 * it was made, so that nobody ever sees less than was there when they asked.
 */
export class PageCache {
  readonly #pages = new Map<string, Kept>();
  readonly #revision: () => number;
  readonly #clock: Clock;
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
    const headers: Record<string, string> = {
      ...options.headers ?? asPage,
      "etag": page.tag,
      "vary": "accept-encoding",
    };
    if (c.req.header("if-none-match")?.includes(page.tag)) return c.body(null, 304, headers);
    if (!/\bgzip\b/.test(c.req.header("accept-encoding") ?? "")) return c.body(page.plain, 200, headers);
    return c.body(page.packed, 200, { ...headers, "content-encoding": "gzip" });
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
    const packed = new Uint8Array(gzipSync(plain, { level: 3 }));
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
