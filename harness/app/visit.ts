import { describeError } from "../../common/errors.ts";
import { appIngressOf, ingressFetch } from "../../common/ingress.ts";
import type { Settings } from "../run/settings.ts";
import type { SeenAnswer } from "./nobodys_answer.ts";

/** Milliseconds for the head of an answer. */
const ANSWER_MS = 10_000;
/** A body that streams for ever is still an answer: nobody waits for more of it than this. */
const ENOUGH = { bytes: 256 * 1024, ms: 3_000 };

/** What a browser says of itself. Apps send clients that say nothing, or want no HTML, elsewhere or away. */
const VISITOR = {
  "user-agent":
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
  accept: "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
  "accept-language": "en-US,en;q=0.9",
};

/** What came of one request. */
export type Visit =
  | { answer: SeenAnswer }
  | {
    answer: null;
    /** Why there was no answer. */
    text: string;
    /** Whether the certificate was the reason. */
    certificate: boolean;
  };

/** Makes a function that asks for a page through the proxy, as a visitor does. */
export async function visits(
  settings: Settings,
): Promise<(url: string, signal: AbortSignal) => Promise<Visit>> {
  const get = ingressFetch(await appIngressOf(settings), { timeoutMs: ANSWER_MS, enough: ENOUGH });
  return async (url, signal) => {
    try {
      const response = await get(url, { signal, headers: VISITOR });
      const { status, headers } = response;
      return { answer: { status, headers: new Map(headers), body: await response.text() } };
    } catch (error) {
      signal.throwIfAborted();
      const text = describeError(error);
      return { answer: null, text, certificate: /certificate|self.signed|issuer/i.test(text) };
    }
  };
}
