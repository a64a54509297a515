import { DOMAIN, page, reply, type Scene, SIBLING, testScenes } from "../testing/page_theatre.ts";

const scenes: Scene[] = [
  // What is text
  { name: "plain text", site: reply(200, "OK", { "content-type": "text/plain" }), health: { text: "OK" } },
  {
    name: "JSON",
    site: reply(200, '{"status":"pass"}', { "content-type": "application/health+json" }),
    health: { text: '"pass"' },
  },
  {
    name: "a drawing",
    site: reply(200, '<svg xmlns="http://www.w3.org/2000/svg"><text y="20">drawn</text></svg>', {
      "content-type": "image/svg+xml",
    }),
    health: { text: "drawn" },
  },
  {
    name: "an empty body with a canvas",
    site: page("<title>Game</title><canvas></canvas>"),
    health: { title: "Game" },
  },
  {
    name: "text in open shadow roots, one in the other",
    site: page(`<app-root></app-root><script>
      const root = document.querySelector("app-root").attachShadow({ mode: "open" });
      root.innerHTML = "<style>p { color: red }</style><p>Outer</p><app-part></app-part><p hidden>Secret</p>";
      const part = root.querySelector("app-part").attachShadow({ mode: "open" });
      part.innerHTML = "<slot></slot><b>Inner</b> words";
    </script>`),
    health: { text: "/^Outer\\s+Inner\\s+words$/" },
  },
  {
    name: "text in own frames, one in the other",
    site: { "/": page('<iframe src="/a"></iframe>'), "/a": page('A <iframe srcdoc="Deep"></iframe>') },
    health: { text: "/A\\s+Deep/" },
  },
  {
    name: "text in a frame of another domain of the app's",
    site: { "/": page(`<iframe src="https://${SIBLING}/b"></iframe>`), "/b": page("Second") },
    health: { text: "Second" },
  },
  {
    name: "text that is there for browsers without scripts only, hidden, or in a hidden frame",
    site: {
      "/": page('<noscript>Words</noscript><p hidden>Words</p><iframe hidden src="/a"></iframe>Else'),
      "/a": page("Words"),
    },
    health: { text: "Words" },
    fails: /does not show "Words", which health\.text in recipe\.yml asks for$/,
  },
  {
    name: "another title than recipe.yml asks for",
    site: page("<title>Other</title>Here"),
    health: { title: "Game" },
    fails: /^The page's title is "Other" and not "Game", which health\.title in recipe\.yml asks for$/,
  },
  {
    name: "a route behind the hash",
    site: page("<script>document.write('Route ' + location.hash)</script>"),
    health: { path: "/#/login", text: "Route #/login" },
  },
  {
    name: "a page that a service worker answers for",
    site: {
      "/": page(`<h1>First</h1><script>
        navigator.serviceWorker.register("/worker.js");
        navigator.serviceWorker.ready.then(() => location.reload());
      </script>`),
      "/worker.js": reply(
        200,
        `self.onfetch = (event) => event.respondWith(new Response("<h1>From the worker</h1>",
          { headers: { "content-type": "text/html" } }));`,
        { "content-type": "text/javascript" },
      ),
    },
    health: { text: "From the worker" },
  },
  // What has to come and to go before a page is judged
  {
    name: "a spinner that goes, and what comes in its place, at the path of the page alone",
    site: {
      "/": reply(500, "no page by design"),
      "/app": page(`<title>App</title><p class="spin">Wait</p><script>setTimeout(() => {
        document.querySelector(".spin").hidden = true;
        document.body.append(Object.assign(document.createElement("main"), { textContent: "Here" }));
      }, 900)</script>`),
    },
    health: { path: "/health" },
    page: { path: "/app", ready: "main", gone: ".spin" },
  },
  {
    name: "what has to come and is there, and cannot be seen",
    site: page('<main hidden>Here</main><main style="visibility: hidden">Here</main><main></main>'),
    page: { ready: "main" },
    fails: /^The page does not show "main", which page\.ready in recipe\.yml asks for$/,
  },
  {
    name: "what has to come, in an open shadow root",
    site: page(`<app-root></app-root><script>
      document.querySelector("app-root").attachShadow({ mode: "open" }).innerHTML = "<b class=in>Here</b>";
    </script>`),
    page: { ready: "b.in" },
  },
  {
    name: "what has to vanish, and stays behind one that is hidden",
    site: page('<p class="spin" hidden>Wait</p><p class="spin">Wait</p>'),
    page: { gone: ".spin" },
    fails: /^The page still shows "\.spin", which has to vanish by page\.gone in recipe\.yml$/,
  },
  {
    name: "what has to come of an answer that no browser shows",
    site: reply(200, "abc", { "content-disposition": "attachment" }),
    page: { ready: "main" },
    fails: /^The page does not show "main", which page\.ready in recipe\.yml asks for: /,
    notes: [/status 200/],
    pageless: true,
  },
  {
    name: "a path of the page's own at which there is none, whatever health.status says",
    site: { "/": reply(404, "health"), "/app": reply(404, "no") },
    health: { status: [404] },
    page: { path: "/app" },
    fails: /\/app answers with status 404$/,
  },
  {
    name: "what is no selector is the enrolment's mistake",
    site: page("Here"),
    page: { ready: "main >" },
    fails: /^recipe\.yml: page\.ready or page\.gone: "main >" is no CSS selector$/,
  },
  // What a page asks a person
  {
    name: "questions",
    site: page("<script>alert(1); confirm(2); prompt(3); print(); document.write('Answered')</script>"),
    health: { text: "Answered" },
  },
  {
    name: "a window that it opens by itself, and a program that it wants to start",
    site: page('<h1>Here</h1><script>window.open("/"); location.href = "mailto:a@b.test"</script>'),
    health: { text: "Here" },
  },
  {
    name: "a banner over the page",
    site: page('<h1>Here</h1><div style="position:fixed;inset:0;background:#fff">We use cookies</div>'),
    health: { text: "Here" },
  },
  // What is a blemish, and what is a note
  {
    name: "scripts, sockets and requests to elsewhere, and what comes of them",
    site: page(`<h1>Here</h1><script src="https://cdn.test/map.js"></script><script>L.map()</script><script>
      new WebSocket("wss://push.test/ws");
      new EventSource("https://events.test/");
      fetch("https://api.test/me");
      fetch("https://api.test/again").catch((error) => console.error(error));
      import("https://modules.test/a.js");
    </script>`),
    health: { text: "Here" },
    notes: [
      /asks cdn\.test, .*which a run cannot reach/,
      /maybe because of that: "L is not defined"/,
    ],
  },
  {
    name: "a log-in page that asks who one is",
    site: {
      "/": page(`<h1>Sign in</h1><script>
        fetch("/me").then((answer) => { if (!answer.ok) throw new Error("Request failed with status code 401"); });
        const old = new XMLHttpRequest(); old.open("GET", "/rights"); old.send();
      </script>`),
      "/me": reply(401, "no", { "www-authenticate": 'Basic realm="x"' }),
      "/rights": reply(403, "no"),
    },
  },
  {
    name: "parts of its own that are not there, and errors of its own",
    site: {
      "/": page(`<script src="/gone.js"></script><script>
        new WebSocket("wss://${DOMAIN}/ws");
        fetch("/api", { method: "POST" });
        throw new Error("boom, see https://docs.test/errors/1");
      </script>`),
      "/gone.js": reply(404, "no"),
      "/ws": reply(500, "no"),
      "/api": reply(403, "no"),
    },
    blemishes: [/\/gone\.js answered with 404/, /'\/ws' failed/, /\/api answered with 403/, /boom/],
  },
  {
    name: "a policy of its own that refuses a script from elsewhere",
    site: page('<h1>Here</h1><script src="https://cdn.test/map.js"></script>', {
      "content-security-policy": "default-src 'self'",
    }),
    blemishes: [/Content Security Policy/],
  },
  {
    name: "a part at a port that nobody reaches",
    site: page(`<img src="https://${DOMAIN}:3000/a.png">`),
    blemishes: [/:3000\/a\.png \(visitors reach the ports of http and https only\)/],
  },
  {
    name: "a frame of its own that may not be shown in one",
    site: {
      "/": page('<h1>Here</h1><iframe src="/a"></iframe>'),
      "/a": page("A", { "x-frame-options": "DENY" }),
    },
    blemishes: [/X-Frame-Options/],
  },
  {
    name: "a frame from elsewhere",
    site: page('<h1>Here</h1><iframe src="https://video.test/"></iframe>'),
    notes: [/asks video\.test/],
  },
];

testScenes("a page is read as a visitor sees it, and what a run cannot reach is no blemish", { scenes });
