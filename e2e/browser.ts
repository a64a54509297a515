import assert from "node:assert/strict";
import puppeteer, { type Browser } from "puppeteer-core";
import { onPath } from "../local/host/host.ts";

/** How long a browser may take for one thing on a busy machine. */
export const PATIENCE_MS = 120_000;

/** A Chromium for pages of our own; its sandbox is off because it cannot be had as root. */
export async function openBrowser(): Promise<Browser> {
  return await puppeteer.launch({
    executablePath: await chromium(),
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-proxy-server"],
    timeout: PATIENCE_MS,
    protocolTimeout: 2 * PATIENCE_MS,
  });
}

/** The headless shell is the same engine as Chromium and starts with a quarter of the processor time. */
async function chromium(): Promise<string> {
  return await onPath("chromium-headless-shell") ?? await onPath("chromium") ??
    assert.fail("Could not find Chromium; install it, e.g. with apt-get install chromium-headless-shell");
}
