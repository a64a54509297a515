// Makes pages nicer where scripts run; without it everything is still there.

const MOST_LINES = 2000;

keepTimesTrue();
offerCopying();
keepFresh();
showEnds();
followRun();

/** "3 min ago" goes on being true while the page is open. */
function keepTimesTrue() {
  setInterval(() => {
    for (const time of document.querySelectorAll("time")) {
      time.textContent = ago(Date.now() - Date.parse(time.dateTime));
    }
  }, 30_000);
}

/**
 * As the server says it; a test compares the two.
 * @param {number} ms
 */
function ago(ms) {
  const seconds = ms / 1000;
  if (seconds < 9.5) return "just now";
  if (seconds < 55) return `${Math.round(seconds / 10) * 10} s ago`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min ago`;
  const hours = Math.round(seconds / 3600);
  if (hours < 24) return `${hours} h ago`;
  const days = Math.round(seconds / 86400);
  if (days < 21) return days === 1 ? "1 day ago" : `${days} days ago`;
  return days < 90 ? `${Math.round(days / 7)} weeks ago` : `${Math.round(days / 30)} months ago`;
}

function offerCopying() {
  if (!navigator.clipboard) return;
  for (const snippet of document.querySelectorAll("[data-copy]")) {
    const text = snippet.textContent ?? "";
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.setAttribute("aria-label", `Copy ${snippet.getAttribute("data-copy")}`);
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
      setTimeout(() => button.textContent = "Copy", 1500);
    });
    snippet.append(button);
  }
}

/** What a stage said last says most about what became of it. */
function showEnds() {
  for (const lines of document.querySelectorAll("details .lines")) {
    if (lines.querySelector(":target")) continue;
    const toEnd = () => lines.scrollTop = lines.scrollHeight;
    toEnd();
    lines.closest("details")?.addEventListener("toggle", toEnd, { once: true });
  }
}

/** Shows what is new without a jump: the content is replaced, unless somebody is using it. */
function keepFresh() {
  const seconds = Number(document.querySelector("main")?.dataset.refresh);
  if (!seconds || document.querySelector("[data-live]")) return;
  setInterval(async () => {
    if (document.hidden || document.querySelector("main :focus") || getSelection()?.toString()) return;
    const answer = await fetch(location.href).catch(() => undefined);
    if (!answer?.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const main = page.querySelector("main");
    if (main === null) return;
    document.querySelector("main")?.replaceWith(main);
    offerCopying();
  }, Math.min(seconds, 20) * 1000);
}

/**
 * Follows a run that is going on. When the connection is lost the browser itself reconnects and says where it stopped;
 * after an answer other than 200 it never does, so it is done here.
 */
function followRun() {
  const article = document.querySelector("[data-live]");
  if (article === null) return;
  const address = new URL(article.getAttribute("data-live") ?? "", location.href);
  const pause = growingPauses();
  connect();

  function connect() {
    const source = new EventSource(address);
    source.addEventListener("open", pause.reset);
    source.addEventListener("lines", (message) => {
      for (const { stage, first, html } of JSON.parse(message.data)) {
        for (const [at, text] of html.entries()) addLine(address, { stage, number: first + at, html: text });
      }
      goOnAfter(message);
    });
    source.addEventListener("state", (message) => {
      const { shape, fragments } = JSON.parse(message.data);
      if (shape !== article?.getAttribute("data-shape")) return again();
      for (const { id, html } of fragments) {
        const old = document.getElementById(id);
        if (old !== null && old.outerHTML !== html) old.outerHTML = html;
      }
    });
    source.addEventListener("end", again);
    source.addEventListener("error", async () => {
      if (source.readyState !== EventSource.CLOSED) return;
      await pause.next();
      connect();
    });

    function again() {
      source.close();
      reloadOnceThere();
    }
  }

  /** @param {MessageEvent} message */
  function goOnAfter(message) {
    address.searchParams.set("from", message.lastEventId);
  }
}

/** Loads the page anew, but not before it can be had: an error in its place would stay. */
async function reloadOnceThere() {
  const pause = growingPauses();
  while (!(await fetch("/healthz").catch(() => undefined))?.ok) await pause.next();
  location.reload();
}

/** Pauses from about a second to about half a minute, uneven so that not all who watch come back at once. */
function growingPauses() {
  let ms = 1000;
  return {
    reset: () => ms = 1000,
    next() {
      const wait = ms * (0.7 + Math.random() * 0.6);
      ms = Math.min(ms * 2, 30_000);
      return new Promise((resolve) => setTimeout(resolve, wait));
    },
  };
}

/**
 * Adds a line to its stage's log, with the markup that the page has for it.
 * @param {URL} address where the run's log is read
 * @param {{ stage: string, number: number, html: string }} line
 */
function addLine(address, { stage, number, html }) {
  const id = `${stage}-${number}`;
  const log = document.querySelector(`details[data-stage="${CSS.escape(stage)}"]`);
  const lines = log?.querySelector(".lines");
  if (!(log instanceof HTMLDetailsElement) || !lines || document.getElementById(id)) return;
  if (log.hidden) {
    log.hidden = false;
    log.open = true;
  }
  const atEnd = lines.scrollHeight - lines.scrollTop - lines.clientHeight < 40;
  const href = `${address.pathname.replace(/log$/, "stages")}/${stage}?line=${number}#${id}`;
  lines.insertAdjacentHTML(
    "beforeend",
    `<div class="line" id="${id}"><a href="${href}">${number}</a><span>${html}</span></div>`,
  );
  while (lines.childElementCount > MOST_LINES) lines.firstElementChild?.remove();
  const count = log.querySelector(".line-count");
  if (count) count.textContent = number === 1 ? "1 line" : `${number} lines`;
  if (atEnd) lines.scrollTop = lines.scrollHeight;
}
