import type { Browser, CDPSession, Protocol } from "puppeteer-core";

/**
 * Answers what windows ask from their first moment on, whoever opened them. A window that asks waits for the answer for
 * ever, and so does the page that opened it, which shares its process; puppeteer hands out such a window only once it
 * answers, so each is held before its scripts begin until somebody listens. A window also asks whether it may be left:
 * it may.
 */
export async function answerDialogs(browser: Browser): Promise<void> {
  const session = await browser.target().createCDPSession();
  session.on("Target.attachedToTarget", ({ sessionId }: Protocol.Target.AttachedToTargetEvent) => {
    const window = session.connection()?.session(sessionId);
    if (window !== null && window !== undefined) void answerIn(window);
  });
  await session.send("Target.setAutoAttach", {
    autoAttach: true,
    waitForDebuggerOnStart: true,
    flatten: true,
    filter: [{ type: "page" }],
  });
}

async function answerIn(window: CDPSession): Promise<void> {
  window.on("Page.javascriptDialogOpening", ({ type }) => {
    void window.send("Page.handleJavaScriptDialog", { accept: type === "beforeunload" }).catch(() => {});
  });
  await window.send("Page.enable").catch(() => {}); // it may be gone already
  await window.send("Runtime.runIfWaitingForDebugger").catch(() => {});
}
