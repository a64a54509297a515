import { deepEqual } from "node:assert/strict";
import { Frames } from "./frames.ts";

function frame(stream: number, text: string): number[] {
  return [stream, 0, 0, 0, 0, 0, 0, text.length, ...new TextEncoder().encode(text)];
}

Deno.test("both streams come whole, wherever the chunks are cut", () => {
  const bytes = Uint8Array.from([
    ...frame(1, "one"),
    ...frame(2, "two"),
    ...frame(1, ""),
    ...frame(1, "three"),
  ]);
  for (let size = 1; size <= bytes.length; size++) {
    const seen = { stdout: "", stderr: "" };
    const frames = new Frames((part, stream) => void (seen[stream] += new TextDecoder().decode(part)));
    for (let at = 0; at < bytes.length; at += size) frames.push(bytes.subarray(at, at + size));
    deepEqual(seen, { stdout: "onethree", stderr: "two" }, `chunks of ${size}`);
  }
});
