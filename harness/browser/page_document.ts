/** What a document knows of itself. */
export interface OwnView {
  /** Status of the answer that it came with; 0: it came with none. */
  status: number;
  /** Whether its body holds nothing. */
  empty: boolean;
  /** Whether its head holds nothing either: the answer had no content. */
  blank: boolean;
  /** Where it says that the browser is to go by itself in a few seconds; null: nowhere. */
  refresh: string | null;
}

/**
 * Runs in the page, so it may use nothing from outside.
 * @param header value of the header `Refresh` that the document came with; empty: it came without
 */
export function readDocument(header: string): OwnView {
  const { document, performance } = globalThis as unknown as {
    document: {
      baseURI: string;
      body: { childNodes: { length: number } } | null;
      head: { childNodes: { length: number } } | null;
      querySelector(selector: string): { content: string } | null;
    };
    performance: { getEntriesByType(type: string): { responseStatus?: number }[] };
  };
  const status = performance.getEntriesByType("navigation")[0]?.responseStatus ?? 0;
  const empty = (document.body?.childNodes.length ?? 0) === 0;
  const blank = empty && (document.head?.childNodes.length ?? 0) === 0;
  const content = document.querySelector("meta[http-equiv=refresh i]")?.content ?? header;
  const asked = /^\s*(\d+)(?:\.\d*)?\s*[;,]\s*(?:url\s*=\s*)?["']?([^"']+)/i.exec(content);
  if (asked === null || Number(asked[1]) > 60) return { status, empty, blank, refresh: null };
  const url = URL.parse((asked[2] ?? "").trim(), document.baseURI);
  return { status, empty, blank, refresh: url === null ? null : url.href };
}
