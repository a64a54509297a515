import { HostError } from "../errors.ts";
import type { SeenUnit } from "../plan/seen.ts";

/** Units that go on all the time, where a host has them. */
export const LASTING = ["cc-ci-dashboard.service", "cc-ci-bridge.service", "cc-ci-runner.service"];
/** Seconds after which a program that was started again is believed to go on. */
const STEADY_S = 30;

/** @returns what is to be said of a unit that runs @throws {HostError} where it does not */
export function requireRunning(name: string, seen: SeenUnit | undefined): string {
  const log = `"journalctl -u ${name}" says why.`;
  if (seen === undefined || !seen.loaded) {
    throw new HostError("not yet", "Has no unit on this host yet", { hint: '"./cc-ci install" writes it.' });
  }
  const { state, detail, restarts, upFor } = seen;
  if (state === "failed") throw new HostError("wrong", "Has ended and is not started again", { hint: log });
  if (state === "inactive") {
    throw new HostError("not yet", "Is not started", { hint: '"systemctl start cc-ci.target" starts it.' });
  }
  if (state !== "active") throw new HostError("not yet", `Is not up yet (${detail})`, { hint: log });
  if (restarts > 0 && upFor < STEADY_S) {
    throw new HostError("not yet", `Was started again ${Math.round(upFor)} s ago, time ${restarts}`, {
      hint: log,
    });
  }
  return "runs";
}
