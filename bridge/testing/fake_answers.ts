/** How Gitea writes times, pages and answers. */
export function stamp(ms: number): string {
  return new Date(ms).toISOString().replace(".000Z", "Z");
}

export function page<T>(all: readonly T[], query: URLSearchParams): T[] {
  const size = Math.min(Number(query.get("limit") ?? 30), 50);
  const start = (Number(query.get("page") ?? 1) - 1) * size;
  return all.slice(start, start + size);
}

export function answer(body: unknown, status = 200): Response {
  return new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } });
}
