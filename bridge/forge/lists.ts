import * as z from "zod";
import type { Answer } from "../../common/answer.ts";
import { logger } from "../../common/log.ts";
import { type CountedAnswer, failure, type GiteaClient, type Parameters } from "./gitea_client.ts";

const log = logger("bridge", "forge");

const pageSize = 50; // the server's own maximum; more is silently cut
/** Far more pages than there are: a list that does not end with them is given up. */
const mostPages = 400;
/** Entries that are remembered as left out, so that each is logged once. */
const mostRemembered = 10_000;

/** The status of a failure that says: the list has more pages than anybody reads. */
export const tooLong = 200;

export interface ListOptions<T> {
  /** One entry. What does not have this form is left out. */
  entry: z.ZodType<T>;
  /** Where in the answer the list lies. @default the answer is the list */
  within?: string;
  /** Whether the forge's count is that of all pages; if not, only an empty page is the last. @default true */
  counted?: boolean;
  /** With more pages the list is given up. @default 400 */
  most?: number;
  /** Whether a page holds nothing more that is asked for, so that the next need not be read. */
  enough?: (page: readonly T[]) => boolean;
}

/** Reads lists of the forge. */
export interface ListReader {
  /** The whole list, or a failure. */
  readList<T>(route: string, parameters: Parameters, options: ListOptions<T>): Promise<Answer<T[]>>;
  /** What the list begins with, for whoever only wants to know whether it can be read. */
  readStart<T>(route: string, parameters: Parameters, options: ListOptions<T>): Promise<Answer<T[]>>;
}

/**
 * The one reader of all lists. A forge leaves entries out after it has cut a list into pages, and puts `null` where it
 * fails to make an entry, as for a reference whose source is deleted. Whoever may comment can cause both. So an entry
 * that cannot be read costs itself only, and a list ends with an empty page or with the forge's count of its entries.
 */
export function listReader({ read }: Pick<GiteaClient, "read">): ListReader {
  const leftOut = new Set<string>();

  async function readList<T>(
    route: string,
    parameters: Parameters,
    options: ListOptions<T>,
  ): Promise<Answer<T[]>> {
    const { within, counted = true, most = mostPages, enough = () => false } = options;
    const all: T[] = [];
    let at: number | null = null;
    let seen = 0;
    for (let page = 1; page <= most; page++) {
      const query = { ...parameters, page, limit: pageSize };
      const answer: CountedAnswer<unknown[] | null> = await read(route, query, pageOf(within));
      if (!answer.ok) return answer;
      at ??= answer.at;
      const raw = answer.value ?? [];
      if (raw.length === 0) return { ok: true, value: all, at };
      seen += raw.length;
      const found = understood(raw, { route, parameters, entry: options.entry });
      all.push(...found);
      const isWhole = counted && answer.total !== null && seen >= answer.total;
      // A forge that knows no pages of this list gives all of it at once.
      if (isWhole || raw.length > pageSize || enough(found)) return { ok: true, value: all, at };
    }
    // The caller would take an incomplete list for the whole one.
    return failure(tooLong, `More than ${most} pages answer ${route}`);
  }

  async function readStart<T>(
    route: string,
    parameters: Parameters,
    { entry, within }: ListOptions<T>,
  ): Promise<Answer<T[]>> {
    const answer = await read(route, { ...parameters, page: 1, limit: 1 }, pageOf(within));
    if (!answer.ok) return answer;
    return { ...answer, value: understood(answer.value ?? [], { route, parameters, entry }) };
  }

  /** What can be read of a page. Each entry that cannot is logged once. */
  function understood<T>(
    raw: readonly unknown[],
    { route, parameters, entry }: { route: string; parameters: Parameters; entry: z.ZodType<T> },
  ): T[] {
    return raw.flatMap((one) => {
      const parsed = entry.safeParse(one);
      if (parsed.success) return [parsed.data];
      noteLeftOut(one, { route, parameters });
      return [];
    });
  }

  function noteLeftOut(one: unknown, { route, parameters }: { route: string; parameters: Parameters }): void {
    const known = named.safeParse(one);
    const id = known.success ? known.data.id : null;
    const { owner, name, pr } = parameters;
    const facts = { route, owner, name, pr, id, is: one === null ? "null" : "of unknown form" };
    const key = JSON.stringify(facts);
    if (leftOut.has(key)) return;
    if (leftOut.size >= mostRemembered) leftOut.clear();
    leftOut.add(key);
    log.warn("left an entry of a list out", facts);
  }

  return { readList, readStart };
}

const named = z.object({ id: z.number() });

function pageOf(within: string | undefined): z.ZodType<unknown[] | null> {
  const list = z.array(z.unknown()).nullable();
  if (within === undefined) return list;
  return z.looseObject({ [within]: list }).transform((answer) => list.parse(answer[within]));
}
