import { get } from "node:http";

/**
 * Asks for a page as a browser does.
 * @returns milliseconds until all of it was there, and the bytes of its body as they were sent: `fetch` would unpack
 * them
 */
export function wire(url: string): Promise<{ ms: number; bytes: number }> {
  const began = performance.now();
  return new Promise((resolve, reject) => {
    get(url, { headers: { "accept-encoding": "gzip" }, agent: false }, (answer) => {
      let bytes = 0;
      answer.on("data", (chunk: Uint8Array) => bytes += chunk.length);
      answer.on("end", () => resolve({ ms: performance.now() - began, bytes }));
      answer.on("error", reject);
    }).on("error", reject);
  });
}
