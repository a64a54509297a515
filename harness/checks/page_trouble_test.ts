import assert from "node:assert/strict";
import { pageTrouble } from "./page_trouble.ts";

const domains = ["app-1.ci.test", "api-1.ci.test"];

Deno.test("errors of the console and parts that do not load are blemishes, each told once", () => {
  const missing = { url: "https://app-1.ci.test/missing.png?v=1", status: 404, reason: "answered with 404" };
  const trouble = pageTrouble({
    consoleErrors: [
      "Failed to load resource: the server responded with a status of 404 ()",
      "boom",
      "boom",
    ],
    failedRequests: [
      missing,
      missing,
      { url: "https://api-1.ci.test/feed", status: null, reason: "the connection was reset" },
    ],
  }, domains);
  assert.deepEqual(trouble, {
    blemishes: [
      "Request failed: /missing.png?v=1 answered with 404",
      "Request failed: /feed (the connection was reset)",
      "Console: boom",
    ],
    notes: [],
  });
});

Deno.test("parts from elsewhere are no blemish, since a run cannot reach them", () => {
  const failed = (path: string) => ({
    url: `https://fonts.example/${path}`,
    status: null,
    reason: "no domain",
  });
  const trouble = pageTrouble({ consoleErrors: [], failedRequests: [failed("a"), failed("b")] }, domains);
  assert.deepEqual(trouble, {
    blemishes: [],
    notes: ["The page asks fonts.example for parts of it, which a run cannot reach"],
  });
});

Deno.test("a page that is full of errors fills no report", () => {
  const consoleErrors = Array.from({ length: 30 }, (_, index) => `problem ${index}`);
  const { blemishes } = pageTrouble({ consoleErrors, failedRequests: [] }, domains);
  assert.equal(blemishes.length, 9);
  assert.equal(blemishes.at(-1), "22 more errors of the page (see the log)");
});
