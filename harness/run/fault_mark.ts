/** The processes of a run, from the one that somebody starts to the one that works. */
export const roles = ["front", "keeper", "worker"] as const;
export type Role = typeof roles[number];

/** `<process>:<boundary>`: that process is killed when the run gets there. */
export const FAULT = "CCCI_FAULT";
/** Each of these and a role: that process' number. */
export const FAULT_PID = "CCCI_FAULT_PID_";

/** Environment by which a child learns which process to kill; none in an ordinary run. */
export function faultMark(self: Role): Record<string, string> {
  return Deno.env.get(FAULT) === undefined ? {} : { [FAULT_PID + self]: String(Deno.pid) };
}
