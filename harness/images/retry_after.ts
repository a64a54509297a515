import { retryAfter } from "../../common/answer.ts";
import { askManifest, type ManifestCall } from "./manifest.ts";
import type { Reference } from "./reference.ts";

/**
 * Asks a registry that limits this host when it may be asked again: engines do not hand on `Retry-After`. A registry may
 * limit those who are logged in otherwise than those who are not, so it is asked as the pull asked it.
 * @returns milliseconds from now, or null where the registry does not say
 */
export async function askRetryAfter(reference: Reference, call: ManifestCall): Promise<number | null> {
  try {
    const { status, headers } = await askManifest(reference, call);
    return status === 429 ? retryAfter(headers.get("retry-after"), Date.now()) : null;
  } catch {
    return null;
  }
}
