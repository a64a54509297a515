import * as z from "zod";

/** An answer as it came over the wire, from the forge or from what stands in front of it. */
export interface Answered {
  status: number;
  headers: Record<string, unknown>;
  /** The body: parsed if its content type says that it is JSON. */
  data: unknown;
}

/** How the forge says no. */
const refusal = z.object({ message: z.string() });

/**
 * Whether the forge itself has answered. A proxy whose forge restarts says 404 as well, one that asks whether you are
 * human says 200, and one that wants a login sends you elsewhere: none of them knows of members and pull requests.
 * @param asked the address that was asked
 */
export function isOwnWord({ status, headers, data }: Answered, asked: string): boolean {
  // Of these two the forge sends no body.
  if (status === 204 || status === 303) return true;
  if (status >= 300 && status < 400) return leadsToAnotherName(headers.location, asked);
  if (!/^application\/json\b/i.test(String(headers["content-type"] ?? ""))) return false;
  return status < 400 || refusal.safeParse(data).success;
}

/** Whether a redirect is the forge's for a repository or user that was renamed: within its API, to another path. */
function leadsToAnotherName(location: unknown, asked: string): boolean {
  if (typeof location !== "string" || !URL.canParse(location, asked)) return false;
  const from = new URL(asked);
  const to = new URL(location, asked);
  const api = from.pathname.slice(0, from.pathname.indexOf("/api/v1/") + "/api/v1/".length);
  return to.host === from.host && to.pathname.startsWith(api) && to.pathname !== from.pathname;
}
