import { faultMark } from "../run/fault_mark.ts";
import { processCommand } from "../run/own_command.ts";

/** A keeper that waits for a request. */
export type KeeperProcess = Deno.ChildProcess;

/**
 * Starts a keeper. The front calls this before it knows its request, because starting the keeper takes as long as
 * finding out what to ask for. A keeper that gets no request ends by itself.
 * @param folder folder of its run; it is an argument only so that people see it in the list of processes
 */
export function startKeeper(folder: string): KeeperProcess {
  const [program, ...args] = processCommand("keeper", folder);
  return new Deno.Command(program, {
    args,
    env: faultMark("front"),
    stdin: "piped",
    stdout: "piped",
    stderr: "null", // so that who waits for the end of our output does not wait for the keeper too
    detached: true,
  }).spawn();
}
