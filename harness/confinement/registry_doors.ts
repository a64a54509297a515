import { ingressFetch } from "../../common/ingress.ts";

/** Where a host sends whoever asks it: by a redirect, or for a token. */
export interface Door {
  /** Full URL. */
  to: string;
  /** What is expected there. */
  why: "token" | "redirect";
}

/** Asks a registry where it sends its callers; null where it does not answer, which is nobody's fault here. */
export type AskRegistry = (url: URL, addresses: readonly string[]) => Promise<Door[] | null>;

/** What is wrong with a host and port, or null. @returns its addresses where nothing is */
export type JudgeHost = (host: string) => Promise<{ problem: string } | { addresses: readonly string[] }>;

const TIMEOUT_MS = 3_000;
const MAX_BYTES = 64 * 1024;
const MAX_REDIRECTS = 3;

/**
 * Where a registry sends the engine on: it follows redirects, and asks for a token wherever the answer says
 * (`realm`), from the host itself.
 * @param registry host, and port if it has one
 * @returns what is wrong with a place that it sends to, or null
 */
export async function doorProblem(
  registry: string,
  { judge, ask = askRegistry }: { judge: JudgeHost; ask?: AskRegistry },
): Promise<string | null> {
  let url: URL | null = new URL(`https://${registry}/v2/`);
  for (let redirects = 0; url !== null && redirects <= MAX_REDIRECTS; redirects++) {
    const host = await judge(url.host);
    const doors: Door[] | null = "problem" in host ? null : await ask(url, host.addresses);
    url = null;
    for (const { to, why } of doors ?? []) {
      const target: URL | null = URL.parse(to);
      if (target === null) continue; // the engine cannot go there either
      const judged = await judge(target.host);
      const how = why === "token" ? "sends Docker for a token" : "sends Docker on";
      if ("problem" in judged) return `${how} to "${target.host}", which ${judged.problem}`;
      if (why === "redirect" && target.protocol === "https:") url = target;
    }
  }
  return null;
}

/** Asks at one of the addresses that were looked at, so that a name cannot lead elsewhere meanwhile. */
async function askRegistry(url: URL, addresses: readonly string[]): Promise<Door[] | null> {
  const address = addresses.find((one) => one.includes(".")) ?? addresses[0];
  if (address === undefined) return null;
  const host = address.includes(":") ? `[${address}]` : address;
  const limits = { timeoutMs: TIMEOUT_MS, maxBytes: MAX_BYTES };
  try {
    const answer = await ingressFetch({ address: `${host}:${url.port || "443"}` }, limits)(url);
    return doorsOf(url, answer.headers);
  } catch {
    return null;
  }
}

/** The places that an answer sends to. */
export function doorsOf(url: URL, headers: Headers): Door[] {
  const location = headers.get("location");
  const realms = [
    ...(headers.get("www-authenticate") ?? "").matchAll(/realm\s*=\s*(?:"([^"]*)"|([^\s,]+))/gi),
  ];
  return [
    ...(location === null
      ? []
      : [{ to: URL.parse(location, url)?.href ?? location, why: "redirect" as const }]),
    ...realms.map(([, quoted, bare]) => ({ to: quoted ?? bare ?? "", why: "token" as const }))
      .filter(({ to }) => URL.canParse(to)),
  ];
}
