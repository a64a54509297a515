/** How Gitea, and what stands in front of it, write times, pages and answers. */
export function stamp(ms: number): string {
  return new Date(ms).toISOString().replace(".000Z", "Z");
}

/** One page of a list, and the header that says how long the whole list is. */
export function listed<T>(all: readonly T[], query: URLSearchParams): Response {
  return counted(answer(page(all, query)), all.length);
}

export function counted(response: Response, total: number): Response {
  response.headers.set("x-total-count", String(total));
  return response;
}

export function page<T>(all: readonly T[], query: URLSearchParams): T[] {
  const size = Math.min(Number(query.get("limit") ?? 30), 50);
  const start = (Number(query.get("page") ?? 1) - 1) * size;
  return all.slice(start, start + size);
}

/** Gitea's own no. In production a 500 has no message. */
export function refusal(status: number, message = ""): Response {
  return answer({ message, url: "https://forge.example/api/swagger" }, status);
}

/** The same answer as Forgejo gives it: its 404 has a list of errors and a sentence of its own. */
export async function asForgejo(response: Response): Promise<Response> {
  if (response.status !== 404 || response.headers.get("content-type") !== "application/json") return response;
  const said = { ...await response.json(), errors: [], message: "The target couldn't be found." };
  return answer(said, 404);
}

/** What Traefik says of a name while nothing is behind it, as when the forge restarts. */
export function noRoute(): Response {
  const headers = { "content-type": "text/plain; charset=utf-8" };
  return new Response("404 page not found\n", { status: 404, headers });
}

/** A proxy's word that the other side is to be left alone for a while. */
export function tooMany(seconds: number): Response {
  const headers = { "content-type": "text/plain", "retry-after": String(seconds) };
  return new Response("Too Many Requests", { status: 429, headers });
}

/** A proxy that reaches nothing behind it. */
export function badGateway(): Response {
  return new Response("Bad Gateway", {
    status: 502,
    headers: { "content-type": "text/plain; charset=utf-8" },
  });
}

export function answer(body: unknown, status = 200): Response {
  return new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } });
}

/** What Gitea says to a token without the scope that a route wants; `null` if it has it. Writing includes reading. */
export function missingScope(route: string, scopes: ReadonlySet<string>): Response | null {
  const [method = "", path = ""] = route.split(" ");
  // Statuses are set with a token of their own.
  if (path === "/version" || /\/(statuses|commits)\//.test(path)) return null;
  const area = path.startsWith("/orgs/")
    ? "organization"
    : /^\/repos\/(issues\/search$|[^/]+\/[^/]+\/issues\/)/.test(path)
    ? "issue"
    : "repository";
  const wanted = `${method === "GET" ? "read" : "write"}:${area}`;
  if (scopes.has(wanted) || scopes.has(`write:${area}`)) return null;
  const has = [...scopes].join(",");
  const said = "token does not have at least one of required scope(s)";
  return refusal(403, `${said}, required=[${wanted}], token scope=${has}`);
}
