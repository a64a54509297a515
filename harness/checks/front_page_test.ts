import assert from "node:assert/strict";
import { parseEnrolment } from "../../enrolment/enrolment.ts";
import { RunFolder } from "../run/folder.ts";
import type { StageContext } from "../run/stage.ts";
import { lookAtPage, tellLook } from "./front_page.ts";
import { DOMAIN, moved, page, reply, type Scene, SIBLING, testScenes } from "../testing/page_theatre.ts";

const scenes: Scene[] = [
  {
    name: "the page at health.path, while the one at / is an error by design",
    site: { "/": reply(500, "down"), "/app/": page("<h1>Here</h1>") },
    health: { path: "/app/", text: "Here" },
  },
  {
    name: "status 401 of basic auth, with the app's own words",
    site: reply(401, "<h1>Members only</h1>", { "www-authenticate": 'Basic realm="x"' }),
    health: { status: [401], text: "Members only" },
  },
  {
    name: "status 401 without a page",
    site: reply(401, "", { "www-authenticate": 'Basic realm="x"' }),
    health: { status: [401] },
    pageless: true,
    notes: [/status 401 and nothing/],
  },
  { name: "status 403 by design", site: reply(403, "<h1>Not for you</h1>"), health: { status: [403] } },
  { name: "status 404 by design", site: reply(404, "<h1>Nobody</h1>"), health: { status: [404] } },
  { name: "status 500 by design", site: reply(500, "<h1>By design</h1>"), health: { status: [500] } },
  { name: "a status that nobody knows", site: reply(299, "<h1>Odd</h1>"), health: { status: [299] } },
  {
    name: "an error that nobody expects",
    site: reply(404, "<h1>Gone</h1>"),
    fails: /answers with status 404/,
  },
  {
    name: "a redirect to an error",
    site: { "/": moved("/in"), "/in": reply(404, "<h1>Gone</h1>") },
    health: { status: [302] },
    fails: /leads to .*\/in, which answers with status 404/,
  },
  {
    name: "a redirect to a log-in page that answers 401",
    site: { "/": moved("/in"), "/in": reply(401, "<h1>Sign in</h1>") },
    health: { status: [302], text: "Sign in" },
  },
  {
    name: "a redirect to a sign-on elsewhere, by design",
    site: moved("https://sso.test/login"),
    health: { status: [302] },
    pageless: true,
    notes: [/sends visitors to sso\.test, which a run cannot reach/],
  },
  {
    name: "a redirect to a sign-on elsewhere, by way of a path of its own",
    site: { "/": moved("/login"), "/login": moved("https://sso.test/login") },
    health: { status: [302] },
    pageless: true,
    notes: [/sso\.test/],
  },
  {
    name: "a redirect elsewhere that nobody expects",
    site: moved("https://sso.test/login"),
    fails: /leads to https:\/\/sso\.test\/login: that is no page of the app/,
  },
  {
    name: "a redirect elsewhere where recipe.yml asks for a text",
    site: moved("https://sso.test/login"),
    health: { status: [302], text: "Welcome" },
    fails:
      /does not show "Welcome", which health\.\w+ in recipe\.yml asks for: it sends visitors to sso\.test/,
    notes: [/sso\.test/],
    pageless: true,
  },
  {
    name: "an answer without a body",
    site: (response) => void response.writeHead(204).end(),
    health: { status: [204] },
    pageless: true,
    notes: [/status 204 and nothing/],
  },
  {
    name: "an answer that resets a form",
    site: (response) => void response.writeHead(205).end(),
    health: { status: [205] },
    pageless: true,
    notes: [/status 205 and nothing/],
  },
  {
    name: "a file to save",
    site: reply(200, "abc", { "content-disposition": "attachment" }),
    pageless: true,
    notes: [/status 200 and nothing/],
  },
  {
    name: "a file to save where recipe.yml asks for a title",
    site: reply(200, "abc", { "content-type": "application/octet-stream" }),
    health: { title: "Files" },
    fails: /does not show "Files", which health\.\w+ in recipe\.yml asks for/,
    notes: [/status 200/],
    pageless: true,
  },
  // Whose document it is
  {
    name: "a script that leads elsewhere",
    site: page('<h1>Here</h1><script>location.href = "https://else.test/"</script>'),
    health: { text: "Here" },
    fails: /leads to https:\/\/else\.test\/: that is no page of the app/,
  },
  {
    name: "a refresh that leads elsewhere",
    site: page('<meta http-equiv="refresh" content="0; url=https://else.test/"><h1>Here</h1>'),
    health: { text: "Here" },
    fails: /leads to https:\/\/else\.test\//,
  },
  {
    name: "a refresh that leads elsewhere in a few seconds",
    site: page("<meta http-equiv=Refresh content=\"5;URL='https://else.test/'\"><h1>Here</h1>"),
    health: { text: "Here" },
    fails: /leads to https:\/\/else\.test\//,
  },
  {
    name: "a header that leads elsewhere in a few seconds",
    site: page("<h1>Here</h1>", { refresh: "5; url=https://else.test/" }),
    health: { text: "Here" },
    fails: /leads to https:\/\/else\.test\//,
  },
  {
    name: "a header that refreshes the page, and one that leads to a page of the app's",
    site: { "/": page("<h1>Here</h1>", { refresh: "30; url=/in" }) },
    health: { text: "Here" },
  },
  {
    name: "a script that leads elsewhere in a few seconds",
    site: page(
      '<h1>Here</h1><script>setTimeout(() => { location.href = "https://else.test/" }, 3000)</script>',
    ),
    health: { text: "Here" },
    fails: /leads to https:\/\/else\.test\/: that is no page of the app/,
  },
  {
    name: "a script that counts down and then leads elsewhere",
    site: page(
      "<h1>Here</h1><script>let left = 3; setInterval(\"if (--left === 0) location.replace('https://else.test/')\", 900)</script>",
    ),
    health: { text: "Here" },
    fails: /leads to https:\/\/else\.test\//,
  },
  {
    name:
      "a script that leads to a page of the app's in a few seconds, and one that ends a session much later",
    site: {
      "/": page(
        '<h1>Here</h1><script>setTimeout(() => location.assign("/in"), 1500); setTimeout(() => location.assign("https://else.test/"), 60000)</script>',
      ),
      "/in": page("<h1>Inside</h1>"),
    },
    health: { text: "Here" },
  },
  {
    name: "a refresh of itself",
    site: page('<meta http-equiv="refresh" content="30"><h1>Here</h1>'),
    health: { text: "Here" },
  },
  {
    name: "a script that leads to a port nobody reaches",
    site: page('<script>location.port = "3000"</script>'),
    fails: /leads to port 3000: visitors reach the ports of http and https only/,
  },
  {
    name: "a script that leads to the empty page",
    site: page('<h1>Here</h1><script>location.href = "about:blank"</script>'),
    fails: /leads to about:blank/,
  },
  {
    name: "a script that leads to an error of the app's",
    site: { "/": page('<script>location.href = "/in"</script>'), "/in": reply(500, "<h1>Broken</h1>") },
    fails: /leads to .*\/in, which answers with status 500/,
  },
  {
    name: "a script that leads to a page of the app's",
    site: { "/": page('<script>location.href = "/in"</script>'), "/in": page("<h1>Inside</h1>") },
    health: { text: "Inside" },
  },
  {
    name: "a redirect to another domain of the app's",
    site: (response, request) =>
      request.headers.host === DOMAIN
        ? moved(`https://${SIBLING}/`)(response, request)
        : page("<h1>Second</h1>")(response, request),
    health: { text: "Second" },
  },
  {
    name: "a redirect to http of its own name",
    site: { "/docs": moved(`http://${DOMAIN}/docs/`), "/docs/": page("<h1>Docs</h1>") },
    health: { path: "/docs", status: [302], text: "Docs" },
  },
  {
    name: "redirects in circles",
    site: moved("/"),
    health: { status: [302] },
    fails: /it redirects in circles/,
  },
  {
    name: "a connection that breaks off before the answer",
    site: (response) => void response.destroy(),
    fails: /does not open: the (connection was (closed|reset)|answer was empty)/,
  },
  {
    name: "a body that is not what its headers say",
    site: reply(200, "plain", { "content-encoding": "gzip" }),
    fails: /its content is not encoded as its headers say/,
    blemishes: [/content is not encoded/],
  },
  {
    name: "headers of half a megabyte",
    site: reply(200, "x", { "x-big": "y".repeat(500_000) }),
    fails: /ERR_RESPONSE_HEADERS_TOO_BIG/,
  },
];

testScenes("the page is the one that recipe.yml means, and a document of the app's own", { scenes });

Deno.test("where recipe.yml says why there is no page, none is opened, and a note that costs nothing says so", async () => {
  const said = parseEnrolment("repo: a/api\npage: { none: it is an API }\n", "recipe.yml");
  const told: string[] = [];
  const ctx = {
    log: (line: string) => void told.push(`log ${line}`),
    note: (text: string) => void told.push(`note ${text}`),
    blemish: (text: string) => void told.push(`blemish ${text}`),
    proof: (text: string) => void told.push(`proof ${text}`),
  } as unknown as StageContext;
  const run = {
    enrolment: { recipe: "api", folder: null, ...said },
    pictures: "",
    folder: new RunFolder("/nowhere"),
    browser: () => Promise.reject(new Error("nobody needs a browser")),
  };
  tellLook(await lookAtPage(run, { app: { domain: DOMAIN, domains: [DOMAIN] }, ctx }), ctx);
  assert.deepEqual(told, ["note No page was opened: it is an API", "log No page was opened: it is an API"]);
});
