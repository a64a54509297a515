import type { Browser, CDPSession, Protocol } from "puppeteer-core";

/** What a page and a server are told of who looks. */
export interface Visitor {
  userAgent: string;
  acceptLanguage: string;
  userAgentMetadata: Protocol.Emulation.UserAgentMetadata;
}

/**
 * The browser as a visitor has it. Without a window Chromium says "HeadlessChrome" of itself, and some apps turn such a
 * client away.
 * @param browser.product as in `Chrome/140.0.7339.80`
 */
export function visitorOf(browser: { product: string; userAgent: string }): Visitor {
  const [major = ""] = /\d+/.exec(browser.product) ?? [];
  return {
    userAgent: browser.userAgent.replace("HeadlessChrome", "Chrome"),
    acceptLanguage: "en-US,en",
    userAgentMetadata: {
      brands: [{ brand: "Chromium", version: major }, { brand: "Not:A-Brand", version: "8" }],
      platform: "Linux",
      platformVersion: "",
      architecture: "x86",
      model: "",
      mobile: false,
    },
  };
}

/**
 * Answers what windows ask from their first moment on, whoever opened them. A window that asks waits for the answer for
 * ever, and so does the page that opened it, which shares its process; puppeteer hands out such a window only once it
 * answers, so each is held before its scripts begin until somebody listens. A window also asks whether it may be left:
 * it may.
 */
export async function answerDialogs(browser: Browser, visitor: Visitor): Promise<void> {
  const session = await browser.target().createCDPSession();
  session.on("Target.attachedToTarget", ({ sessionId }: Protocol.Target.AttachedToTargetEvent) => {
    const window = session.connection()?.session(sessionId);
    if (window !== null && window !== undefined) void beginIn(window, visitor);
  });
  await session.send("Target.setAutoAttach", {
    autoAttach: true,
    waitForDebuggerOnStart: true,
    flatten: true,
    filter: [{ type: "page" }],
  });
}

async function beginIn(window: CDPSession, visitor: Visitor): Promise<void> {
  window.on("Page.javascriptDialogOpening", ({ type }) => {
    void window.send("Page.handleJavaScriptDialog", { accept: type === "beforeunload" }).catch(() => {});
  });
  await Promise.all([
    window.send("Page.enable"),
    window.send("Emulation.setUserAgentOverride", { ...visitor }),
  ])
    .catch(() => {}); // it may be gone already
  await window.send("Runtime.runIfWaitingForDebugger").catch(() => {});
}
