import { HostError } from "../errors.ts";
import type { SeenUnit } from "../plan/seen.ts";

/** Seconds after which a program that was started is believed to go on: one that cannot ends within them. */
const STEADY_S = 30;

/** @returns what is to be said of a unit that runs @throws {HostError} where it does not */
export function requireRunning(name: string, seen: SeenUnit | undefined): string {
  const log = `"journalctl -u ${name}" says why.`;
  if (seen === undefined || !seen.loaded) {
    throw new HostError("not yet", "Has no unit on this host yet", {
      hint: '"./cc-ci install" writes it, and "nixos-rebuild switch" on NixOS.',
    });
  }
  const { state, detail, upFor } = seen;
  if (state === "failed") throw new HostError("wrong", "Has ended and is not started again", { hint: log });
  if (state === "inactive") {
    throw new HostError("not yet", "Is not started", { hint: '"systemctl start cc-ci.target" starts it.' });
  }
  if (state !== "active") throw new HostError("not yet", `Is not up yet (${detail})`, { hint: log });
  if (upFor < STEADY_S) {
    throw new HostError("not yet", `Was started ${Math.round(upFor)} s ago`, {
      hint: `Look again once it has been up for ${STEADY_S} s; "journalctl -u ${name}" shows what it does.`,
    });
  }
  return "runs";
}
