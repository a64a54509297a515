import { retryAfter } from "../../common/answer.ts";
import type { Reference } from "./reference.ts";

const TIMEOUT_MS = 5_000;
/** Docker Hub's registry has another name than its images say. */
const HUB = "registry-1.docker.io";

/**
 * Asks a registry that limits this host when it may be asked again: engines do not hand on `Retry-After`.
 * @returns milliseconds from now, or null where the registry does not say
 */
export async function askRetryAfter(reference: Reference, signal: AbortSignal): Promise<number | null> {
  const { registry, repository, version } = reference;
  const host = registry === "docker.io" ? HUB : registry;
  const path = registry === "docker.io"
    ? repository.replace(/^(?=[^/]+$)/, "library/")
    : repository.slice(registry.length + 1);
  // Engines speak plain HTTP with registries of their own machine.
  const scheme = /^127\.|^localhost(:|$)/.test(host) ? "http" : "https";
  try {
    const answer = await fetch(new URL(`/v2/${path}/manifests/${version}`, `${scheme}://${host}`), {
      headers: { accept: "application/vnd.docker.distribution.manifest.list.v2+json" },
      redirect: "manual",
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    await answer.body?.cancel();
    return answer.status === 429 ? retryAfter(answer.headers.get("retry-after"), Date.now()) : null;
  } catch {
    return null;
  }
}
