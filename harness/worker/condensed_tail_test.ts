import assert from "node:assert/strict";
import { condensedTail } from "./condensed_tail.ts";

const access = (second: number, agent = "curl/7.74.0") =>
  `127.0.0.1 - - [28/Nov/2026:23:20:${
    String(second).padStart(2, "0")
  } +0000] "GET / HTTP/1.1" 200 615 "-" "${agent}" "-"`;

Deno.test("of lines that a health check leaves every second one is shown, and what was said before stays", () => {
  const started = ["nginx/1.22.1", "start worker process 29", "start worker process 30"];
  const checks = Array.from({ length: 57 }, (_, second) => access(second));
  assert.deepEqual(condensedTail([...started, ...checks]), [
    ...started,
    "… 56 lines like the next one were left out",
    access(56),
  ]);
});

Deno.test("lines that differ in more than numbers stay, and so do two alike", () => {
  const lines = [access(1), access(2, "Mozilla/5.0"), access(3), access(4), "request 3f2a9c41 failed"];
  assert.deepEqual(condensedTail(lines), lines);
  const requests = ["request 3f2a9c41 failed", "request 00ff failed", "request a1 failed"];
  assert.deepEqual(condensedTail(requests), [
    "… 2 lines like the next one were left out",
    "request a1 failed",
  ]);
  assert.deepEqual(condensedTail(["cafe", "cafe", "bad"]), ["cafe", "cafe", "bad"]);
});

Deno.test("a report keeps 50 lines", () => {
  const lines = Array.from({ length: 90 }, (_, index) => `line ${"x".repeat(index)}`);
  assert.deepEqual(condensedTail(lines), lines.slice(-50));
  assert.deepEqual(condensedTail([]), []);
});
