/** The processes of a run, from the one that somebody starts to the one that works. */
export const roles = ["front", "keeper", "worker"] as const;
export type Role = typeof roles[number];

/** Variable that holds `<process>:<boundary>`: that process is killed when the run gets there. */
export const FAULT = "CCCI_FAULT";
/** With a role behind it, the name of a variable that holds the process id of that role. */
export const FAULT_PID = "CCCI_FAULT_PID_";

/** Variables that tell a child the id of this process, in case the child has to kill it; none in an ordinary run. */
export function faultMark(self: Role): Record<string, string> {
  return Deno.env.get(FAULT) === undefined ? {} : { [FAULT_PID + self]: String(Deno.pid) };
}
