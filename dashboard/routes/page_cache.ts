import type { Context } from "hono";
import { createHash } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
import { pagePolicy, safe, safeOfData } from "./headers.ts";
import type { Clock } from "../../common/time.ts";
import { trueUntil } from "../views/words.ts";

/** Below this many bytes packing saves half a packet, and costs two headers more. Badges are that small. */
const WORTH_PACKING = 1_500;
/** The cache remembers so many addresses: more than there are pages worth keeping. */
const MOST_ADDRESSES = 4_000;
/** Bytes of all pages kept: packed, the pages of some thousand recipes. */
const ROOM = 12 * 1024 * 1024;

const asPage: Record<string, string> = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": pagePolicy,
};

/** A page as its route makes it. */
export interface Rendered {
  /** Anything that becomes text. */
  page: unknown;
  /** The newest moment of those whose age the page tells, milliseconds since the epoch; `null`: it tells none. */
  newest: number | null;
}

/** What an answer is made of. */
interface Asked {
  key: string;
  /** The recipe that the page is about; `null` when it is about all of them. */
  recipe: string | null;
  /** What it throws is not kept. */
  render: () => Rendered;
  headers?: Record<string, string>;
}

interface Kept {
  /** As it was asked for. */
  recipe: string | null;
  revision: number;
  /** Until when its ages are true enough. */
  until: number;
  /** Packed when it is bytes. Hardly anybody cannot unpack it, so that it is not kept plain as well. */
  body: Uint8Array<ArrayBuffer> | string;
  tag: string;
}

/** An address whose answer is a kept page. */
interface Address {
  key: string;
  page: Kept;
  route: string;
  /** The answer with the page as it is kept. A copy of it costs a tenth of an answer whose headers are checked anew. */
  answer: Response;
}

/**
 * Pages as they were last rendered. One is served again only while nothing was written since it was made about the
 * recipe that it shows, or about any where it shows all, so that nobody ever sees less than was there when they asked;
 * and while its "3 h ago" stays true.
 */
export class PageCache {
  readonly #pages = new Map<string, Kept>();
  readonly #revision: (recipe: string | null) => number;
  readonly #clock: Clock;
  readonly #addresses = new Map<string, Address>();
  #size = 0;

  /** @param options `revision`: changes with whatever pages about a recipe show, or about all of them (`null`) */
  constructor(options: { revision: (recipe: string | null) => number; clock: Clock }) {
    this.#revision = options.revision;
    this.#clock = options.clock;
  }

  /** Answers with the page of that key, rendering it only if need be. */
  async answer(c: Context, asked: Asked): Promise<Response> {
    const page = await this.#page(asked);
    const address = this.#remember(c, page, asked);
    if (c.req.header("if-none-match")?.includes(page.tag)) {
      return new Response(null, { status: 304, headers: plainHeaders(address.answer) });
    }
    return respond(c.req.raw, address);
  }

  /**
   * The answer to a request that was answered before and would be answered the same, without asking any route again:
   * a page in the cache costs little more than the least a server can do.
   */
  recall(request: Request): { response: Response; route: string } | undefined {
    const address = this.#addresses.get(pathOf(request.url));
    if (
      address === undefined || request.method !== "GET" || this.#pages.get(address.key) !== address.page ||
      !this.#isTrue(address.page) || request.headers.has("if-none-match")
    ) return undefined;
    return { response: respond(request, address), route: address.route };
  }

  /** Whether the page of that key can be served without rendering it. */
  holds(key: string): boolean {
    const page = this.#pages.get(key);
    return page !== undefined && this.#isTrue(page);
  }

  #isTrue(page: Kept): boolean {
    return page.revision === this.#revision(page.recipe) && this.#clock.now() < page.until;
  }

  #remember(c: Context, page: Kept, { key, headers = asPage }: Asked): Address {
    const all = {
      ...headers === asPage ? safe : safeOfData,
      ...headers,
      etag: page.tag,
      ...typeof page.body === "string" ? {} : { vary: "accept-encoding", "content-encoding": "gzip" },
    };
    const answer = new Response(page.body, { headers: all });
    const address: Address = { key, page, route: c.req.routePath, answer };
    const path = pathOf(c.req.url);
    this.#addresses.delete(path);
    this.#addresses.set(path, address);
    for (const oldest of this.#addresses.keys()) {
      if (this.#addresses.size <= MOST_ADDRESSES) break;
      this.#addresses.delete(oldest);
    }
    return address;
  }

  async #page({ key, recipe, render }: Asked): Promise<Kept> {
    const known = this.#pages.get(key);
    if (known !== undefined && this.#isTrue(known)) return known;
    const revision = this.#revision(recipe);
    const madeAt = this.#clock.now();
    const { page: made, newest } = render();
    const text = String(await made);
    const plain = new TextEncoder().encode(text);
    const body = plain.length < WORTH_PACKING ? text : new Uint8Array(gzipSync(plain, { level: 3 }));
    const tag = `W/"${createHash("sha256").update(plain).digest("base64url").slice(0, 20)}"`;
    const page = { recipe, revision, until: trueUntil(newest, madeAt), body, tag };
    this.#forget(key);
    this.#pages.set(key, page);
    this.#size += body.length;
    for (const oldest of this.#pages.keys()) {
      if (this.#size <= ROOM) break;
      this.#forget(oldest);
    }
    return page;
  }

  #forget(key: string): void {
    const page = this.#pages.get(key);
    if (page === undefined) return;
    this.#size -= page.body.length;
    this.#pages.delete(key);
  }
}

function respond(request: Request, { page: { body }, answer }: Address): Response {
  if (typeof body === "string" || wantsPacked(request)) return answer.clone();
  return new Response(new Uint8Array(gunzipSync(body)), { headers: plainHeaders(answer) });
}

function plainHeaders(answer: Response): Headers {
  const headers = new Headers(answer.headers);
  headers.delete("content-encoding");
  return headers;
}

function wantsPacked(request: Request): boolean {
  return /\bgzip\b/.test(request.headers.get("accept-encoding") ?? "");
}

/** Path and query of an address, as they were asked for. */
function pathOf(url: string): string {
  return url.slice(url.indexOf("/", "https://".length));
}
