import { CcciError } from "../../common/errors.ts";
import { logger } from "../../common/log.ts";
import type { BridgeDeps } from "./bridge.ts";
import { type Config, gapsOf } from "./config.ts";
import { type Finding, selfCheck } from "./self_check.ts";

const log = logger("bridge");

/** What stands in the bridge's way, or will be missed, as the settings and everything outside are now. */
export async function look(config: Config, parts: Omit<BridgeDeps, "store">): Promise<Finding[]> {
  const enrolments = await parts.readEnrolments();
  const gaps = gapsOf(config).map((text) => ({ kind: "warning" as const, text }));
  return [...await selfCheck({ ...parts, enrolments }), ...gaps];
}

/** @returns the findings as lines for a terminal, and the exit code: 1 if anything stands in the way */
export function checkReport(findings: readonly Finding[]): { text: string; code: 0 | 1 } {
  const signs = { wrong: "✗", away: "✗", warning: "!", fact: "✓" };
  const lines = findings.map(({ kind, text }) => `${signs[kind]} ${text}`);
  const isBad = findings.some(({ kind }) => kind === "wrong" || kind === "away");
  if (!isBad) lines.push("✓ The bridge can do its work");
  return { text: lines.map((line) => `${line}\n`).join(""), code: isBad ? 1 : 0 };
}

/**
 * Logs what was found before the bridge begins. What is away may come back while it runs; with what is wrong it would
 * see nothing, and a bridge that sees nothing says nothing. All of that lies outside of the bridge, where somebody may put
 * it right without touching the bridge, so that another start later may go well.
 * @throws {CcciError} `bridge.not-ready` with everything that is wrong
 */
export function refuseWrong(findings: readonly Finding[]): void {
  const wrong = findings.filter(({ kind }) => kind === "wrong");
  if (wrong.length > 0) throw new CcciError("bridge.not-ready", wrong.map(({ text }) => text).join("\n"));
  for (const { kind, text } of findings) {
    if (kind === "fact") log.info("the forge", { is: text });
    else log.warn("not as it should be", { kind, what: text });
  }
}
