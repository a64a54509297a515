import { describeError } from "../../common/errors.ts";
import { exec, execOk } from "../../common/exec.ts";
import { exists } from "../../common/files.ts";
import type { SeenUnit } from "../plan/seen.ts";
import { HostError } from "../errors.ts";

const CALL_MS = 20_000;
const PROPERTIES = [
  "Id",
  "LoadState",
  "ActiveState",
  "SubState",
  "ActiveEnterTimestampMonotonic",
];

/** Units as systemd shows them, by their names; null where systemd does not run. */
export async function lookAtUnits(names: readonly string[]): Promise<Record<string, SeenUnit> | null> {
  if (!await exists("/run/systemd/system")) return null;
  const argv = ["systemctl", "show", `--property=${PROPERTIES.join()}`, ...names];
  const { success, stdout, stderr } = await exec(argv, { timeoutMs: CALL_MS });
  if (!success) {
    throw new HostError("not yet", `Could not ask systemd about its units: ${stderr.trim()}`, {
      hint: 'Look at "systemctl status".',
    });
  }
  // Deno reads no file there itself unless it may do everything.
  const uptime = await execOk(["cat", "/proc/uptime"]);
  return unitsIn(stdout, Number.parseFloat(uptime.stdout));
}

/**
 * Starts those of these units again that run. systemd is asked which it knows first, since a call about one that it does
 * not know ends as failed. They wait for the unit in which this may go on.
 */
export async function restartRunning(
  names: readonly string[],
  { log, look = lookAtUnits, call = execOk }: {
    log: (line: string) => void;
    look?: typeof lookAtUnits;
    call?: (argv: string[]) => Promise<unknown>;
  },
): Promise<void> {
  try {
    const seen = await look(names) ?? {};
    const known = names.filter((name) => seen[name]?.loaded);
    if (known.length > 0) await call(["systemctl", "--no-block", "try-restart", ...known]);
  } catch (error) {
    log(
      `Could not have ${names.join(" and ")} started again, which they need if they run: ${
        describeError(error)
      }`,
    );
  }
}

/** @param up seconds since the machine was started */
export function unitsIn(text: string, up: number): Record<string, SeenUnit> {
  const blocks = text.trim().split("\n\n").map((block) =>
    Object.fromEntries(
      block.split("\n").map((line): [string, string] => {
        const at = line.indexOf("=");
        return [line.slice(0, at), line.slice(at + 1)];
      }),
    )
  );
  return Object.fromEntries(blocks.map((block) => [block.Id, {
    loaded: block.LoadState === "loaded",
    state: block.ActiveState ?? "",
    detail: block.SubState ?? "",
    upFor: up - Number(block.ActiveEnterTimestampMonotonic || 0) / 1e6,
  }]));
}
