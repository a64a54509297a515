import { type Answer, page, reply, type Scene, testScenes } from "../testing/page_theatre.ts";

/** Says nothing, ever. */
const never: Answer = () => {};

/** Begins, and does not end. */
function begin(type: string, start: string): Answer {
  return (response) => {
    response.writeHead(200, { "content-type": type });
    response.write(start);
  };
}

const scenes: Scene[] = [
  {
    name: "a picture that never comes",
    site: { "/": page('<h1>Here</h1><img src="/never">'), "/never": never },
    health: { text: "Here" },
  },
  {
    name: "a picture that is a stream, and no text",
    site: {
      "/": page('<title>Camera</title><img width="300" height="200" src="/stream">'),
      "/stream": begin("multipart/x-mixed-replace; boundary=x", "--x\r\ncontent-type: image/png\r\n\r\n"),
    },
    health: { title: "Camera" },
  },
  {
    name: "a stream of events",
    site: {
      "/": page("<h1>Here</h1><script>new EventSource('/events')</script>"),
      "/events": begin("text/event-stream", "data: 1\n\n"),
    },
    health: { text: "Here" },
  },
  {
    name: "a frame that never comes",
    site: { "/": page('<h1>Here</h1><iframe src="/never"></iframe>'), "/never": never },
    health: { text: "Here" },
  },
  {
    name: "a script that never comes, at the end",
    site: { "/": page('<h1>Here</h1><script src="/never"></script>'), "/never": never },
    health: { text: "Here" },
  },
  {
    name: "a document that never ends",
    site: begin("text/html", `<h1>Here</h1>${" ".repeat(2_000)}`),
    health: { text: "Here" },
  },
  {
    name: "a page that shows something else while a picture never comes",
    site: { "/": page('<h1>Else</h1><img src="/never">'), "/never": never },
    health: { text: "Here" },
    fails: /does not show "Here"/,
  },
  {
    name: "an error that never ends",
    site: (response) => {
      response.writeHead(500, { "content-type": "text/html" });
      response.write(`<h1>Here</h1>${" ".repeat(2_000)}`);
    },
    fails: /answers with status 500/,
  },
  {
    name: "a script that runs without an end",
    site: page("<h1>Here</h1><script>setTimeout(() => { while (true); }, 20)</script>"),
    fails: /the page answers nothing: a script of it may run without an end/i,
  },
  { name: "a page after all of this", site: reply(200, "<h1>Here</h1>"), health: { text: "Here" } },
];

testScenes("what never ends keeps no page from being open that shows its text", {
  scenes,
  browser: { partsMs: 1_000, answerMs: 15_000 },
});
