import assert from "node:assert/strict";
import { pageTrouble } from "./page_trouble.ts";

const domains = ["app-1.ci.test", "api-1.ci.test"];

function asked(kind: string) {
  return { kind, method: "GET" };
}

Deno.test("errors of the console and parts that do not load are blemishes, each told once", () => {
  const missing = {
    ...asked("image"),
    url: "https://app-1.ci.test/missing.png?v=1",
    status: 404,
    reason: "answered with 404",
  };
  const trouble = pageTrouble({
    consoleErrors: [
      "Failed to load resource: the server responded with a status of 404 ()",
      "boom",
      "boom",
    ],
    failedRequests: [
      missing,
      missing,
      {
        ...asked("fetch"),
        url: "https://api-1.ci.test/feed",
        status: null,
        reason: "the connection was reset",
      },
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
    ...asked("font"),
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

Deno.test("errors that may come from a part elsewhere are told as such, and only where there is one", () => {
  const consoleErrors = [
    "L is not defined",
    "TypeError: Failed to fetch",
    "WebSocket connection to 'wss://push.example/ws' failed: net::ERR_NAME_NOT_RESOLVED",
    "WebSocket connection to 'wss://app-1.ci.test/ws' failed: Unexpected response code: 502",
    "Minified React error #418; visit https://react.example/errors/418",
    "Request failed with status code 401",
  ];
  const script = {
    ...asked("script"),
    url: "https://cdn.example/leaflet.js",
    status: null,
    reason: "the address is no domain of this run",
  };
  assert.deepEqual(pageTrouble({ consoleErrors, failedRequests: [script] }, domains), {
    blemishes: [
      "Console: WebSocket connection to '/ws' failed: Unexpected response code: 502",
      "Console: Minified React error #418; visit https://react.example/errors/418",
      "Console: Request failed with status code 401",
    ],
    notes: [
      "The page asks cdn.example, push.example for parts of it, which a run cannot reach",
      'On the page\'s console, maybe because of that: "L is not defined", "TypeError: Failed to fetch"',
    ],
  });
  const alone = pageTrouble({ consoleErrors: consoleErrors.slice(0, 2), failedRequests: [] }, domains);
  assert.deepEqual(alone, {
    blemishes: ["Console: L is not defined", "Console: TypeError: Failed to fetch"],
    notes: [],
  });
});

Deno.test("what a script may not read before somebody has logged in is no blemish", () => {
  const refused = (kind: string, status: number, method = "GET") => ({
    url: `https://app-1.ci.test/${kind}-${method}`,
    kind,
    method,
    status,
    reason: `answered with ${status}`,
  });
  const failedRequests = [refused("xhr", 401), refused("fetch", 403), refused("fetch", 401, "POST")];
  const consoleErrors = ["AxiosError: Request failed with status code 401"];
  assert.deepEqual(pageTrouble({ consoleErrors, failedRequests }, domains), { blemishes: [], notes: [] });
  const others = [refused("fetch", 403, "POST"), refused("image", 401), refused("fetch", 404)];
  assert.deepEqual(pageTrouble({ consoleErrors: [], failedRequests: others }, domains).blemishes, [
    "Request failed: /fetch-POST answered with 403",
    "Request failed: /image-GET answered with 401",
    "Request failed: /fetch-GET answered with 404",
  ]);
});

Deno.test("a page that is full of errors fills no report", () => {
  const consoleErrors = Array.from({ length: 30 }, (_, index) => `problem ${index}`);
  const { blemishes } = pageTrouble({ consoleErrors, failedRequests: [] }, domains);
  assert.equal(blemishes.length, 9);
  assert.equal(blemishes.at(-1), "22 more errors of the page (see the log)");
});
