import assert from "node:assert/strict";
import { retryAfter } from "./answer.ts";

Deno.test("Retry-After is read as seconds and as a date, an hour at most", () => {
  const now = Date.parse("2026-01-01T00:00:00Z");
  assert.equal(retryAfter("120", now), 120_000);
  assert.equal(retryAfter("Thu, 01 Jan 2026 00:01:00 GMT", now), 60_000);
  assert.equal(retryAfter("Wed, 31 Dec 2025 00:00:00 GMT", now), 0);
  assert.equal(retryAfter("99999999999999", now), 3_600_000);
  assert.equal(retryAfter("Fri, 01 Jan 2100 00:00:00 GMT", now), 3_600_000);
  for (const unreadable of ["soon", "", null]) assert.equal(retryAfter(unreadable, now), null);
});
