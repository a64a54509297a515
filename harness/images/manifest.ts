import { Buffer } from "node:buffer";
import * as z from "zod";
import { withinLimits } from "../../common/fetch_limits.ts";
import type { Login } from "./login.ts";
import type { Reference } from "./reference.ts";

/** Docker Hub's registry has another name than its images say. */
const HUB = "registry-1.docker.io";
/** What manifests and lists of them are called by, in Docker's words and in those of the OCI. */
const ACCEPTED = [
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.docker.distribution.manifest.v2+json",
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.oci.image.manifest.v1+json",
].join(", ");

/** Milliseconds for each of the calls, and bytes of each answer: registries take no manifest that is longer. */
const LIMITS = { timeoutMs: 5_000, maxBytes: 4 * 1024 * 1024 };

const granted = z.object({ token: z.string().optional(), access_token: z.string().optional() });

export interface ManifestCall {
  /** What `docker login` left for the registry; null: nobody logged in there. */
  login: Login | null;
  signal: AbortSignal;
}

/**
 * Asks a registry for a manifest as an engine does: first what it wants of whoever asks, then for the manifest, with a
 * token where it wants one and with the log-in where there is one. The log-in goes to the registry and to whoever that
 * names for tokens, over TLS or within this machine, and stands in nothing that this returns or throws.
 * @returns the registry's answer, or that of whoever gives tokens if there is none
 * @throws {Error} when nobody answers
 * @see https://distribution.github.io/distribution/spec/auth/token/
 */
export async function askManifest(reference: Reference, call: ManifestCall): Promise<Response> {
  const { base, path } = placeOf(reference);
  const door = new URL("/v2/", base);
  const first = await ask(door, { signal: call.signal });
  if (first.status !== 401 && !first.ok) return first;
  const authorization = await authorizationFor(first, { door, path, ...call });
  if (authorization instanceof Response) return authorization;
  return await ask(new URL(`/v2/${path}/manifests/${reference.version}`, base), {
    headers: { accept: ACCEPTED, ...authorization },
    signal: call.signal,
  });
}

/** Where a registry answers, and as what it knows a repository. */
function placeOf({ registry, repository }: Reference): { base: string; path: string } {
  const ofHub = registry === "docker.io";
  const host = ofHub ? HUB : registry;
  // Engines speak plain HTTP with registries of their own machine.
  const base = `${isLoopback(host) ? "http" : "https"}://${host}`;
  const path = ofHub ? repository.replace(/^(?=[^/]+$)/, "library/") : repository.slice(registry.length + 1);
  return { base, path };
}

/** The header that a registry wants; a refusal of whoever gives tokens. */
async function authorizationFor(
  first: Response,
  asked: ManifestCall & { door: URL; path: string },
): Promise<Record<string, string> | Response> {
  const { door, path, login, signal } = asked;
  const challenge = readChallenge(first.headers.get("www-authenticate") ?? "");
  if (first.status !== 401 || challenge === null) return {};
  if (challenge.scheme === "basic") {
    return login === null || !isPrivate(door) ? {} : { authorization: basic(login) };
  }
  const { service = "" } = challenge.parameters;
  const realm = URL.parse(challenge.parameters.realm ?? "");
  if (realm === null || !isPrivate(realm)) return {};
  const answer = await askToken(realm, { login, signal, service, scope: `repository:${path}:pull` });
  if (!answer.ok) return answer;
  const { token, access_token: other } = granted.parse(await answer.json());
  return { authorization: `Bearer ${token ?? other ?? ""}` };
}

/** Lets whoever gives tokens for a registry give one. */
async function askToken(
  realm: URL,
  { login, signal, service, scope }: ManifestCall & { service: string; scope: string },
): Promise<Response> {
  if (login?.identitytoken !== undefined) {
    const body = new URLSearchParams({
      grant_type: "refresh_token",
      client_id: "cc-ci",
      refresh_token: login.identitytoken,
      service,
      scope,
    });
    return await ask(realm, { method: "POST", body, signal });
  }
  realm.searchParams.set("service", service);
  realm.searchParams.set("scope", scope);
  return await ask(realm, { headers: login === null ? {} : { authorization: basic(login) }, signal });
}

async function ask(url: URL, init: RequestInit): Promise<Response> {
  const request = new Request(url, { ...init, redirect: "manual" });
  const call = async (signal: AbortSignal) => {
    const { status, headers, body } = await fetch(request, { signal });
    return { status, headers, body: body ?? [] };
  };
  return await withinLimits(request, { limits: LIMITS, call });
}

/** What a registry wants: `Bearer realm="…",service="…"` or `Basic realm="…"`. */
function readChallenge(header: string): { scheme: string; parameters: Record<string, string> } | null {
  const [, scheme, rest] = /^\s*(bearer|basic)\s+(.*)$/i.exec(header) ?? [];
  if (scheme === undefined || rest === undefined) return null;
  const pairs = [...rest.matchAll(/(\w+)\s*=\s*(?:"([^"]*)"|([^\s,]+))/g)];
  const parameters = pairs.map(([, name = "", quoted, bare]) => [name.toLowerCase(), quoted ?? bare ?? ""]);
  return { scheme: scheme.toLowerCase(), parameters: Object.fromEntries(parameters) };
}

function basic({ username, password }: Login): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

/** Whether nobody between here and there reads along. */
function isPrivate({ protocol, host }: URL): boolean {
  return protocol === "https:" || (protocol === "http:" && isLoopback(host));
}

function isLoopback(host: string): boolean {
  return /^127\.[\d.]+(:\d+)?$|^localhost(:\d+)?$/.test(host);
}
